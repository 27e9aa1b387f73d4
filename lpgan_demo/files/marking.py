"""A video with its plates marked, to be looked at beside the table of what was read."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import cv2
import numpy as np

from ..images.drawing import annotate
from .video import VideoPlate, frames_of


@functools.cache
def video_codec() -> str:
    """ "avc1" (H.264, which browsers play) where OpenCV can write it, else "mp4v" (MPEG-4, for video players)."""
    told = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # that there is no H.264 is no error
    with tempfile.TemporaryDirectory() as folder:
        writer = cv2.VideoWriter(str(Path(folder) / "try.mp4"), cv2.VideoWriter.fourcc(*"avc1"), 25, (320, 240))
        found = writer.isOpened()
        writer.release()
    cv2.utils.logging.setLogLevel(told)
    return "avc1" if found else "mp4v"


def marked_video(
    path: str | Path,
    found: list[VideoPlate],
    target: str | Path,
    progress=None,
    longest: float = float("inf"),
) -> None:
    """Write a video with the outlines and texts of its plates drawn in, from each one's first sighting to its last.

    Frames have the size and rate of the original, less a last odd row or column; there is no sound.

    Args:
        path: of the video.
        found: its plates, as `read_video` gives them.
        target: an MP4 file to write.
        progress: called after each frame with the share of the video done, in [0, 1]; what it raises ends the writing.
        longest: seconds of the video, from its start, that are written.

    Raises:
        PlateImageError: the file is no video.
        OSError: the target cannot be written.
    """
    source = cv2.VideoCapture(str(path))
    rate = source.get(cv2.CAP_PROP_FPS) or 25.0
    source.release()
    writer = None
    try:
        for seconds, frame, share in frames_of(path, 0.0, longest):
            if writer is None:
                size = frame.shape[1] // 2 * 2, frame.shape[0] // 2 * 2
                writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*video_codec()), rate, size)
                if not writer.isOpened():
                    raise OSError(f"{Path(target).name!r} cannot be written")
            seen = [(corners, car.plate.label) for car in found if (corners := car.corners_at(seconds)) is not None]
            marked = annotate(frame, *zip(*seen)) if seen else frame
            writer.write(np.ascontiguousarray(marked[: size[1], : size[0], ::-1]))
            if progress is not None:
                progress(share)
    finally:
        if writer is not None:
            writer.release()
