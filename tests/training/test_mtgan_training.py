import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lpgan_demo.data.plate_batches import PlateBatches
from lpgan_demo.data.synthetic import SyntheticPlates
from lpgan_demo.data.unknown import ForeignPlates
from lpgan_demo.networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from lpgan_demo.plates import get_layout
from lpgan_demo.training.loop import fit
from lpgan_demo.training.losses import seen_by_discriminator
from lpgan_demo.training.mtgan import MTGANTrainer, MTGANTraining
from lpgan_demo.training.mtgan_recipes import (
    GNRecipe,
    MTGANRecipe,
    SRCNNRecipe,
    copy_weights,
    mtgan_networks,
    train_mtgan,
)
from lpgan_demo.training.recipes import exported_networks
from lpgan_demo.training.run import begin
from lpgan_demo.training.trainer import option, tensor_batch


def new_trainer(**options):
    torch.manual_seed(0)
    generator = SRGenerator(
        SRGeneratorConfig(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=16)
    )
    discriminator = MultiTaskDiscriminator(DiscriminatorConfig(features=(4, 4, 8, 8, 8, 8, 8, 8), code_size=8))
    settings = dict(warmup_steps=1, precision="fp32", decay_share=0.0)
    return MTGANTrainer(generator, discriminator, MTGANTraining(**settings | options))


def batches(size=4):
    return PlateBatches([SyntheticPlates(("cn_blue",))], [1], size, seed=1)


def test_a_step_trains_both_networks_and_logs_every_loss():
    trainer = new_trainer(learning_rate=1e-3)
    before = {k: v.clone() for k, v in trainer.generator.state_dict().items()}
    judged = {k: v.clone() for k, v in trainer.discriminator.state_dict().items()}
    trainer.set_progress(0)
    log = trainer.step(tensor_batch(batches()[0], "cpu"))
    assert set(log) == {"d_real", "d_fake", "g_adv", "g_pixel", "g_char", "g_head", "g_layout"}
    assert all(np.isfinite(value) for value in log.values())
    assert any(not torch.equal(before[k], v) for k, v in trainer.generator.state_dict().items())
    assert any(not torch.equal(judged[k], v) for k, v in trainer.discriminator.state_dict().items())
    assert all(p.requires_grad for p in trainer.discriminator.parameters())


def test_part_of_a_batch_may_be_drawn_while_all_of_it_is_read():
    batch = tensor_batch(batches(4)[0], "cpu")
    whole, part = new_trainer(augment_view=False), new_trainer(augment_view=False, draw_share=0.5)
    a, b = whole.step(batch), part.step(batch)
    assert a["g_head"] == pytest.approx(b["g_head"], rel=1e-4) and a["g_pixel"] != b["g_pixel"]
    for share in (0.0, 1.5):
        with pytest.raises(ValueError, match="draw_share"):
            new_trainer(draw_share=share)


def test_the_generators_step_leaves_the_discriminator_alone():
    trainer = new_trainer(discriminator_every=2)
    batch = tensor_batch(batches()[0], "cpu")
    trainer.step(batch)
    judged = {k: v.clone() for k, v in trainer.discriminator.state_dict().items()}
    log = trainer.step(batch)
    assert "d_real" not in log
    assert all(torch.equal(judged[k], v) for k, v in trainer.discriminator.state_dict().items())


def test_one_batch_is_overfitted():
    trainer = new_trainer(learning_rate=5e-3, d_learning_rate=5e-3)
    batch = tensor_batch(batches(2)[0], "cpu")
    trainer.steps = 1
    trainer.set_progress(0)
    logs = [trainer.step(batch) for _ in range(60)]
    assert logs[-1]["g_head"] < 0.5 * logs[0]["g_head"]
    assert logs[-1]["g_pixel"] < 0.5 * logs[0]["g_pixel"]


@pytest.mark.parametrize("character_loss", ["bce", "cross-entropy"])
@pytest.mark.parametrize("literal", [False, True])
def test_every_form_of_the_loss_runs(character_loss, literal):
    trainer = new_trainer(character_loss=character_loss, literal_adversarial=literal)
    log = trainer.step(tensor_batch(batches(2)[0], "cpu"))
    assert (log["g_char"] < 0) == literal
    with pytest.raises(ValueError, match="character_loss"):
        new_trainer(character_loss="hinge")


