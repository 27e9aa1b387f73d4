"""Entry point of the demo, on a Space and at home: python app.py"""

try:
    import spaces  # noqa: F401  where GPUs are lent by the call, it must be imported before torch
except ImportError:
    pass

from lpgan_demo.ui import launch

if __name__ == "__main__":
    launch()
