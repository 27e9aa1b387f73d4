import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.cli.main import main
from lpgan_demo.data.ink_batches import InkBatches, InkOfPhotos, InkPlates
from lpgan_demo.data.labelled import LabelledPlate
from lpgan_demo.data.synthetic import SyntheticPlates
from lpgan_demo.evaluation.metrics import ink_f_measure, rmse
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.deblur_gan import (
    DeblurGenerator,
    DeblurGeneratorConfig,
    PatchDiscriminator,
    PatchDiscriminatorConfig,
)
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.networks.testing import randomise
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import ink_mask, standard_plate
from lpgan_demo.results import PlateResult
from lpgan_demo.training.deblur import DeblurRecipe, DeblurTrainer, DeblurTraining, copy_weights
from lpgan_demo.training.trainer import tensor_batch

SMALL = DeblurGeneratorConfig(num_blocks=2, head_features=8, growth_rate=6, bottleneck=8, tail_features=8)


def new_trainer(**options):
    torch.manual_seed(0)
    settings = dict(warmup_steps=1, precision="fp32", decay_share=0.0, lambda_perceptual=0.0)
    discriminator = PatchDiscriminator(PatchDiscriminatorConfig(features=(4, 8, 8)))
    return DeblurTrainer(DeblurGenerator(SMALL), discriminator, DeblurTraining(**settings | options))


def pairs(preset="plate"):
    return InkPlates(SyntheticPlates(("cn_blue", "vn_two_row")), preset)


@pytest.mark.parametrize("preset, size", [("plate", (128, 192)), ("characters", (128, 128))])
def test_pairs_show_the_same_plate_and_its_ink(preset, size):
    rng = np.random.default_rng(0)
    ink_shares = []
    for _ in range(12):
        photo, ink, sharp = pairs(preset).sample(rng)
        assert photo.shape == (*size, 3) and ink.shape == sharp.shape == size and set(np.unique(ink)) <= {0, 255}
        ink_shares.append((ink == 0).mean())
    assert 0.05 < np.mean(ink_shares) < 0.6


def test_batches_are_functions_of_seed_and_step_and_take_the_presets_in_turn():
    batches = InkBatches([[(pairs(), 1.0)], [(pairs("characters"), 1.0)]], 2, seed=3)
    assert batches[0]["blurred"].shape == (2, 128, 192, 3) and batches[1]["ink"].shape == (2, 128, 128, 1)
    assert all(np.array_equal(batches[4][key], batches[4][key]) for key in ("blurred", "ink"))
    assert not np.array_equal(batches[0]["ink"], batches[2]["ink"])


def test_ink_of_a_labelled_crop_is_black_whatever_the_paint(tmp_path):
    plates = []
    for name, text in (("cn_blue", "皖A12345"), ("cn_yellow", "苏B67890")):
        picture = standard_plate(text, get_layout(name), (32, 96))
        path = tmp_path / f"{text}.png"
        path.write_bytes(cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
        plates.append(LabelledPlate(path, text, name))
    source = InkOfPhotos(plates)
    for (_, ink, _), plate in zip(source.samples, plates, strict=True):
        truth = ink_mask(plate.text, get_layout(plate.layout), (128, 192), frame=False)
        assert ink_f_measure(ink, truth) > 0.9
    photo, ink, sharp = source.sample(np.random.default_rng(0))
    assert photo.shape == (128, 192, 3) and 0.1 < (ink == 0).mean() < 0.6 and sharp.shape == (128, 192)
    wrong = [replace(plate, text="苏NWMK88", layout="cn_blue") for plate in plates]
    with pytest.raises(ValueError, match="fits its letters"):
        InkOfPhotos(wrong)
    with pytest.raises(ValueError, match="200 pixels"):
        InkOfPhotos(plates, min_width=200)


def test_ink_measures_by_hand():
    truth = np.full((4, 4), 255, np.uint8)
    truth[0] = 0
    found = truth.copy()
    found[0, 0], found[1, 0] = 255, 0  # one missed, one too many: precision = recall = 3/4
    assert ink_f_measure(found, truth) == pytest.approx(0.75) and ink_f_measure(truth, truth) == 1
    assert rmse(found, truth) == pytest.approx((2 / 16) ** 0.5) and rmse(truth, truth) == 0
    first_row = np.arange(4)[:, None] < np.ones(4)
    assert ink_f_measure(found, truth, first_row) == pytest.approx(6 / 7)
    assert rmse(found, truth, first_row) == pytest.approx(0.5)


def test_one_batch_is_overfitted_and_every_loss_is_logged():
    trainer = new_trainer(learning_rate=5e-3, lambda_dice=60.0)
    batch = tensor_batch(InkBatches([[(pairs(), 1.0)]], 2, seed=1)[0], "cpu")
    batch = {name: value[:, :, ::4, ::4] for name, value in batch.items()}
    trainer.set_progress(0)
    logs = [trainer.step(batch) for _ in range(40)]
    assert set(logs[0]) == {"d_real", "d_fake", "g_adv", "g_l1", "g_dice"}
    assert logs[-1]["g_l1"] < 0.5 * logs[0]["g_l1"]
    assert trainer.sheet(batch).shape == (2 * 32, 4 * 48, 3)


def test_the_averaged_generator_gets_batch_statistics_of_its_own_weights():
    batches = InkBatches([[(pairs(), 1.0)]], 4, seed=1, num_batches=2)
    torch.manual_seed(0)
    trainer = DeblurTrainer(
        DeblurGenerator(SMALL),
        PatchDiscriminator(PatchDiscriminatorConfig(features=(4, 8, 8))),
        DeblurTraining(warmup_steps=1, precision="fp32", lambda_perceptual=0.0),
        norms_from=batches,
    )
    network = trainer.generator_ema
    before = {name: value.clone() for name, value in network.state_dict().items()}
    trainer.settle()
    assert not network.training and all(norm.momentum == 0.1 for norm in network.modules() if hasattr(norm, "momentum"))
    first = network.field[0].layers
    x = network.head(torch.cat([tensor_batch(batches[k], "cpu")["blurred"] for k in range(2)]))
    expected = first[1](first[0](x)).mean((0, 2, 3))
    assert torch.allclose(first[2].running_mean, expected, atol=1e-3)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all("running" in name or "batches_tracked" in name for name in changed)


def test_without_an_adversary_the_discriminator_rests():
    trainer = new_trainer(lambda_adversarial=0.0)
    before = [p.clone() for p in trainer.discriminator.parameters()]
    log = trainer.step(tensor_batch(InkBatches([[(pairs(), 1.0)]], 1, seed=1)[0], "cpu"))
    assert set(log) == {"g_l1"}
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.discriminator.parameters()))