def test_learning_rate_warms_up_holds_and_falls():
    trainer = new_trainer(warmup_steps=10, decay_share=0.5, learning_rate=1.0)
    rates = []
    for steps in (0, 10, 49, 75, 100):
        trainer.steps = steps
        trainer.set_progress(steps / 100)
        rates.append(trainer.g_optimiser.param_groups[0]["lr"])
    assert rates[0] == pytest.approx(0.1) and rates[1] == rates[2] == pytest.approx(1)
    assert rates[3] == pytest.approx(0.5) and rates[4] < 0.01


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path):
    fit(new_trainer(), batches(), tmp_path / "whole", 4, workers=0, save_every=100)
    fit(new_trainer(), batches(), tmp_path / "parts", 2, workers=0, save_every=100)
    resumed = new_trainer()
    fit(resumed, batches(), tmp_path / "parts", 4, workers=0, save_every=100)
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["generator_ema"] for name in ("whole", "parts")
    )
    assert all(torch.allclose(whole[k], parts[k], atol=1e-6) for k in whole)
    assert resumed.steps == 4


def test_fit_logs_draws_samples_and_keeps_the_best_by_validation(tmp_path):
    scores = iter([0.2, 0.7, 0.4])
    data = batches()
    values = fit(new_trainer(), data, tmp_path, 3, workers=0, log_every=1, save_every=1, sample=data[0],
                 validate=lambda trainer: {"score": next(scores)})  # fmt: skip
    assert values == {"score": 0.4}
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    assert best["steps"] == 2 and best["seen"] > 0
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "g_pixel" in line] == [1, 2, 3]
    assert len(list((tmp_path / "samples").glob("*.png"))) == 3
    assert not list(tmp_path.glob("*.part"))


def test_the_view_keeps_the_shape_and_lets_gradients_through():
    torch.manual_seed(0)
    for _ in range(10):
        plate = torch.rand(2, 3, 64, 192, requires_grad=True)
        view = seen_by_discriminator(plate)
        assert view.shape == plate.shape
        view.sum().backward()
        assert plate.grad.abs().sum() > 0


def test_option_defaults_must_be_immutable():
    with pytest.raises(TypeError):
        option([], "")


def test_a_run_may_begin_with_weights_that_know_fewer_layouts():
    sizes = dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=16)
    torch.manual_seed(0)
    old = SRGenerator(SRGeneratorConfig(layouts=("cn_blue", "cn_green"), **sizes)).eval()
    new = SRGenerator(SRGeneratorConfig(layouts=("cn_blue", "cn_green", "cn_yellow_two_row"), **sizes)).eval()
    copy_weights(new, old)
    lq, layout = torch.rand(2, 3, 32, 96), torch.tensor([0, 1])
    before, after = old(lq, layout), new(lq, layout)
    symbols = before.characters.shape[-1]
    assert torch.allclose(before.characters, after.characters[..., :symbols], atol=1e-5)
    assert torch.allclose(before.restored, after.restored, atol=1e-5)
    assert torch.allclose(before.layout, after.layout[:, :2], atol=1e-5)
    turned = SRGenerator(SRGeneratorConfig(layouts=("cn_green", "cn_blue"), **sizes))
    wider = SRGenerator(SRGeneratorConfig(layouts=("cn_blue", "cn_green"), **sizes | {"num_features": 12}))
    for other in (turned, wider):
        with pytest.raises(ValueError, match="was made|were made"):
            copy_weights(other, old)


def test_unknown_stays_the_last_class_when_layouts_are_added_and_corners_may_be_new():
    sizes = dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=16)
    old = SRGenerator(SRGeneratorConfig(layouts=("cn_blue", "cn_green"), unknown=True, **sizes)).eval()
    new = SRGenerator(
        SRGeneratorConfig(layouts=("cn_blue", "cn_green", "cn_farm"), unknown=True, corners=True, **sizes)
    ).eval()
    copy_weights(new, old)
    lq = torch.rand(2, 3, 32, 96)
    assert torch.allclose(old(lq).layout, new(lq).layout[:, [0, 1, 3]], atol=1e-5)
    before = SRGenerator(SRGeneratorConfig(layouts=("cn_blue",), **sizes)).eval()
    fresh = new.layout_head.bias[-1].clone()
    copy_weights(new, before)
    assert new.layout_head.bias[-1] == fresh and torch.equal(new.layout_head.bias[:1], before.layout_head.bias)
    with pytest.raises(ValueError, match="were made"):
        copy_weights(before, new)


