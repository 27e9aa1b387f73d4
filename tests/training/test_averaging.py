"""Averaged weights: the mean of what both know, the first's own where the other knows less."""

import pytest
import torch

from lpgan_demo.cli.main import main
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.mtgan import DiscriminatorConfig, MultiTaskDiscriminator, SRGenerator, SRGeneratorConfig
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.training.averaging import average_weights
from lpgan_demo.weights import facts

SIZES = dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=12)


def save(folder, seed, layouts, **more):
    torch.manual_seed(seed)
    generator = SRGenerator(SRGeneratorConfig(layouts=layouts, **SIZES, **more))
    discriminator = MultiTaskDiscriminator(DiscriminatorConfig(layouts=layouts, features=(4,) * 8, code_size=6))
    for name, network in (("mtgan-generator", generator), ("mtgan-discriminator", discriminator)):
        save_weights(network, folder / name, command="python -m lpgan_demo train mtgan", plates_seen=7)
    return generator


def test_the_mean_of_two_and_the_firsts_own_where_the_second_knows_less(tmp_path, capsys):
    one = save(tmp_path / "one", 0, ("cn_blue", "cn_green"), unknown=True, corners=True)
    two = save(tmp_path / "two", 1, ("cn_blue",))
    parts = [f"{tmp_path / 'one'}=3", f"{tmp_path / 'two'}=1"]
    assert main(["average", str(tmp_path / "mean"), *parts]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("mtgan-generator")
    mean = load_weights(tmp_path / "mean" / "mtgan-generator")
    assert torch.allclose(mean.head.weight, 0.75 * one.head.weight + 0.25 * two.head.weight, atol=1e-6)
    assert torch.allclose(mean.layout_head.bias[0], 0.75 * one.layout_head.bias[0] + 0.25 * two.layout_head.bias[0])
    assert torch.equal(mean.layout_head.weight[1:], one.layout_head.weight[1:])
    assert torch.equal(mean.corner_head[0].weight, one.corner_head[0].weight)
    known = facts(tmp_path / "mean" / "mtgan-generator")
    assert known["plates_seen"] == 7 and known["command"].splitlines()[1].startswith("python -m lpgan_demo average")


def test_an_average_needs_two_and_positive_shares(tmp_path):
    save(tmp_path / "one", 0, ("cn_blue",))
    for parts in ([(tmp_path / "one", 1.0)], [(tmp_path / "one", 1.0), (tmp_path / "one", 0.0)]):
        with pytest.raises(ValueError, match="share"):
            average_weights(parts, tmp_path / "mean")
