"""Entry point of the demo, on a Space and at home: python app.py"""

from lpgan_demo.ui import launch

if __name__ == "__main__":
    launch()
