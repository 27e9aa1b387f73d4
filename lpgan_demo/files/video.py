"""A video -> one reading per car: plates are found in frames and linked to tracks, and each track is read as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from ..images import overlap, rectify
from ..inference.pipeline import CROP_MARGIN, PlatePipeline, is_plate
from ..results import Detection, PlateImageError, PlateResult

KEPT_FRAMES = 7
"""Number of frames of a track that are read together: those with the highest crop area times detection score."""

MAX_GAP = 1.0
"""Longest time between two sightings of a track, in seconds."""


@dataclass(frozen=True, eq=False)
class VideoPlate:
    """One plate of a video. start, end: seconds of its first and last sighting; frames: how many it was found in;
    plate: its best frames read as one, with crop, box and corners of the best frame, at best_time seconds."""

    start: float
    end: float
    frames: int
    best_time: float
    plate: PlateResult

    def to_dict(self) -> dict:
        """JSON-ready values, without the pictures."""
        times = {name: round(getattr(self, name), 2) for name in ("start", "end", "best_time")}
        return times | {"frames": self.frames} | self.plate.to_dict()


@dataclass(eq=False)
class _Track:
    """Sightings of one plate, which is expected to move on at the velocity, in pixels a second, of the last two."""

    last: Detection
    seconds: float
    start: float
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    frames: int = 0
    kept: list = field(default_factory=list)  # (area * score, seconds, detection, crop), best first

    def expected(self, seconds: float) -> tuple:
        """The box at which the plate is expected."""
        dx, dy = self.velocity * (seconds - self.seconds)
        x0, y0, x1, y1 = self.last.box
        return x0 + dx, y0 + dy, x1 + dx, y1 + dy

    def add(self, detection: Detection, seconds: float, frame: np.ndarray) -> None:
        """Add a sighting."""
        crop = rectify(frame, detection.corners, CROP_MARGIN)
        if self.frames:
            moved = _centre(detection.box) - _centre(self.last.box)
            self.velocity = moved / max(1e-3, seconds - self.seconds)
        self.last, self.seconds, self.frames = detection, seconds, self.frames + 1
        self.kept.append((crop.shape[0] * crop.shape[1] * detection.score, seconds, detection, crop))
        self.kept = sorted(self.kept, key=lambda item: -item[0])[:KEPT_FRAMES]


def _centre(box) -> np.ndarray:
    return np.array([box[0] + box[2], box[1] + box[3]]) / 2


def frames_of(
    path: str | Path, every: float = 0.2, longest: float = float("inf")
) -> Iterator[tuple[float, np.ndarray, float]]:
    """(seconds, frame uint8 RGB, share of the video done), one about every `every` seconds, up to `longest` seconds.

    Raises PlateImageError when there is no such file, or OpenCV cannot decode it.
    """
    if not Path(path).is_file():
        raise PlateImageError(f"there is no file {Path(path).name!r}")
    video = cv2.VideoCapture(str(path))
    try:
        rate, total = video.get(cv2.CAP_PROP_FPS) or 25.0, video.get(cv2.CAP_PROP_FRAME_COUNT)
        step, number, decoded = max(1, round(every * rate)), 0, False
        while number / rate <= longest and video.grab():
            if number % step == 0:
                good, frame = video.retrieve()
                if good:
                    decoded = True
                    share = min(1.0, (number + 1) / total) if total > 0 else 0.0
                    yield number / rate, np.ascontiguousarray(frame[..., ::-1]), share
            number += 1
        if not decoded:
            raise PlateImageError(f"{Path(path).name!r} is not a video that can be decoded")
    finally:
        video.release()


def read_video(
    path: str | Path,
    pipeline: PlatePipeline,
    every: float = 0.2,
    least_frames: int = 2,
    progress=None,
    longest: float = float("inf"),
) -> list[VideoPlate]:
    """Read every plate of a video, in the order of appearance; memory does not grow with the video's length.

    every: seconds between the frames that are searched. least_frames: tracks with fewer sightings are dropped as false.
    progress: called with the share done, in [0, 1]. longest: seconds of the video, from its start, that are read.
    Raises PlateImageError when the file is no video, ValueError for a pipeline without a detector.
    """
    if pipeline.detector is None:
        raise ValueError("reading a video needs a pipeline with a detector")
    open_tracks: list[_Track] = []
    done: list[VideoPlate] = []

    def close(track: _Track) -> None:
        if track.frames >= least_frames and is_plate((found := _read(track, pipeline)).plate):
            done.append(found)

    for seconds, frame, share in frames_of(path, every, longest):
        for track in [track for track in open_tracks if seconds - track.seconds > MAX_GAP]:
            open_tracks.remove(track)
            close(track)
        _link(open_tracks, pipeline.detector(frame), seconds, frame)
        if progress is not None:
            progress(share)
    for track in open_tracks:
        close(track)
    return sorted(done, key=lambda found: found.start)


def _link(tracks: list[_Track], found: list[Detection], seconds: float, frame: np.ndarray) -> None:
    """Add each find to the track that expects it there, nearest pairs first; the rest begin new tracks."""
    pairs = []
    for detection in found:
        for track in tracks:
            if track.seconds < seconds:
                box = track.expected(seconds)
                width = max(box[2] - box[0], detection.box[2] - detection.box[0])
                distance = float(np.linalg.norm(_centre(box) - _centre(detection.box))) / max(1.0, width)
                if overlap(box, detection.box) > 0.1 or distance < 1.0:
                    pairs.append((distance, track, detection))
    left = list(found)
    for _, track, detection in sorted(pairs, key=lambda pair: pair[0]):
        if detection in left and track.seconds < seconds:
            left.remove(detection)
            track.add(detection, seconds, frame)
    for detection in left:
        tracks.append(_Track(detection, seconds, seconds))
        tracks[-1].add(detection, seconds, frame)


def _read(track: _Track, pipeline: PlatePipeline) -> VideoPlate:
    """The best frames of a track, read as one plate."""
    _, best_time, detection, crop = track.kept[0]
    plate = pipeline.read_track([crop for *_, crop in track.kept])
    plate = replace(plate, box=detection.box, corners=detection.corners, crop=crop, detection=detection.score)
    return VideoPlate(track.start, track.seconds, track.frames, best_time, plate)