def test_a_plate_of_no_known_kind_teaches_the_kind_only():
    torch.manual_seed(0)
    sizes = dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=16)
    network = SRGenerator(SRGeneratorConfig(layouts=("cn_blue",), unknown=True, corners=True, **sizes))
    judge = MultiTaskDiscriminator(DiscriminatorConfig(layouts=("cn_blue",), features=(4,) * 8, code_size=8))
    trainer = MTGANTrainer(network, judge, MTGANTraining(warmup_steps=1, precision="fp32", discriminator_every=2))
    ranges = SyntheticPlates(("cn_blue",)).ranges
    parts = [SyntheticPlates(("cn_blue",)), ForeignPlates(1, ranges)]
    log = trainer.step(tensor_batch(PlateBatches(parts, [0.5, 0.5], 8, seed=1, layouts=("cn_blue",))[0], "cpu"))
    assert "g_corners" in log and all(np.isfinite(value) for value in log.values())
    alone = trainer.step(tensor_batch(PlateBatches(parts[1:], [1.0], 4, seed=1, layouts=("cn_blue",))[0], "cpu"))
    assert all(np.isfinite(value) for value in alone.values())


def test_gn_alone_is_exported_in_16_bits_and_mtgan_is_not_even_with_folders_given_as_half():
    for recipe, expected in ((MTGANRecipe(half=("photos",)), [False, False]), (GNRecipe(), [True])):
        averages = (network.state_dict() for network in mtgan_networks(recipe))
        state = dict(zip(("generator_ema", "discriminator_ema"), averages))
        assert [half for _, half in exported_networks(recipe, state).values()] == expected


def test_training_uses_bf16_only_where_it_is_native_unless_told(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False, "amx_bf16": False})
    assert new_trainer(precision="auto").precision == "fp32" and new_trainer(precision="bf16").precision == "bf16"
    with pytest.raises(ValueError, match="precision"):
        new_trainer(precision="int8")


def test_layouts_come_by_their_own_shares_unless_others_are_given():
    layouts = ("cn_blue", "cn_green", "vn_one_row")
    source, _ = begin(MTGANRecipe(layouts=layouts))
    own = np.array([get_layout(name).share for name in layouts])
    assert source.shares == pytest.approx(own / own.sum())
    source, _ = begin(MTGANRecipe(layouts=layouts, layout_shares=(1.0, 3.0, 0.0)))
    assert source.shares == pytest.approx([1 / 4, 3 / 4, 0])
    for shares in ((1.0, 3.0), (1.0,) * 4):
        with pytest.raises(ValueError, match="layout shares"):
            begin(MTGANRecipe(layouts=layouts, layout_shares=shares))
    with pytest.raises(ValueError, match="framing"):
        begin(MTGANRecipe(layouts=layouts[:1], framing="loose"))


HALF_A_BATCH_EACH = """
import os, sys, torch
sys.path[:0] = sys.argv[1:3]
from test_mtgan_training import batches, new_trainer
from lpgan_demo.training.trainer import tensor_batch
torch.set_num_threads(1)
trainer = new_trainer(augment_view=False, clip=1e9)
rank, size = trainer.accelerator.process_index, trainer.accelerator.num_processes
assert size == 2
batch = {name: value[rank::size] for name, value in tensor_batch(batches()[0], "cpu").items()}
trainer.step(batch)
network = trainer.accelerator.unwrap_model(trainer.generator)
if trainer.accelerator.is_main_process:
    torch.save({name: p.grad for name, p in network.named_parameters() if p.grad is not None}, sys.argv[3])
"""


def test_two_processes_have_the_gradients_of_one(tmp_path):
    here = Path(__file__).resolve().parent
    (tmp_path / "half.py").write_text(HALF_A_BATCH_EACH)
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=29631"]
    command = [*start, str(tmp_path / "half.py"), str(here.parents[1]), str(here), str(tmp_path / "gradients.pt")]
    ran = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert ran.returncode == 0, ran.stderr[-2000:]
    theirs = torch.load(tmp_path / "gradients.pt", weights_only=True)
    trainer = new_trainer(augment_view=False, clip=1e9)
    trainer.step(tensor_batch(batches()[0], "cpu"))
    mine = {name: p.grad for name, p in trainer.generator.named_parameters() if p.grad is not None}
    assert set(theirs) == set(mine)
    for name, gradient in mine.items():
        assert torch.allclose(theirs[name], gradient, atol=1e-5 + 1e-3 * float(gradient.abs().max())), name


def test_srcnn_learns_the_sharp_crop_and_mtgan_the_standard_plate(tmp_path):
    assert SRCNNRecipe().draws == "sharp" and MTGANRecipe().draws == GNRecipe().draws == "standard"
    with pytest.raises(ValueError, match="standard or sharp"):
        train_mtgan(SRCNNRecipe(draws="crop", run=str(tmp_path)))
    recipe = SRCNNRecipe(run=str(tmp_path / "run"), steps=2, save_every=2, batch_size=4, workers=0, warmup_steps=1)
    train_mtgan(recipe)
    assert (tmp_path / "run" / "checkpoint.pt").is_file()
