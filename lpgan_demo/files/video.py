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

MAX_GAP = 2.0
"""Longest time between two sightings of a track, in seconds."""

RECENT = 10
"""Number of sightings from which a track's motion is taken."""

WHOLE_WIDTH = 0.85
"""A sighting narrower than this share of the widest recent one shows a part of the plate."""

STILL_PIXELS, STILL_SECONDS = 1.5, 1.0
"""A track stands still when its corners stay within so many pixels of one place, for at least so many seconds."""


@dataclass(frozen=True, eq=False)
class VideoPlate:
    """One plate of a video.

    Attributes:
        start, end: of its first and last sighting, in seconds.
        frames: number of frames it was found in.
        best_time: of its best frame, in seconds.
        plate: its best frames read as one; crop, box and corners are those of the best frame.
        seconds: float (frames,), when it was found.
        corners: float (frames, 4, 2), where it was found, in pixels of the frame, clockwise from the top left.
    """

    start: float
    end: float
    frames: int
    best_time: float
    plate: PlateResult
    seconds: np.ndarray
    corners: np.ndarray

    def corners_at(self, seconds: float) -> np.ndarray | None:
        """Corners (4, 2) at a time, interpolated between sightings; None before the first and after the last."""
        if not self.start <= seconds <= self.end:
            return None
        paths = self.corners.reshape(len(self.seconds), 8).T
        return np.array([np.interp(seconds, self.seconds, path) for path in paths]).reshape(4, 2)

    def to_dict(self) -> dict:
        """JSON-ready values, without the pictures."""
        times = {name: round(getattr(self, name), 2) for name in ("start", "end", "best_time")}
        return times | {"frames": self.frames} | self.plate.to_dict()


@dataclass(eq=False)
class _Track:
    """Sightings of one plate, which is expected to move on as it did in the last `RECENT` of them.

    Sightings much narrower than the widest, where something hides a part of the plate, are out of place and left out;
    of the others, position and velocity are medians (Theil and Sen).
    """

    sightings: list = field(default_factory=list)  # (seconds, corners)
    kept: list = field(default_factory=list)  # (area * score, seconds, detection, crop), best first

    @property
    def seconds(self) -> float:
        """When the plate was seen last."""
        return self.sightings[-1][0]

    def expected(self, seconds: float) -> tuple:
        """The box at which the plate is expected."""
        times, corners = (np.array(part) for part in zip(*self.sightings[-RECENT:]))
        sizes = np.ptp(corners, axis=1)
        whole = sizes[:, 0] > WHOLE_WIDTH * sizes[:, 0].max()
        times, places, size = times[whole], corners[whole].mean(1), np.median(sizes[whole], axis=0)
        earlier, later = np.triu_indices(len(times), 1)
        slopes = (places[later] - places[earlier]) / (times[later] - times[earlier])[:, None]
        velocity = np.median(slopes, axis=0) if len(slopes) else np.zeros(2)
        place = np.median(places + velocity * (seconds - times)[:, None], axis=0)
        return *(place - size / 2), *(place + size / 2)

    def add(self, detection: Detection, seconds: float, frame: np.ndarray) -> None:
        """Add a sighting."""
        crop = rectify(frame, detection.corners, CROP_MARGIN)
        self.sightings.append((seconds, detection.corners))
        self.kept.append((crop.shape[0] * crop.shape[1] * detection.score, seconds, detection, crop))
        self.kept = sorted(self.kept, key=lambda item: -item[0])[:KEPT_FRAMES]

    @property
    def stands_still(self) -> bool:
        """Whether the plate never moved, see `STILL_PIXELS`."""
        places = np.array([corners for _, corners in self.sightings])
        return self.seconds - self.sightings[0][0] >= STILL_SECONDS and np.ptp(places, axis=0).max() <= 2 * STILL_PIXELS


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


def video_plates(
    path: str | Path,
    pipeline: PlatePipeline,
    every: float = 0.2,
    least_frames: int = 2,
    progress=None,
    longest: float = float("inf"),
) -> Iterator[VideoPlate]:
    """Read the plates of a video, each as soon as it has not been seen for `MAX_GAP` seconds.

    A plate that stands still from its first sighting to its last, over `STILL_SECONDS` or more, is a parked car or a
    line that the camera writes, such as a clock: it counts only when its legibility is "good". Memory does not grow
    with the video's length, except by the places where plates were found.

    Args:
        path: of the video.
        pipeline: one with a detector.
        every: seconds between the frames that are searched.
        least_frames: tracks with fewer sightings are dropped as false.
        progress: called after each frame with the share of the video done, in [0, 1]; what it raises ends the reading.
        longest: seconds of the video, from its start, that are read.

    Yields:
        The plates as their cars go, and in the end those that are still there.

    Raises:
        PlateImageError: the file is no video.
        ValueError: the pipeline has no detector.
    """
    if pipeline.detector is None:
        raise ValueError("reading a video needs a pipeline with a detector")
    tracks: list[_Track] = []
    for seconds, frame, share in frames_of(path, every, longest):
        gone = [track for track in tracks if seconds - track.seconds > MAX_GAP]
        tracks = [track for track in tracks if track not in gone]
        yield from _read(gone, pipeline, least_frames)
        _link(tracks, pipeline.detector(frame), seconds, frame)
        if progress is not None:
            progress(share)
    yield from _read(tracks, pipeline, least_frames)


def read_video(path: str | Path, pipeline: PlatePipeline, **options) -> list[VideoPlate]:
    """All of `video_plates`, in the order of appearance; options and errors are the same."""
    return sorted(video_plates(path, pipeline, **options), key=lambda car: car.start)


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
        tracks.append(_Track())
        tracks[-1].add(detection, seconds, frame)


def _read(tracks: list[_Track], pipeline: PlatePipeline, least_frames: int) -> Iterator[VideoPlate]:
    """The best frames of each track, read as one plate, for those that count."""
    for track in tracks:
        if len(track.sightings) < least_frames:
            continue
        _, best_time, detection, crop = track.kept[0]
        plate = pipeline.read_track([crop for *_, crop in track.kept])
        plate = replace(plate, box=detection.box, corners=detection.corners, crop=crop, detection=detection.score)
        if is_plate(plate) and (plate.legibility == "good" or not track.stands_still):
            seconds, corners = map(np.array, zip(*track.sightings))
            start, end = track.sightings[0][0], track.seconds
            yield VideoPlate(start, end, len(seconds), best_time, plate, seconds, corners)
