"""From a picture to results: restore (GN), read (codes and DN), wrap. Nothing is kept between calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from . import images
from .hub import load_weights, weights_folder
from .mtgan import MultiTaskDiscriminator, SRGenerator
from .plates import decode, get_layout
from .results import CharacterReading, PlateResult

READERS = ("head", "dn", "fused")
GOOD, POOR = 0.9, 0.4
"""Confidence from which a reading counts as good, and below which the plate counts as illegible."""


VIEWS = (
    (0.0, 0.0, 1.0),
    (0.01, 0.0, 1.0),
    (-0.01, 0.0, 1.0),
    (0.0, 0.03, 1.0),
    (0.0, -0.03, 1.0),
    (0.0, 0.0, 0.95),
    (0.0, 0.0, 1.05),
)
"""Shifts (shares of width and height) and enlargement of the views that may be averaged, the crop itself first."""


@dataclass(frozen=True)
class Restoration:
    """What GN made of a batch.

    plates float (N, 3, 64, 192); probabilities of characters (N, P, symbols), the mean of `views` views, and of
    layouts (N, L).
    """

    plates: torch.Tensor
    characters: torch.Tensor
    layouts: torch.Tensor
    views: int = 1


class PlateRestorer:
    """Crops -> standard plates, by GN. views: over how many slightly moved copies of a crop its codes are averaged."""

    def __init__(self, generator: SRGenerator, device="cpu", views: int = 1):
        if generator.config.decoder != "region":
            raise ValueError("the pipeline needs a generator that names the layout: decoder='region', not 'plain'")
        if not 1 <= views <= len(VIEWS):
            raise ValueError(f"views must be from 1 to {len(VIEWS)}, not {views!r}")
        self.generator = generator.eval().to(device)
        self.device = torch.device(device)
        self.views = views

    @torch.inference_mode()
    def __call__(self, crops: list[np.ndarray]) -> Restoration:
        """uint8 RGB crops of any sizes -> `Restoration`."""
        size = self.generator.config.input_size
        out = self.generator(images.network_input(crops, size).to(self.device))
        characters = out.characters.softmax(-1)
        if self.views > 1:
            moved = [images.nudge(crop, *view) for view in VIEWS[1 : self.views] for crop in crops]
            layout = out.layout.argmax(1).repeat(self.views - 1)
            more = self.generator(images.network_input(moved, size).to(self.device), layout, draw=0)
            more = more.characters.softmax(-1).unflatten(0, (self.views - 1, len(crops)))
            characters = (characters + more.sum(0)) / self.views
        return Restoration(out.restored, characters, out.layout.softmax(1), self.views)


class PlateReader:
    """Restorations -> characters. reader: "head" (GN's codes), "dn" (DN on GN's picture) or "fused" (their mean).

    With several views DN counts as one more view.
    """

    def __init__(self, discriminator: MultiTaskDiscriminator, device="cpu", reader: str = "fused"):
        if reader not in READERS:
            raise ValueError(f"reader must be one of {', '.join(READERS)}, not {reader!r}")
        self.discriminator = discriminator.eval().to(device)
        self.reader = reader

    @torch.inference_mode()
    def __call__(self, restoration: Restoration) -> np.ndarray:
        """Probabilities (N, P, symbols) under each plate's most probable layout."""
        layout = restoration.layouts.argmax(1)
        if self.reader == "head":
            return restoration.characters.cpu().numpy()
        drawn = self.discriminator(restoration.plates, layout).characters.sigmoid()
        drawn = drawn / drawn.sum(-1, keepdim=True).clamp(min=1e-12)
        if self.reader == "fused":
            drawn = (restoration.characters * restoration.views + drawn) / (restoration.views + 1)
        return drawn.cpu().numpy()


class PlatePipeline:
    """Picture in, `PlateResult`s out.

    The picture is taken as one cropped plate as long as no detector is part of the pipeline.
    """

    def __init__(self, restorer: PlateRestorer, reader: PlateReader):
        self.restorer, self.reader = restorer, reader

    @classmethod
    def from_pretrained(cls, source: str | Path | None = None, *, device="cpu", reader: str = "fused", views: int = 1):
        """The published networks: bundled (source None) or from a folder that holds one folder per network.

        reader: see `PlateReader`; views: 1 is fastest, more (up to 7) read better. Raises WeightsError when something
        is missing or damaged, ValueError for an unknown reader or number of views.
        """
        generator = load_weights(weights_folder(source, "mtgan-generator"), device)
        discriminator = load_weights(weights_folder(source, "mtgan-discriminator"), device)
        return cls(PlateRestorer(generator, device, views), PlateReader(discriminator, device, reader))

    def __call__(self, source) -> list[PlateResult]:
        """A path, encoded bytes, PIL image or RGB array -> the plates in it. Raises PlateImageError on bad input."""
        return [self.read_plate(source)]

    def read_plate(self, crop) -> PlateResult:
        """One cropped plate, in any form `images.load_image` takes."""
        return self.read_plates([crop])[0]

    def read_plates(self, crops: Iterable, batch_size: int = 32) -> list[PlateResult]:
        """Many cropped plates in batches, results in the same order. Raises PlateImageError at the first bad one."""
        results: list[PlateResult] = []
        for batch in batched(crops, batch_size):
            results.extend(self._read_batch([images.load_image(crop) for crop in batch]))
        return results

    def _read_batch(self, crops: list[np.ndarray]) -> list[PlateResult]:
        restoration = self.restorer(crops)
        probabilities = self.reader(restoration)
        plates = images.to_images(restoration.plates)
        names = self.restorer.generator.config.layouts
        results = []
        for crop, plate, belief, layouts in zip(crops, plates, probabilities, restoration.layouts.cpu().numpy()):
            layout = get_layout(names[int(layouts.argmax())])
            readings = tuple(CharacterReading(*reading) for reading in decode(belief, layout))
            same_text = sum(p for p, name in zip(layouts, names) if get_layout(name).cells_mm == layout.cells_mm)
            confidence = float(same_text * np.prod([reading.probability for reading in readings]))
            results.append(
                PlateResult(
                    text="".join(reading.symbol for reading in readings),
                    confidence=min(1.0, max(0.0, confidence)),
                    characters=readings,
                    layout=layout.name,
                    crop=crop,
                    super_resolved=plate,
                    legibility=legibility(confidence),
                )
            )
        return results


def batched(items: Iterable, size: int):
    """Lists of up to `size` items, in order; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def legibility(confidence: float) -> str:
    """ "good", "poor" or "illegible": how far the reading may be trusted."""
    return "good" if confidence >= GOOD else "poor" if confidence >= POOR else "illegible"
