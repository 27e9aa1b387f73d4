"""Validators: functions of a trainer that measure its averaged networks on real plates during training."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from .. import images
from ..data.ink_batches import lettered, shoot_plate
from ..data.labelled import photos_of
from ..evaluation.metrics import detection_scores, ink_f_measure, reading_scores
from ..evaluation.photos import worsened
from ..images import binarise
from ..inference.detection import PlateDetector
from ..inference.torch_backend import TorchDetector
from ..plates import decode, get_layout
from ..plates.camera import VALIDATION_CAMERAS, shoot
from ..plates.glyphs import font_glyphs
from ..plates.standard import STANDARD_SIZE, standard_plate


def plate_validator(plates, layouts, input_size, output_size, dn_reads: bool, draws: str = "standard"):
    """A function of an `MTGANTrainer` that measures it on real crops, as they are and shot with each validation camera.

    Its values: VIEW_mse of the pictures in [-1, 1]; VIEW_head and VIEW_dn, the shares of plates read exactly by GN's
    codes and by DN; VIEW_unknown, the share taken for plates of no known kind; and score, the mean of the first there
    is of head, dn and 1 - mse.

    Args:
        plates: `LabelledPlate`s.
        layouts: names of the networks' layouts, in their order.
        input_size, output_size: (height, width) of GN's input and of its plate, pixels.
        dn_reads: whether DN reads; otherwise only the pictures are measured.
        draws: what the pictures should be, as in `data.plate_batches.collate`.
    """
    crops = [plate.crop(margin=0.03) for plate in plates]
    sharp = [images.resize(crop, STANDARD_SIZE) for crop in crops]
    views = {"clean": crops}
    for name, camera in VALIDATION_CAMERAS.items():
        rng = np.random.default_rng(7)
        views[name] = [shoot(crop, camera, rng) for crop in sharp]
    inputs = {name: torch.from_numpy(images.network_input(view, input_size)) for name, view in views.items()}
    if draws == "standard":
        goal = images.to_tensor([standard_plate(p.text, get_layout(p.layout), output_size) for p in plates])
    else:
        goal = images.to_tensor([images.resize(crop, output_size) for crop in crops])
    truths = [plate.text for plate in plates]

    @torch.no_grad()
    def validate(trainer) -> dict:
        values: dict = {}
        for name, lq in inputs.items():
            lq = lq.to(trainer.device)
            out = trainer.generator_ema(lq)
            values[f"{name}_mse"] = round(float(F.mse_loss(out.restored.cpu(), goal)), 4)
            if not dn_reads:
                continue
            layout = torch.zeros(len(lq), dtype=torch.long)
            if out.layout is not None:
                layout = out.layout[:, : len(layouts)].argmax(1)
                values[f"{name}_unknown"] = round(float((out.layout.argmax(1) == len(layouts)).float().mean()), 4)
            dn = trainer.discriminator_ema(out.restored, layout).characters
            answers = {"dn": dn} if out.characters is None else {"head": out.characters, "dn": dn}
            for reader, logits in answers.items():
                texts = [
                    "".join(character[0] for character in decode(p, get_layout(layouts[k])))
                    for p, k in zip(logits.softmax(-1).cpu().numpy(), layout.tolist())
                ]
                values[f"{name}_{reader}"] = round(reading_scores(truths, texts)["plate_accuracy"], 4)
        reader = next(reader for reader in ("head", "dn", "mse") if f"clean_{reader}" in values)
        score = float(np.mean([values[f"{name}_{reader}"] for name in inputs]))
        return values | {"score": 1 - score if reader == "mse" else score}

    return validate


def ink_validator(plates, lettering=None, size=(128, 192)):
    """A function of a `DeblurTrainer`: F-measure of ink, inside the plates, on real crops shot in three ways.

    The truth is the plates' text, laid over the sharp crop. score is the mean of the three.

    Args:
        plates: `LabelledPlate`s; those that no letters fit are left out.
        lettering: as in `data.ink_batches.InkOfPhotos`.
        size: (height, width) of the generator's input, pixels.
    """
    sharp, aspects, truths = [], [], []
    for plate in plates:
        crop = plate.crop(margin=0.03)
        picture = images.resize(crop, size)
        if (laid := lettered(picture, plate, lettering or [font_glyphs()], plate.corners_in_crop(0.03))) is not None:
            sharp, aspects, truths = sharp + [picture], aspects + [crop.shape[1] / crop.shape[0]], truths + [laid]
    views = {}
    for name in ("half", "motion", "street"):
        rng = np.random.default_rng(7)
        shots = [shoot_plate(crop, aspect, VALIDATION_CAMERAS[name], rng) for crop, aspect in zip(sharp, aspects)]
        views[name] = images.to_tensor(shots)

    @torch.no_grad()
    def validate(trainer) -> dict:
        values = {}
        for name, blurred in views.items():
            made = [trainer.generator_ema(trainer.guided(part.to(trainer.device))) for part in blurred.split(8)]
            inks = images.to_images(torch.cat(made))[..., 0]
            scores = [ink_f_measure(binarise(ink), truth.ink, truth.plate) for ink, truth in zip(inks, truths)]
            values[f"{name}_f"] = round(float(np.mean(scores)), 4)
        return values | {"score": float(np.mean(list(values.values())))}

    return validate


def photo_validator(plates, threshold: float = 0.8):
    """A function of a `DetectorTrainer` that measures it on the plates' photos, as they are and made bad.

    Its values: recall, precision and average_precision of finds that score `threshold` or more, made bad as bad_recall
    and so on; and score, the mean of both photos' F measure of recall and precision and of their average precision.
    """
    photos = [(images.load_image(path), corners) for path, corners in photos_of(plates)]
    shots = {"": photos, "bad_": [worsened(photo, corners) for photo, corners in photos]}

    @torch.no_grad()
    def validate(trainer) -> dict:
        search = TorchDetector(trainer.network_ema, trainer.device, trainer.precision)
        detector = PlateDetector(search, threshold=0.05)
        report, scores = {}, []
        for shot, pictures in shots.items():
            values = detection_scores([c for _, c in pictures], [detector(p) for p, _ in pictures], threshold)
            recall, precision = values["recall"], values["precision"]
            scores += [2 * recall * precision / max(1e-9, recall + precision), values["average_precision"]]
            report |= {shot + name: round(value, 4) for name, value in values.items()}
        return report | {"score": round(float(np.mean(scores)), 4)}

    return validate
