"""From a picture to results: find the plates, straighten, restore and read them, and say how sure each reading is.

photo -> `PlateDetector` -> crops -> `PlateRestorer` (GN) -> `PlateReader` (GN and DN) -> `Trust` -> `PlateResult`s
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from .. import images
from ..plates import UNKNOWN, PlateLayout, decode, get_layout
from ..results import CharacterReading, Detection, PlateResult
from .restoration import PlateReader, PlateRestorer, Restoration
from .trust import Trust, evidence

GOOD_CONFIDENCE, POOR_CONFIDENCE = 0.9, 0.4
"""Least confidence of a reading that counts as good, and as poor; below both the plate counts as illegible."""

SURE_DETECTION = 0.95
"""Least score of a find that counts as a plate though it cannot be read, or is of no known kind."""

WHOLE_EVIDENCE = 0.5
"""Least evidence with which a large picture is taken for a crop when its reading is poor."""

UNKNOWN_PROBABILITY = 0.5
"""Probability of "a kind that is not known" above which no text is put to a plate."""

UNKNOWN_KIND = "unknown kind"
"""Legibility of such a plate."""

CROP_MARGIN = 0.03
"""Margin around a found plate in its crop, on each side, as a share of the plate's size."""

KINDS = ("auto", "photo", "plate")
"""What a picture may be said to be: seen from the picture, a photo to be searched, or a crop of one plate."""

CROP_LENGTH = 320
"""Longest side, in pixels, of a picture that counts as a crop of one plate when no plate is found in it.

A larger one counts as a crop when it can be read whole."""

CROP_SHARE = 0.4
"""A picture is a crop when the only plate found in it fills more than this share of its area."""


Detector = Callable[[np.ndarray], list[Detection]]
"""A photo, uint8 RGB (H, W, 3) -> the plates in it, from left to right; such as `PlateDetector`."""

Deblurrer = Callable[[list[PlateResult]], list[tuple[np.ndarray, np.ndarray]]]
"""Read plates -> a (grey, binary) pair of uint8 (H, W) each; such as `PlateDeblurrer`."""


