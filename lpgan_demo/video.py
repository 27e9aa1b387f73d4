"""`lpgan_demo.video`: another name of `lpgan_demo.files.video`, kept for those who import it."""

from .files.video import VideoPlate, frames_of, read_video

__all__ = ["VideoPlate", "frames_of", "read_video"]
