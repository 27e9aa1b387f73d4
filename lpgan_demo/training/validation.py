"""How a network does during its training: functions of the trainer that measure its averaged weights on real plates."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from .. import images
from ..data.ink_batches import sharp_ink, shoot_plate
from ..data.labelled import LabelledPlate, photos_of
from ..evaluation.metrics import detection_scores, ink_f_measure, reading_scores
from ..images import binarise
from ..inference.detection import PlateDetector
from ..plates import decode, get_layout
from ..plates.camera import VALIDATION_CAMERAS, shoot
from ..plates.standard import standard_plate


def ink_validator(plates, size=(128, 192)):
    """A function of the trainer: F-measure of ink on real crops shot three ways, against the sharp crop's ink."""
    crops = [plate.crop(margin=0.03) for plate in plates]
    aspects = [crop.shape[1] / crop.shape[0] for crop in crops]
    sharp = [images.resize(crop, size) for crop in crops]
    truths = [sharp_ink(crop, plate.layout) for crop, plate in zip(sharp, plates)]
    views = {}
    for name in ("half", "motion", "street"):
        rng = np.random.default_rng(7)
        shots = [shoot_plate(crop, aspect, VALIDATION_CAMERAS[name], rng) for crop, aspect in zip(sharp, aspects)]
        views[name] = images.to_tensor(shots)

    @torch.no_grad()
    def validate(trainer) -> dict:
        values = {}
        for name, blurred in views.items():
            made = [trainer.generator_ema(part.to(trainer.device)) for part in blurred.split(8)]
            greys = images.to_images(torch.cat(made))[..., 0]
            scores = [ink_f_measure(binarise(grey), truth) for grey, truth in zip(greys, truths)]
            values[f"{name}_f"] = round(float(np.mean(scores)), 4)
        return values | {"score": float(np.mean(list(values.values())))}

    return validate


def photo_validator(plates):
    """A function of the trainer: recall, precision and average precision on photos, as they are."""
    photos = photos_of(plates)

    @torch.no_grad()
    def validate(trainer) -> dict:
        detector = PlateDetector(trainer.network_ema, trainer.device, trainer.config.precision, threshold=0.05)
        found = [detector(images.load_image(path)) for path, _ in photos]
        values = detection_scores([corners for _, corners in photos], found)
        return {name: round(value, 4) for name, value in values.items()} | {"score": values["average_precision"]}

    return validate


def validator(plates: list[LabelledPlate], recipe):
    """A function of the trainer: how the moving average does on real crops, as they are and shot again.

    Exact plates by GN's codes and by DN, squared error of the picture; score: the mean of the first of these there is.
    """
    crops = [plate.crop(margin=0.03) for plate in plates]
    sharp = [images.resize(crop, (64, 192)) for crop in crops]
    views = {"clean": crops}
    for name, camera in VALIDATION_CAMERAS.items():
        rng = np.random.default_rng(7)
        views[name] = [shoot(view, camera, rng) for view in sharp]
    inputs = {name: torch.from_numpy(images.network_input(view, recipe.input_size)) for name, view in views.items()}
    kinds = [get_layout(plate.layout) for plate in plates]
    standard = images.to_tensor([standard_plate(p.text, kind, recipe.output_size) for p, kind in zip(plates, kinds)])

    @torch.no_grad()
    def validate(trainer) -> dict:
        values: dict = {}
        for name, lq in inputs.items():
            lq = lq.to(trainer.device)
            out = trainer.generator_ema(lq)
            values[f"{name}_mse"] = round(float(F.mse_loss(out.restored.cpu(), standard)), 4)
            if not recipe.lambda_dn_character:  # nobody here reads: the picture alone decides
                continue
            layout = out.layout.argmax(1) if out.layout is not None else torch.zeros(len(lq), dtype=torch.long)
            dn = trainer.discriminator_ema(out.restored, layout).characters
            answers = {"dn": dn} if out.characters is None else {"head": out.characters, "dn": dn}
            for reader, logits in answers.items():
                texts = [
                    "".join(c[0] for c in decode(p, get_layout(recipe.layouts[k])))
                    for p, k in zip(logits.softmax(-1).cpu().numpy(), layout.tolist())
                ]
                scores = reading_scores([plate.text for plate in plates], texts)
                values[f"{name}_{reader}"] = round(scores["plate_accuracy"], 4)
        reader = next(reader for reader in ("head", "dn", "mse") if f"clean_{reader}" in values)
        score = float(np.mean([values[f"{name}_{reader}"] for name in inputs]))
        return values | {"score": 1 - score if reader == "mse" else score}

    return validate
