import numpy as np
import pytest
import torch

from lpgan_demo.networks.mtgan import (
    DiscriminatorConfig,
    MultiTaskDiscriminator,
    PlainDecoder,
    ResidualBlock,
    SRGenerator,
    SRGeneratorConfig,
)
from lpgan_demo.networks.regions import LayoutTable, RegionCodes, RegionDecoder
from lpgan_demo.plates import LAYOUTS, SYMBOLS, allowed_symbols, get_layout

SMALL = dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=12)


def randomised(network, seed=0):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)
    return network


@pytest.mark.parametrize("decoder", ["region", "plain"])
@pytest.mark.parametrize("stride", [1, 2])
def test_generator_draws_the_standard_plate_and_every_parameter_learns(decoder, stride):
    network = randomised(SRGenerator(SRGeneratorConfig(decoder=decoder, stride=stride, **SMALL)))
    layout = torch.tensor([0, 4, 2])
    out = network(torch.randn(3, 3, 32, 96), layout)
    assert out.restored.shape == (3, 3, 64, 192) and out.restored.abs().max() <= 1
    loss = out.restored.square().mean()
    if decoder == "region":
        assert out.characters.shape == (3, 8, network.table.num_symbols) and out.layout.shape == (3, 5)
        loss = loss + out.characters.clamp(min=-50).mean() + out.layout.square().mean()
    else:
        assert out.characters is None and out.layout is None
    loss.backward()
    silent = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert silent == []


def test_without_a_given_layout_the_networks_own_answer_is_used():
    network = randomised(SRGenerator(SRGeneratorConfig(**SMALL))).eval()
    lq = torch.randn(4, 3, 32, 96)
    own = network(lq)
    assert torch.equal(own.restored, network(lq, own.layout.argmax(1)).restored)


def test_symbols_outside_the_layouts_alphabet_are_impossible():
    network = randomised(SRGenerator(SRGeneratorConfig(**SMALL)))
    for index, name in enumerate(network.config.layouts):
        logits = network(torch.randn(1, 3, 32, 96), torch.tensor([index])).characters[0]
        allowed = torch.as_tensor(allowed_symbols(get_layout(name))[:8, : network.table.num_symbols])
        assert (logits[~allowed] == -1e4).all() and (logits[allowed] > -1e3).all()


def test_heads_are_as_wide_as_the_symbols_of_their_layouts_need():
    assert LayoutTable(("vn_one_row",)).num_symbols < LayoutTable(("cn_blue",)).num_symbols
    assert LayoutTable(tuple(LAYOUTS)).num_symbols == len(SYMBOLS)


def test_an_unknown_kind_has_a_class_but_is_never_the_layout_that_is_read_by():
    network = randomised(SRGenerator(SRGeneratorConfig(unknown=True, **SMALL))).eval()
    with torch.no_grad():
        network.layout_head.bias[-1] = 50
    reading = network.encode(torch.randn(4, 3, 32, 96))
    assert reading.layout.shape == (4, 6) and (reading.layout.argmax(1) == 5).all() and (reading.used < 5).all()


def test_corners_begin_at_those_of_the_crop_and_learn():
    torch.manual_seed(0)
    network = SRGenerator(SRGeneratorConfig(corners=True, **SMALL))
    corners = network.encode(torch.randn(2, 3, 32, 96)).corners
    assert torch.equal(corners, torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1]]).expand(2, 4, 2))
    randomised(network).encode(torch.randn(2, 3, 32, 96)).corners.sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in network.corner_head.parameters())
    assert SRGenerator(SRGeneratorConfig(**SMALL)).encode(torch.randn(2, 3, 32, 96)).corners is None


def test_codes_of_chosen_slots_are_those_of_all_slots():
    codes = randomised(RegionCodes(5, 4, get_layout("cn_blue").regions, (8, 24)))
    features, slots = torch.randn(2, 5, 8, 24), torch.tensor([[6, 0], [3, 3]])
    every = codes(features)
    assert every.shape == (2, 7, 4)
    assert torch.allclose(codes(features, slots), every[torch.arange(2).unsqueeze(1), slots], atol=1e-6)


def test_each_character_is_drawn_from_its_own_code_only():
    decoder = randomised(RegionDecoder(SRGeneratorConfig().layouts, (64, 192), 12, PlainDecoder(32, 1, 16)))
    codes = torch.rand(1, 8, 12)
    changed = codes.clone()
    changed[0, 3] += 1
    blue = torch.tensor([0])
    moved = (decoder(codes, blue) - decoder(changed, blue)).abs().sum((0, 1)) > 1e-6
    columns = np.where(moved.any(0).numpy())[0] / 192
    x0, _, x1, _ = get_layout("cn_blue").regions[3]
    assert x0 - 0.02 <= columns.min() and columns.max() <= x1 + 0.02


def test_at_the_start_the_windows_look_at_their_characters_region():
    boxes = get_layout("cn_blue").regions
    codes = RegionCodes(1, 4, boxes, (8, 24))
    weights = torch.as_tensor(codes.windows).softmax(-1).reshape(7, 6, 8, 24).sum((1, 2))
    for row, (x0, _, x1, _) in zip(weights, boxes):
        centre = (row * (torch.arange(24) + 0.5) / 24).sum() / row.sum()
        assert x0 < centre < x1


def test_residual_block_starts_as_the_identity():
    x = torch.randn(2, 8, 5, 7)
    assert torch.equal(ResidualBlock(8)(x), x)


def test_discriminator_tells_real_from_fake_and_reads_and_every_parameter_learns():
    network = randomised(MultiTaskDiscriminator(DiscriminatorConfig(features=(4,) * 8, code_size=6)))
    out = network(torch.randn(2, 3, 64, 192), torch.tensor([0, 4]))
    assert out.real.shape == (2,) and out.characters.shape == (2, 8, network.table.num_symbols)
    (out.real.sum() + out.characters.clamp(min=-50).sum()).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
    assert len([m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]) == 8 + 1  # and the 1x1 of the windows


def test_wrong_sizes_are_refused_with_the_expected_shape():
    with pytest.raises(ValueError, match=r"\(32, 96\)"):
        SRGenerator(SRGeneratorConfig(**SMALL))(torch.zeros(1, 3, 24, 94))
    with pytest.raises(ValueError, match=r"\(64, 192\)"):
        MultiTaskDiscriminator()(torch.zeros(1, 3, 32, 96), torch.tensor([0]))
    with pytest.raises(ValueError, match="region"):
        SRGenerator(SRGeneratorConfig(decoder="wide"))


@pytest.mark.parametrize("decoder", ["region", "plain"])
def test_only_the_first_plates_are_drawn_but_all_are_read(decoder):
    torch.manual_seed(0)
    generator = SRGenerator(
        SRGeneratorConfig(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=12, decoder=decoder)
    ).eval()
    lq, layout = torch.rand(3, 3, 32, 96) * 2 - 1, torch.tensor([0, 4, 1])
    whole = generator(lq, layout)
    for draw in (2, 0):
        part = generator(lq, layout, draw)
        assert part.restored.shape[0] == draw
        assert torch.allclose(part.restored, whole.restored[:draw], atol=1e-5)
        if decoder == "region":
            assert torch.equal(part.characters, whole.characters)
