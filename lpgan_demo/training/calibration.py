"""Fit what makes the stated confidence right on average: the temperature and the trust kept with the weights."""

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
from ..weights import add_facts, weights_folder

SHARP = (64, 192)


def calibrate(
    folders: list[str], side: str, source=None, views: int | str = "auto", shots: int = 4, seed: int = 0
) -> dict:
    """Fit what makes the stated probabilities honest, and write it beside the discriminator: temperature and trust.

    Every crop is read as it is and in `shots` light and as many heavy surveillance shots. The temperature T of
    p ** (1 / T) minimises the mean -log p of the true characters; `Trust` is the logistic regression of "every
    character right" on the belief and the evidence. Use plates that no network was trained on.
    """
    pipeline = PlatePipeline.from_pretrained(source, views=views, temperature=1.0)
    names = pipeline.restorer.networks.layouts
    rng = np.random.default_rng(seed)
    shown, beliefs, truths = [], [], []
    for plate in labelled_plates(folders, side):
        crop = plate.crop(0.03)
        sharp = resize(crop, SHARP)
        crops = [crop] + [shoot(sharp, street_camera(rng, heavy), rng) for heavy in (False, True) for _ in range(shots)]
        layout = np.full(len(crops), names.index(plate.layout))
        belief = pipeline.reader(pipeline.restorer(crops, layout))[:, : len(plate.text)]
        target = encode(plate.text, get_layout(plate.layout))[: len(plate.text)]
        beliefs.append(belief.reshape(-1, belief.shape[-1]))
        truths.append(np.tile(target, len(crops)))
        shown.append((plate.text, crops))
    logs, truth = np.log(np.concatenate(beliefs) + 1e-9), np.concatenate(truths)

    def cost(temperature: float) -> float:
        scaled = logs / temperature
        return float((np.log(np.exp(scaled).sum(1)) - scaled[np.arange(len(truth)), truth]).mean())

    best = float(min(np.arange(0.5, 3.01, 0.05).round(2), key=cost))
    pipeline = PlatePipeline(pipeline.restorer, PlateReader(pipeline.restorer.networks, temperature=best))
    read = [(text == result.text, result) for text, crops in shown for result in pipeline.read_plates(crops)]
    right, results = zip(*read)
    trust = fit_trust(right, [result.confidence for result in results], [result.evidence for result in results])
    add_facts(weights_folder(source, "mtgan-discriminator"), temperature=best, trust=asdict(trust))
    return {
        "temperature": best,
        "characters": len(truth),
        "loss_before": cost(1.0),
        "loss_after": cost(best),
        "trust": asdict(trust),
        "plates": len(right),
    }