def test_deblur_is_trained_resumed_and_exported_from_the_command_line(tmp_path):
    options = [
        "--d-features",
        "4",
        "4",
        "4",
        "--batch-size",
        "1",
        "--workers",
        "0",
        "--threads",
        "1",
        "--lambda-perceptual",
        "0",
        "--num-blocks",
        "1",
    ]
    options += ["--head-features", "4", "--growth-rate", "2", "--bottleneck", "4", "--tail-features", "4"]
    run = tmp_path / "run"
    for steps in ("1", "2"):
        assert main(["train", "deblur", "--run", str(run), "--steps", steps, *options]) == 0
    assert [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()] == [1, 2]
    assert main(["export", str(run / "checkpoint.pt"), str(tmp_path / "weights")]) == 0
    network = load_weights(tmp_path / "weights" / "deblur-generator")
    assert network(torch.zeros(1, 3, 24, 40)).shape == (1, 1, 24, 40)


GUIDED = replace(SMALL, fold=4, guided=True)


class StandIn:
    """MTGAN's place: every crop is the same plate, drawn perfectly."""

    def read_plates(self, crops):
        layout = get_layout("cn_blue")
        plate = standard_plate("皖A12345", layout)
        quad = np.array([[0, 0], [191, 0], [191, 127], [0, 127.0]])
        return [PlateResult("皖A12345", 1.0, (), "cn_blue", crop, plate, "good", quad=quad) for crop in crops]


def test_a_guided_generator_learns_ink_and_grey_picture_from_picture_and_guide():
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(PatchDiscriminatorConfig(features=(4, 8, 8)))
    settings = dict(warmup_steps=1, precision="fp32", decay_share=0.0, lambda_perceptual=0.0, learning_rate=5e-3)
    with pytest.raises(ValueError, match="give mtgan"):
        DeblurTrainer(DeblurGenerator(GUIDED), discriminator, DeblurTraining(**settings))
    trainer = DeblurTrainer(DeblurGenerator(GUIDED), discriminator, DeblurTraining(**settings), mtgan=StandIn())
    batch = tensor_batch(InkBatches([[(pairs(), 1.0)]], 2, seed=1)[0], "cpu")
    given = trainer.guided(batch["blurred"])
    assert given.shape == (2, 5, 128, 192) and torch.allclose(given[:, :3], batch["blurred"], atol=0.01)
    assert 0.05 < (given[:, 3] > 0).float().mean() < 0.4
    trainer.set_progress(0)
    logs = [trainer.step(batch) for _ in range(12)]
    assert logs[-1]["g_l1"] < logs[0]["g_l1"] and logs[-1]["g_grey"] < logs[0]["g_grey"]
    assert trainer.sheet(batch).shape == (2 * 128, 5 * 192, 3)


def test_some_pictures_train_without_a_guide():
    torch.manual_seed(0)
    config = DeblurTraining(lambda_perceptual=0.0, unguided_share=1.0)
    discriminator = PatchDiscriminator(PatchDiscriminatorConfig(features=(4, 8, 8)))
    trainer = DeblurTrainer(DeblurGenerator(GUIDED), discriminator, config, mtgan=StandIn())
    batch = tensor_batch(InkBatches([[(pairs(), 1.0)]], 2, seed=1)[0], "cpu")
    assert (trainer.guided(batch["blurred"], np.random.default_rng(0))[:, 3:] == -1).all()


def test_a_guided_generator_starts_as_the_folded_one_it_is_made_from(tmp_path):
    folded = DeblurGenerator(replace(SMALL, fold=4)).eval()
    randomise(folded)
    save_weights(folded, tmp_path / "folded", steps=7, hours=0.5)
    guided = DeblurGenerator(GUIDED).eval()
    recipe = DeblurRecipe(start=str(tmp_path / "folded"), run=str(tmp_path / "run"))
    copy_weights(guided, recipe)
    picture = torch.rand(1, 5, 32, 48) * 2 - 1
    with torch.no_grad():
        expected = folded(picture[:, :3])
        assert torch.allclose(guided(picture), torch.cat([expected, torch.zeros_like(expected)], 1), atol=1e-5)
    assert json.loads((tmp_path / "run" / "start.json").read_text())["steps"] == 7  # `export` adds them up
    with pytest.raises(ValueError, match="weights to start from"):
        copy_weights(DeblurGenerator(replace(GUIDED, growth_rate=5)), recipe)
