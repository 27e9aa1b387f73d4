"""From a picture to results: restore (GN), read (codes and DN), wrap. Nothing is kept between calls."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from . import images
from .hub import weights_folder
from .mtgan import MultiTaskDiscriminator, SRGenerator
from .plates import decode, get_layout
from .results import CharacterReading, PlateResult
from .weights import facts, load_weights

READERS = ("head", "dn", "fused")
GOOD, POOR = 0.9, 0.4
"""Confidence from which a reading counts as good, and below which the plate counts as illegible."""


FRAME_LIKENESS = 0.25
"""How alike frames of one plate err: 0 if independently, 1 if they are all the same picture."""

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

    plates float (N, 3, 64, 192); probabilities of characters (N, P, symbols), from `views` views each, and of
    layouts (N, L); codes (N, P, code_size), what the plates were drawn from; layout (N,), by which they were drawn.
    """

    plates: torch.Tensor
    characters: torch.Tensor
    layouts: torch.Tensor
    codes: torch.Tensor
    layout: torch.Tensor
    views: int = 1


class PlateRestorer:
    """Crops -> standard plates, by GN.

    views: over how many slightly moved copies of a crop its codes are averaged. precision: see `arithmetic`.
    """

    def __init__(self, generator: SRGenerator, device="cpu", views: int = 1, precision: str = "fp32"):
        if generator.config.decoder != "region":
            raise ValueError("the pipeline needs a generator that names the layout: decoder='region', not 'plain'")
        if not 1 <= views <= len(VIEWS):
            raise ValueError(f"views must be from 1 to {len(VIEWS)}, not {views!r}")
        self.generator = generator.eval().to(device)
        self.device = torch.device(device)
        self.views = views
        self.autocast = arithmetic(precision, self.device)

    @torch.inference_mode()
    def __call__(self, crops: list[np.ndarray], layout: torch.Tensor | None = None) -> Restoration:
        """uint8 RGB crops of any sizes -> `Restoration`. layout (N,): indices to draw and read by, if known."""
        out = self._generate(crops, layout)
        characters = out.characters.softmax(-1)
        layout = out.layout.argmax(1) if layout is None else layout
        if self.views > 1:
            moved = [images.nudge(crop, *view) for view in VIEWS[1 : self.views] for crop in crops]
            more = self._generate(moved, layout.repeat(self.views - 1), draw=0)
            more = more.characters.softmax(-1).unflatten(0, (self.views - 1, len(crops)))
            characters = (characters + more.sum(0)) / self.views
        return Restoration(out.restored, characters, out.layout.softmax(1), out.codes, layout, self.views)

    def _generate(self, crops, layout=None, draw=None):
        lq = images.network_input(crops, self.generator.config.input_size).to(self.device)
        with self.autocast():
            return self.generator(lq, layout, draw)

    @torch.inference_mode()
    def together(self, crops: list[np.ndarray]) -> Restoration:
        """Several crops of one plate -> the `Restoration` of that one plate.

        Layout and characters by the product of the frames' probabilities, tempered because frames of one camera err
        alike; drawn from the mean of the codes.
        """
        frames = self(crops)
        layouts = _pool(frames.layouts.unsqueeze(1)).squeeze(1)
        layout = layouts.argmax(1)
        if (frames.layouts.argmax(1) != layout).any():
            frames = self(crops, layout.expand(len(crops)))
        codes = frames.codes.mean(0, keepdim=True)
        with self.autocast():
            plate = self.generator.decoder(codes, layout)
        return Restoration(plate, _pool(frames.characters), layouts, codes, layout, frames.views * len(crops))


def arithmetic(precision: str, device: torch.device):
    """A context in which networks compute: "fp32"; "bf16", half the bits, about 1 % less exact; or "auto".

    "auto" is bf16 where the device does it natively, twice as fast there, and fp32 elsewhere. Raises ValueError.
    """
    if precision not in ("fp32", "bf16", "auto"):
        raise ValueError(f"precision must be fp32, bf16 or auto, not {precision!r}")
    if precision == "auto" and device.type == "cpu":
        features = getattr(torch.cpu, "get_capabilities", dict)()
        native = features.get("avx512_bf16") or features.get("amx_bf16")
        precision = "bf16" if native else "fp32"
    elif precision == "auto":
        precision = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    return functools.partial(torch.autocast, device.type, torch.bfloat16, enabled=precision == "bf16")


