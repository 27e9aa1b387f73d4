"""From a picture to results: find, straighten, restore, read, and say how sure. Nothing is kept between calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from .. import images
from ..plates import decode, get_layout
from ..results import CharacterReading, PlateResult
from .restoration import PlateReader, PlateRestorer, Restoration
from .trust import Trust, evidence_scores

GOOD, POOR = 0.9, 0.4
"""Confidence from which a reading counts as good, and below which the plate counts as illegible."""

NOTHING = 0.05
"""Confidence below which what was found in a photo is taken for no plate, however sure the detector is."""


CROP_MARGIN = 0.03
"""Share of a found plate's size kept around it when it is cut out."""

CROP_LENGTH = 320
"""A picture in which no plate is found is taken for a crop when it is no longer than this."""


class PlatePipeline:
    """Picture in, `PlateResult`s out.

    Without a detector, and where the picture is a crop already, the whole of it is taken as one plate.
    """

    def __init__(
        self, restorer: PlateRestorer, reader: PlateReader, trust: Trust | None = None, detector=None, deblurrer=None
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
        backend="torch",
        detect=True,
        deblur=True,
    ):
        """The published networks: bundled (source None), from a folder with one per network, or a Hub repository's.

        reader: see `PlateReader`; views: 1 is fastest, 7 slowest, "auto" between; temperature: the calibrated one
        that comes with the weights unless given; precision: see `prepare.resolve`; revision, token, cache_dir:
        see `hub.weights_folder`; backend: "torch", or "onnx" with the folder that `export onnx` wrote as source;
        detect: find plates in photos first, and deblur: also deblur and binarize, if the weights have the networks for
        it. Raises WeightsError when something is missing, damaged or out of reach, ValueError for an unknown option.
        """
        from .loading import load_detector_and_deblurrer, load_networks

        hub = {"revision": revision, "token": token, "cache_dir": cache_dir}
        networks, known = load_networks(source, backend, device, precision, hub)
        reader = PlateReader(networks, reader, known.get("temperature", 1.0) if temperature is None else temperature)
        extras = load_detector_and_deblurrer(source, backend, device, precision, hub, detect, deblur)
        return cls(PlateRestorer(networks, views), reader, Trust(**known.get("trust", {})), *extras)

    def __call__(self, source) -> list[PlateResult]:
        """A path, encoded bytes, PIL image or RGB array -> the plates in it, from left to right; none gives [].

        Raises PlateImageError on bad input.
        """
        photo = images.load_image(source)
        found = self.find(photo)
        return [self.read_plate(photo)] if found is None else self.read_found(photo, found)

    def find(self, photo: np.ndarray) -> list | None:
        """The `detection.Detection`s in a photo, uint8 RGB; None when it is no photo but a crop of one plate."""
        found = self.detector(photo) if self.detector else []
        size = photo.shape[:2]
        crop = not self.detector or is_crop(size, [detection.box for detection in found])
        if found and not crop and is_crop(size, []):  # small as a crop: a find that nobody can read was a mistake
            crop = not self.read_found(photo, found)
        return None if crop else found

    def read_found(self, photo: np.ndarray, found) -> list[PlateResult]:
        """What was found (`detection.Detection`s) in a photo, uint8 RGB -> one result for each that `is_plate`."""
        crops = [images.rectify(photo, detection.corners, CROP_MARGIN) for detection in found]
        results = [
            replace(result, box=detection.box, corners=detection.corners, detection=detection.score)
            for result, detection in zip(self._read(crops), found)
        ]
        return self._with_ink([result for result in results if is_plate(result)])

    def read_plate(self, crop) -> PlateResult:
        """One cropped plate, in any form `images.load_image` takes."""
        return self.read_plates([crop])[0]

    def read_plates(self, crops: Iterable, batch_size: int = 32) -> list[PlateResult]:
        """Many cropped plates in batches, results in the same order. Raises PlateImageError at the first bad one."""
        return self._with_ink(self._read(crops, batch_size))

    def read_track(self, crops: Iterable) -> PlateResult:
        """Several cropped frames of one and the same plate, read as one; the result's `crop` is the largest frame.

        Raises ValueError without any frame, PlateImageError at the first bad one.
        """
        loaded = [images.load_image(crop) for crop in crops]
        if not loaded:
            raise ValueError("a track needs at least one frame")
        largest = max(loaded, key=lambda crop: crop.shape[0] * crop.shape[1])
        return self._with_ink(self._results([largest], self.restorer.together(loaded)))[0]

    def _read(self, crops: Iterable, batch_size: int = 32) -> list[PlateResult]:
        results: list[PlateResult] = []
        for batch in batched(crops, batch_size):
            loaded = [images.load_image(crop) for crop in batch]
            results.extend(self._results(loaded, self.restorer(loaded)))
        return results

    def _with_ink(self, results: list[PlateResult]) -> list[PlateResult]:
        """The same results with their crops deblurred and binarized, if there is a deblurrer."""
        if not self.deblurrer:
            return results
        inks = self.deblurrer([result.crop for result in results])
        return [replace(result, deblurred=grey, binary=binary) for result, (grey, binary) in zip(results, inks)]

    def _results(self, crops: list[np.ndarray], restoration: Restoration) -> list[PlateResult]:
        probabilities = self.reader(restoration)
        plates = images.to_images(restoration.plates)
        names = self.restorer.networks.layouts
        results = []
        found = evidence_scores(crops, plates)
        beliefs = zip(crops, plates, probabilities, restoration.layouts, restoration.layout.tolist(), found)
        for crop, plate, belief, layouts, index, explained in beliefs:
            layout = get_layout(names[index])
            readings = tuple(CharacterReading(*reading) for reading in decode(belief, layout))
            same_text = sum(p for p, name in zip(layouts, names) if get_layout(name).cells_mm == layout.cells_mm)
            believed = float(same_text * np.prod([reading.probability for reading in readings]))
            confidence = self.trust(believed, explained)
            results.append(
                PlateResult(
                    text="".join(reading.symbol for reading in readings),
                    confidence=confidence,
                    evidence=explained,
                    characters=readings,
                    layout=layout.name,
                    crop=crop,
                    super_resolved=plate,
                    legibility=legibility(confidence),
                )
            )
        return results


def is_plate(result: PlateResult) -> bool:
    """Whether what was found is a plate: it can be read, or half read, and detector and evidence leave no doubt.

    A small detector takes badges and lettering for plates now and then; nobody can read a plate there.
    """
    if result.legibility != "illegible":
        return True
    return result.confidence >= NOTHING and result.detection >= 0.99 and result.evidence >= 0.5


def is_crop(size: tuple[int, int], boxes) -> bool:
    """Whether a picture of (height, width), in which these boxes were found, is one plate and not a photo of some."""
    height, width = size
    if not boxes:
        return max(size) <= CROP_LENGTH and 1 <= width / height <= 8
    x0, y0, x1, y1 = boxes[0]
    return len(boxes) == 1 and (x1 - x0) * (y1 - y0) > 0.4 * height * width


def batched(items: Iterable, size: int):
    """Lists of up to `size` items, in order; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def legibility(confidence: float) -> str:
    """ "good", "poor" or "illegible": how far the reading may be trusted."""
    return "good" if confidence >= GOOD else "poor" if confidence >= POOR else "illegible"
