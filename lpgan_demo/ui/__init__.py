"""The Gradio page: `python app.py`, or `lpgan-demo demo`."""

from .page import build, launch, serving, warm_up

__all__ = ["build", "launch", "serving", "warm_up"]
