"""Fit the temperature and the trust by which stated probabilities are right on average; kept with the weights."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from ..data.formats import labelled_plates
from ..images import resize
from ..inference.pipeline import PlatePipeline
from ..inference.restoration import PlateReader
from ..inference.trust import fit_trust
from ..plates import encode, get_layout
from ..plates.camera import shoot, street_camera
from ..plates.standard import STANDARD_SIZE
from ..weights import add_facts, weights_folder


def calibrate(
    folders: list[str], side: str, source=None, views: int | str = "auto", shots: int = 4, seed: int = 0
) -> dict:
    """Fit temperature and trust on plates that no network was trained on; keep them in DN's config.json.

    The temperature T of p ** (1 / T) minimises the mean -log p of the true characters. `Trust` is the logistic
    regression of "all characters right" on confidence and evidence.

    Args:
        folders, side: as in `labelled_plates`.
        source, views: as in `PlatePipeline.from_pretrained`.
        shots: each crop is read as it is, in so many light and in as many heavy surveillance shots.
        seed: seed of the shots.

    Returns:
        temperature, trust, numbers of characters and plates (shots included), mean -log p before and after.
    """
    pipeline = PlatePipeline.from_pretrained(source, views=views, temperature=1.0)
    names = pipeline.restorer.networks.layouts
    rng = np.random.default_rng(seed)
    shot_plates, probabilities, truths = [], [], []
    for plate in labelled_plates(folders, side):
        crop = plate.crop(0.03)
        sharp = resize(crop, STANDARD_SIZE)
        crops = [crop] + [shoot(sharp, street_camera(rng, heavy), rng) for heavy in (False, True) for _ in range(shots)]
        layout = np.full(len(crops), names.index(plate.layout))
        read = pipeline.reader(pipeline.restorer(crops, layout))[:, : len(plate.text)]
        target = encode(plate.text, get_layout(plate.layout))[: len(plate.text)]
        probabilities.append(read.reshape(-1, read.shape[-1]))
        truths.append(np.tile(target, len(crops)))
        shot_plates.append((plate.text, crops))
    logs, truth = np.log(np.concatenate(probabilities) + 1e-9), np.concatenate(truths)

    def loss(temperature: float) -> float:
        scaled = logs / temperature
        return float((np.log(np.exp(scaled).sum(1)) - scaled[np.arange(len(truth)), truth]).mean())

    best = float(min(np.arange(0.5, 3.01, 0.05).round(2), key=loss))
    pipeline = PlatePipeline(pipeline.restorer, PlateReader(pipeline.restorer.networks, temperature=best))
    read = [(text == result.text, result) for text, crops in shot_plates for result in pipeline.read_plates(crops)]
    right, results = zip(*read)
    trust = fit_trust(right, [result.confidence for result in results], [result.evidence for result in results])
    add_facts(weights_folder(source, "mtgan-discriminator"), temperature=best, trust=asdict(trust))
    return {
        "temperature": best,
        "characters": len(truth),
        "loss_before": loss(1.0),
        "loss_after": loss(best),
        "trust": asdict(trust),
        "plates": len(right),
    }
