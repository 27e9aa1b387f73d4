"""`lpgan_demo.video`: another name of `lpgan_demo.files.video` and `marking`, kept for those who import it."""

from .files.marking import marked_video
from .files.video import VideoPlate, frames_of, read_video, video_plates

__all__ = ["VideoPlate", "frames_of", "marked_video", "read_video", "video_plates"]