def _pool(probabilities: torch.Tensor) -> torch.Tensor:
    """(N, P, symbols) of N frames -> (1, P, symbols): their product to the power N ** -FRAME_LIKENESS, normalised."""
    n = len(probabilities)
    logs = probabilities.clamp(min=1e-5).log().sum(0, keepdim=True) * n**-FRAME_LIKENESS
    possible = (probabilities > 0).any(0, keepdim=True)
    return torch.where(possible, logs, -torch.inf).softmax(-1) if n > 1 else probabilities


class PlateReader:
    """Restorations -> characters. reader: "head" (GN's codes), "dn" (DN on GN's picture) or "fused" (their mean).

    With several views DN counts as one more view. temperature: above 1 tones the probabilities down, as calibrated.
    """

    def __init__(
        self, discriminator: MultiTaskDiscriminator, device="cpu", reader="fused", temperature=1.0, precision="fp32"
    ):
        if not 0 < temperature < 100:
            raise ValueError(f"temperature must be a positive number, not {temperature!r}")
        self.temperature = temperature
        self.autocast = arithmetic(precision, torch.device(device))
        if reader not in READERS:
            raise ValueError(f"reader must be one of {', '.join(READERS)}, not {reader!r}")
        self.discriminator = discriminator.eval().to(device)
        self.reader = reader

    @torch.inference_mode()
    def __call__(self, restoration: Restoration) -> np.ndarray:
        """Probabilities (N, P, symbols) under the layout each plate was drawn by."""
        belief = restoration.characters
        if self.reader != "head":
            with self.autocast():
                drawn = self.discriminator(restoration.plates, restoration.layout).characters.sigmoid()
            drawn = drawn / drawn.sum(-1, keepdim=True).clamp(min=1e-12)
            views = restoration.views if self.reader == "fused" else 0
            belief = (belief * views + drawn) / (views + 1)
        belief = belief ** (1 / self.temperature)
        return (belief / belief.sum(-1, keepdim=True).clamp(min=1e-12)).cpu().numpy()


class PlatePipeline:
    """Picture in, `PlateResult`s out.

    The picture is taken as one cropped plate as long as no detector is part of the pipeline.
    """

    def __init__(self, restorer: PlateRestorer, reader: PlateReader):
        self.restorer, self.reader = restorer, reader

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path | None = None,
        *,
        device="cpu",
        reader="fused",
        views=1,
        temperature=None,
        precision="fp32",
        revision=None,
        token=None,
        cache_dir=None,
    ):
        """The published networks: bundled (source None), from a folder with one per network, or a Hub repository's.

        reader: see `PlateReader`; views: 1 is fastest, more (up to 7) read better; temperature: the calibrated one that
        comes with the weights unless given; precision: see `arithmetic`; revision, token, cache_dir: see
        `hub.weights_folder`. Raises WeightsError when something is missing, damaged or out of reach, ValueError for an
        unknown reader, precision or number of views.
        """
        hub = {"revision": revision, "token": token, "cache_dir": cache_dir}
        generator = load_weights(weights_folder(source, "mtgan-generator", **hub), device)
        folder = weights_folder(source, "mtgan-discriminator", **hub)
        discriminator = load_weights(folder, device)
        if temperature is None:
            temperature = facts(folder).get("temperature", 1.0)
        restorer = PlateRestorer(generator, device, views, precision)
        return cls(restorer, PlateReader(discriminator, device, reader, temperature, precision))

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
            loaded = [images.load_image(crop) for crop in batch]
            results.extend(self._results(loaded, self.restorer(loaded)))
        return results

    def read_track(self, crops: Iterable) -> PlateResult:
        """Several cropped frames of one and the same plate, read as one; the result's `crop` is the largest frame.

        Raises ValueError without any frame, PlateImageError at the first bad one.
        """
        loaded = [images.load_image(crop) for crop in crops]
        if not loaded:
            raise ValueError("a track needs at least one frame")
        largest = max(loaded, key=lambda crop: crop.shape[0] * crop.shape[1])
        return self._results([largest], self.restorer.together(loaded))[0]

    def _results(self, crops: list[np.ndarray], restoration: Restoration) -> list[PlateResult]:
        probabilities = self.reader(restoration)
        plates = images.to_images(restoration.plates)
        names = self.restorer.generator.config.layouts
        results = []
        beliefs = zip(crops, plates, probabilities, restoration.layouts.cpu().numpy(), restoration.layout.tolist())
        for crop, plate, belief, layouts, index in beliefs:
            layout = get_layout(names[index])
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
