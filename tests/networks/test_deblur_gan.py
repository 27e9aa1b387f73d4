from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lpgan_demo.images.pixels import binarise
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.deblur_gan import (
    DeblurGenerator,
    DeblurGeneratorConfig,
    DenseBlock,
    PatchDiscriminator,
    PatchDiscriminatorConfig,
)
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.training.losses import CONVOLUTIONS, VGG16Features, perceptual_loss

SMALL = DeblurGeneratorConfig(num_blocks=2, head_features=6, growth_rate=3, bottleneck=4, tail_features=5)


def test_dense_block_is_the_papers_chain_and_keeps_what_came_before():
    block = DenseBlock(5, 3, 4)
    kinds = [type(layer) for layer in block.layers]
    assert kinds == [nn.LeakyReLU, nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU, nn.Conv2d, nn.BatchNorm2d]
    assert block.layers[1].kernel_size == (1, 1) and block.layers[4].kernel_size == (3, 3)
    x = torch.randn(2, 5, 7, 9)
    out = block(x)
    assert out.shape == (2, 8, 7, 9) and torch.equal(out[:, :5], x)


@pytest.mark.parametrize("size", [(128, 192), (128, 128), (37, 91)])
def test_generator_takes_any_size_and_every_parameter_learns(size):
    network = DeblurGenerator(SMALL)
    out = network(torch.rand(2, 3, *size) * 2 - 1)
    assert out.shape == (2, 1, *size) and out.abs().max() <= 1
    (out * torch.randn(out.shape)).mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_default_generator_has_ten_dense_blocks_and_a_global_skip():
    network = DeblurGenerator()
    assert sum(isinstance(m, DenseBlock) for m in network.modules()) == 10
    config = network.config
    assert network.to_grey.in_channels == config.head_features + config.tail_features
    assert network.tail[1].in_channels == config.head_features + 10 * config.growth_rate


def test_a_folded_generator_takes_any_size_and_sees_further():
    torch.manual_seed(0)
    folded, plain = DeblurGenerator(replace(SMALL, fold=4)).eval(), DeblurGenerator(SMALL).eval()
    assert folded(torch.rand(2, 3, 37, 91)).shape == (2, 1, 37, 91)
    picture = torch.rand(1, 3, 64, 96)
    touched = picture.clone()
    touched[..., 32, 48] += 1
    reach = []
    for network in (plain, folded):
        changed = (network(touched) - network(picture)).abs()[0, 0].amax(0).nonzero()
        reach.append(int(changed.max() - changed.min()))
    assert reach[0] < 12 < reach[1]


def test_discriminator_answers_for_patches_by_four_convolutions():
    blurred, grey = torch.rand(2, 3, 128, 192), torch.rand(2, 1, 128, 192)
    network = PatchDiscriminator()
    answers = network(blurred, grey)
    assert answers.shape == (2, 1, 15, 23)
    assert sum(isinstance(m, nn.Conv2d) for m in network.modules()) == 4
    assert not torch.allclose(network(blurred * 0, grey), answers)  # it sees the blurred picture too
    alone = PatchDiscriminator(PatchDiscriminatorConfig(conditional=False))
    assert torch.equal(alone(blurred * 0, grey), alone(blurred, grey))


def test_binarise_is_otsu_and_leaves_a_flat_picture_blank():
    grey = np.full((20, 30), 200, np.uint8)
    assert (binarise(grey) == 255).all()
    grey[5:15, 10:20] = 60
    found = binarise(grey)
    assert set(np.unique(found)) == {0, 255} and (found == 0).sum() == 100


def test_weights_come_back_with_their_running_statistics(tmp_path):
    network = DeblurGenerator(SMALL)
    network(torch.rand(2, 3, 16, 16))
    loaded = load_weights(save_weights(network.eval(), tmp_path / "deblur"))
    x = torch.rand(1, 3, 16, 24)
    assert torch.equal(loaded(x), network(x))


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """VGG16's form with random convolutions, in a file as the trained ones come."""
    rng = np.random.default_rng(0)
    widths = (3, 64, 64, 128, 128, 256, 256, 256)
    arrays = {}
    for name, a, b in zip(CONVOLUTIONS, widths, widths[1:]):
        arrays[f"{name}.weight"] = rng.normal(0, (2 / (9 * a)) ** 0.5, (b, a, 3, 3)).astype(np.float32)
        arrays[f"{name}.bias"] = np.zeros(b, np.float32)
    path = tmp_path_factory.mktemp("vgg") / "vgg16.npz"
    np.savez(path, **arrays)
    return VGG16Features(str(path))


def test_perceptual_loss_is_zero_for_equal_pictures_and_teaches_only_the_made_one(features):
    truth = torch.rand(1, 1, 32, 48) * 2 - 1
    made = (truth + 0.3 * torch.randn(truth.shape)).requires_grad_()
    assert features(truth).shape == (1, 256, 8, 12)
    assert perceptual_loss(features, truth, truth) == 0
    loss = perceptual_loss(features, made, truth)
    loss.backward()
    assert loss > 0 and made.grad.abs().sum() > 0
    assert not any(p.requires_grad for p in features.parameters())


def test_a_perceptual_network_that_is_not_there_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.npz"):
        VGG16Features(str(tmp_path / "none.npz"))
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match="does not hold"):
        VGG16Features(str(tmp_path / "other.npz"))
