import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from lpgan_demo.networks.guided_deblur import GuidedDeblurGenerator, GuidedDeblurGeneratorConfig
from lpgan_demo.networks.mtgan import SRGenerator, SRGeneratorConfig
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.training.deblur import DeblurRecipe, copy_matching_tensors, deblur_networks

FIELD = dict(num_blocks=1, head_features=6, growth_rate=4, bottleneck=4, tail_features=5)
SMALL = GuidedDeblurGeneratorConfig(
    **FIELD, guide_features=8, guide_blocks=2, guide_code_features=12, guide_code_blocks=1
)


def gn():
    sizes = dict(num_features=8, num_blocks=2, code_features=12, code_blocks=1, code_size=8)
    return SRGenerator(SRGeneratorConfig(layouts=("cn_blue",), **sizes)).eval()


def alive(module):
    """Random weights everywhere: residual blocks and the guide begin with zeros."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.2)
    return module


@pytest.mark.parametrize("size", [(128, 192), (37, 91)])
def test_any_size_works_and_every_parameter_learns(size):
    network = alive(GuidedDeblurGenerator(SMALL))
    out = network(torch.rand(2, 3, *size) * 2 - 1)
    assert out.shape == (2, 1, *size) and out.abs().max() <= 1
    (out * torch.randn(out.shape)).mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_at_first_it_is_the_folded_generator_it_begins_with(tmp_path):
    folded = alive(DeblurGenerator(DeblurGeneratorConfig(**FIELD, fold=4))).eval()
    save_weights(folded, tmp_path / "folded", steps=7, hours=0.5)
    guided = GuidedDeblurGenerator(SMALL).eval()
    copy_matching_tensors(guided, DeblurRecipe(begin_with=(str(tmp_path / "folded"),), run=str(tmp_path / "run")))
    picture = torch.rand(1, 3, 32, 48) * 2 - 1
    assert torch.equal(guided(picture), folded(picture))
    assert json.loads((tmp_path / "run" / "start.json").read_text())["steps"] == 7  # `export` adds them up


def test_the_guide_sees_what_the_generator_of_mtgan_sees(tmp_path):
    teacher = alive(gn())
    guided = GuidedDeblurGenerator(SMALL).eval()
    copy_matching_tensors(guided, DeblurRecipe(begin_with=(str(save_weights(teacher, tmp_path / "gn")),)))
    small = torch.rand(1, 3, 32, 96) * 2 - 1
    seen = []
    guided.guide.encoder.register_forward_hook(lambda module, given, made: seen.append(made))
    guided(small.repeat_interleave(4, 2).repeat_interleave(2, 3))
    expected = teacher.encoder(teacher.reduce(teacher.features(small)))
    assert torch.allclose(seen[0], expected, rtol=1e-3, atol=1e-3)


def test_what_fits_nowhere_is_told(tmp_path):
    save_weights(gn(), tmp_path / "gn")
    with pytest.raises(ValueError, match="no part of"):
        copy_matching_tensors(
            DeblurGenerator(DeblurGeneratorConfig(**FIELD)), DeblurRecipe(begin_with=(str(tmp_path / "gn"),))
        )
    with pytest.raises(ValueError, match="folds 4 x 4"):
        GuidedDeblurGenerator(replace(SMALL, fold=2))


def test_a_recipe_builds_it_and_its_weights_come_back(tmp_path):
    network, _ = deblur_networks(DeblurRecipe(guided=True, fold=4, **FIELD))
    assert isinstance(network, GuidedDeblurGenerator) and network.config.growth_rate == 4
    loaded = load_weights(save_weights(network.eval(), tmp_path / "guided"))
    picture = torch.rand(1, 3, 32, 48)
    assert torch.equal(loaded(picture), network(picture))
    assert isinstance(DeblurGenerator.from_pretrained(tmp_path / "guided"), GuidedDeblurGenerator)
