"""The proof that tutorials rest on must accept the same network under other names, and nothing else."""

import pytest
import torch
from torch import nn

from lpgan_demo.networks.baselines import SRCNN, SRCNNConfig
from lpgan_demo.networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig, DenseBlock
from lpgan_demo.networks.testing import assert_same_network, copy_parameters, randomise

SMALL = DeblurGeneratorConfig(input_size=(16, 24), num_blocks=2, head_features=4, growth_rate=3, bottleneck=4)


class Mine(nn.Module):
    """A student's deblur generator: other names, the same order; each mistake as an option."""

    def __init__(self, slope=0.2, skip=True, bias=False, momentum=0.1):
        super().__init__()
        c, self.skip = 4, skip
        self.first = nn.Conv2d(3, c, 3, padding=1)
        self.dense = nn.ModuleList()
        for _ in range(2):
            block = DenseBlock(c, 3, 4)
            block.layers[0].negative_slope = slope
            block.layers[2].momentum = momentum
            self.dense.append(block)
            c += 3
        self.last = nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(c, 24, 1, bias=bias), nn.BatchNorm2d(24))
        self.out = nn.Conv2d(4 + 24, 1, 3, padding=1)

    def forward(self, x):
        first = x = self.first(x)
        for block in self.dense:
            x = block(x)
        first = first if self.skip else torch.zeros_like(first)
        return torch.tanh(self.out(torch.cat([first, self.last(x)], 1)))


def test_the_same_network_under_other_names_passes_and_is_left_alone():
    mine, packaged = Mine(), DeblurGenerator(SMALL)
    before = {name: value.clone() for name, value in packaged.state_dict().items()}
    assert_same_network(mine, packaged)
    assert all(torch.equal(value, before[name]) for name, value in packaged.state_dict().items())


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (dict(slope=0.1), "output 1 in evaluation mode"),
        (dict(skip=False), "output 1 in evaluation mode"),
        (dict(bias=True), "shape|tensors"),
        (dict(momentum=0.2), "after a step in training mode"),
    ],
)
def test_every_mistake_is_named(mistake, words):
    with pytest.raises(AssertionError, match=words):
        assert_same_network(Mine(**mistake), DeblurGenerator(SMALL))


def test_a_detached_path_is_found_by_its_gradients():
    class Detached(Mine):
        def forward(self, x):
            first = self.first(x)
            y = first.detach()
            for block in self.dense:
                y = block(y)
            return torch.tanh(self.out(torch.cat([first, self.last(y)], 1)))

    with pytest.raises(AssertionError, match="gradient of first"):
        assert_same_network(Detached(), DeblurGenerator(SMALL))


def test_every_packaged_network_equals_itself(small_networks):
    for network in (*small_networks, SRCNN(SRCNNConfig())):
        assert_same_network(network, network)


def test_parameters_are_copied_in_order_and_misfits_are_named():
    packaged, mine = DeblurGenerator(SMALL), Mine()
    randomise(packaged, seed=3)
    copy_parameters(packaged, mine)
    picture = torch.rand(1, 3, 16, 24)
    assert torch.allclose(mine.eval()(picture), packaged.eval()(picture), atol=1e-5)
    with pytest.raises(AssertionError, match="tensor 1: yours"):
        copy_parameters(packaged, nn.Conv2d(1, 1, 1))
    with pytest.raises(AssertionError, match="tensors against"):
        copy_parameters(packaged, packaged.head)