class PlatePipeline:
    """Picture in, `PlateResult`s out, see `__call__`; nothing is kept between calls.

    Args:
        restorer: crops -> standard plates with probabilities of their characters and layout, by GN.
        reader: restored plates -> the characters' final probabilities, by GN and DN.
        trust: probability and evidence -> confidence; None: the confidence is the probability.
        detector: finds the plates in a photo; None: every picture is a crop of one plate.
        deblurrer: adds a deblurred and a binary picture of the crop to every result; None: they stay None.
    """

    def __init__(
        self,
        restorer: PlateRestorer,
        reader: PlateReader,
        trust: Trust | None = None,
        detector: Detector | None = None,
        deblurrer: Deblurrer | None = None,
    ):
        self.restorer, self.reader, self.trust = restorer, reader, trust or Trust()
        self.detector, self.deblurrer = detector, deblurrer

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path | None = None,
        *,
        device="cpu",
        reader="fused",
        views="auto",
        temperature=None,
        precision="auto",
        revision=None,
        token=None,
        cache_dir=None,
        backend="auto",
        detect=True,
        deblur=True,
    ):
        """A pipeline of published networks.

        Args:
            source: a folder with one folder per network, or OWNER/NAME on the Hub; None: the bundled networks.
            reader, temperature: see `PlateReader`; temperature None: the calibrated one that comes with the weights.
            views: 1 (fastest) to 7 (slowest), or "auto"; see `PlateRestorer`.
            device, precision: of PyTorch; "fp32", "bf16" or "auto", see `optimise.resolve_precision`.
            revision, token, cache_dir: of the Hub, see `weights.weights_folder`.
            backend: "torch"; "onnx", on the CPU, without PyTorch, from the weights' graphs or those that `export onnx`
                wrote; "auto": torch where it is installed.
            detect, deblur: whether to load the detector and the deblurrer, where the weights have them.

        Raises WeightsError when weights are missing, damaged or out of reach, ValueError for an unknown option.
        """
        from .loading import load_onnx, load_torch, resolve_backend

        hub = {"revision": revision, "token": token, "cache_dir": cache_dir}
        if resolve_backend(backend) == "onnx":
            networks, stored, *extras = load_onnx(source, hub, detect, deblur)
        else:
            networks, stored, *extras = load_torch(source, device, precision, hub, detect, deblur)
        reader = PlateReader(networks, reader, stored.get("temperature", 1.0) if temperature is None else temperature)
        return cls(PlateRestorer(networks, views), reader, Trust(**stored.get("trust", {})), *extras)

    def __call__(self, source, kind: str = "auto", bgr: bool = False) -> list[PlateResult]:
        """Read the plates of a picture from left to right.

        Args:
            source: path, encoded bytes, PIL image or RGB array.
            kind: one of `KINDS`, what the picture is.
            bgr: an array is in OpenCV's order, as `cv2.imread` gives it.

        Returns:
            A result for each plate; [] when there is none.

        Raises:
            PlateImageError: the input is no picture that can be read.
            ValueError: an unknown kind.
        """
        photo = images.load_image(source, bgr)
        found = self.find(photo, kind)
        return [self.read_plate(photo)] if found is None else self.read_found(photo, found)

    def find(self, photo: np.ndarray, kind: str = "auto") -> list[Detection] | None:
        """The plates in a photo, uint8 RGB (H, W, 3); None when the picture is a crop of one plate.

        kind: one of `KINDS`; ValueError for any other.
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        if self.detector is None or kind == "plate":
            return None
        found, size = self.detector(photo), photo.shape[:2]
        if kind == "photo":
            return found
        if is_crop(size, [detection.box for detection in found]):
            return None
        if found and is_crop(size, []) and not self.read_found(photo, found):
            return None  # as small as a crop, and nothing that was found in it is a plate
        if not found and self._reads_whole(photo):
            return None
        return found

    def _reads_whole(self, photo: np.ndarray) -> bool:
        """Whether a picture of any size has the shape of a plate and reads as one."""
        height, width = photo.shape[:2]
        if not 1 <= width / height <= 8:
            return False
        (plate,) = self._read([photo])
        return plate.legibility == "good" or (plate.legibility == "poor" and plate.evidence >= WHOLE_EVIDENCE)

    def read_found(self, photo: np.ndarray, found: list[Detection]) -> list[PlateResult]:
        """Read what was found in a photo, uint8 RGB (H, W, 3): one result for each find that `is_plate`."""
        crops = [images.rectify(photo, detection.corners, CROP_MARGIN) for detection in found]
        results = [
            replace(result, box=detection.box, corners=detection.corners, detection=detection.score)
            for result, detection in zip(self._read(crops), found)
        ]
        return self._deblurred([result for result in results if is_plate(result)])

    def read_plate(self, crop, bgr: bool = False) -> PlateResult:
        """Read one cropped plate, in any form that `images.load_image` takes; bgr as there."""
        return self.read_plates([crop], bgr=bgr)[0]

    def read_plates(self, crops: Iterable, batch_size: int = 32, bgr: bool = False) -> list[PlateResult]:
        """Read many cropped plates, `batch_size` at a time; PlateImageError at the first that is no picture."""
        return self._deblurred(self._read(crops, batch_size, bgr))

    def read_track(self, crops: Iterable, bgr: bool = False) -> PlateResult:
        """Read several cropped frames of the same plate as one; the result's `crop` is the largest frame.

        Raises ValueError without any frame, PlateImageError at the first that is no picture.
        """
        loaded = [images.load_image(crop, bgr) for crop in crops]
        if not loaded:
            raise ValueError("a track needs at least one frame")
        largest = max(loaded, key=lambda crop: crop.shape[0] * crop.shape[1])
        return self._deblurred(self._results([largest], self.restorer.fuse_frames(loaded)))[0]

    def _read(self, crops: Iterable, batch_size: int = 32, bgr: bool = False) -> list[PlateResult]:
        """Restore and read crops, without deblurring them."""
        results: list[PlateResult] = []
        for batch in batched(crops, batch_size):
            loaded = [images.load_image(crop, bgr) for crop in batch]
            results += self._results(loaded, self.restorer(loaded))
        return results

    def _results(self, crops: list[np.ndarray], restoration: Restoration) -> list[PlateResult]:
        """Read restored plates; one result per crop."""
        probabilities, plates = self.reader(restoration), images.to_images(restoration.plates)
        quads: list = [None] * len(crops)
        if restoration.corners is not None:
            quads = [corners * crop.shape[1::-1] for corners, crop in zip(restoration.corners, crops)]
        scores = [evidence(*parts) for parts in zip(crops, plates, quads)]
        parts = zip(crops, plates, probabilities, restoration.layouts, restoration.layout.tolist(), scores, quads)
        return [self._result(*part) for part in parts]

    def _result(self, crop, plate, probabilities, layout_probabilities, layout_index, score, quad) -> PlateResult:
        """The result of one plate; its probability is that of its characters and of all layouts that can carry them."""
        names = self.restorer.networks.layouts
        if layout_probabilities[len(names) :].sum() > UNKNOWN_PROBABILITY:
            enlarged = images.resize(crop, plate.shape[:2])
            return PlateResult("", 0.0, (), UNKNOWN, crop, enlarged, UNKNOWN_KIND, 0.0, quad=quad)
        layout = get_layout(names[layout_index])
        characters = tuple(CharacterReading(*reading) for reading in decode(probabilities, layout))
        text = "".join(character.symbol for character in characters)
        of_layout = sum(p for p, name in zip(layout_probabilities, names) if _alike(get_layout(name), layout, text))
        probability = float(of_layout * np.prod([character.probability for character in characters]))
        confidence = self.trust(probability, score)
        readable = legibility(confidence)
        return PlateResult(text, confidence, characters, layout.name, crop, plate, readable, score, quad=quad)

    def _deblurred(self, results: list[PlateResult]) -> list[PlateResult]:
        """The same results with their crops deblurred and binarised, if there is a deblurrer."""
        if self.deblurrer is None:
            return results
        pairs = self.deblurrer(results)
        return [replace(result, deblurred=grey, binary=binary) for result, (grey, binary) in zip(results, pairs)]


def is_crop(size: tuple[int, int], boxes: list) -> bool:
    """Whether a picture of (height, width), with plates found in these boxes, is a crop of one plate and no photo."""
    height, width = size
    if not boxes:
        return max(size) <= CROP_LENGTH and 1 <= width / height <= 8
    x0, y0, x1, y1 = boxes[0]
    return len(boxes) == 1 and (x1 - x0) * (y1 - y0) > CROP_SHARE * height * width


def is_plate(result: PlateResult) -> bool:
    """Whether a find is a plate: it is legible, or the detector is sure of it.

    What the detector is sure of is never dropped: where it cannot be read, or is of no known kind, the result says so.
    """
    return result.label != "?" or result.detection >= SURE_DETECTION


def _alike(other: PlateLayout, layout: PlateLayout, text: str) -> bool:
    """Whether two kinds have their characters at the same places, and both can carry the text."""
    return other.cells_mm == layout.cells_mm and other.accepts(text)


def legibility(confidence: float) -> str:
    """ "good", "poor" or "illegible": how far a reading of this confidence may be relied on."""
    return "good" if confidence >= GOOD_CONFIDENCE else "poor" if confidence >= POOR_CONFIDENCE else "illegible"


def batched(items: Iterable, size: int):
    """Lists of up to `size` items, in order; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
