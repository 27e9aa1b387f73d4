"""Networks prepared for prediction: the same function, the caller's own network left alone."""

import pytest
import torch

from lpgan_demo.inference.optimise import prepared, resolve_precision
from lpgan_demo.networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from lpgan_demo.networks.testing import randomise


@pytest.fixture
def generator():
    small = {"head_features": 8, "growth_rate": 4, "bottleneck": 8, "tail_features": 8, "num_blocks": 2}
    network = DeblurGenerator(DeblurGeneratorConfig(**small, fold=4))
    randomise(network)
    return network.eval()


def test_the_copy_has_no_batch_norm_and_the_same_answers(generator):
    picture = torch.rand(2, 3, 32, 48) * 2 - 1
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    network, autocast = prepared(generator, "cpu", "fp32")
    with torch.no_grad(), autocast():
        assert torch.allclose(network(picture), generator(picture), atol=1e-4)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in generator.modules())


def test_weights_kept_in_bf16_answer_as_weights_rounded_at_each_call(small_networks):
    generator, _ = small_networks
    lq, layout = torch.rand(2, 3, 32, 96) * 2 - 1, torch.zeros(2, dtype=torch.long)
    network, autocast = prepared(generator, "cpu", "bf16")
    assert network.head.weight.dtype == torch.bfloat16 and generator.head.weight.dtype == torch.float32
    with torch.no_grad(), autocast():
        assert torch.allclose(network(lq, layout).restored, generator.eval()(lq, layout).restored, atol=0.02)


def test_a_precision_is_a_known_word():
    assert resolve_precision("auto", torch.device("cpu")) in ("fp32", "bf16")
    assert resolve_precision("bf16", torch.device("cpu")) == "bf16"
    with pytest.raises(ValueError, match="fp32, bf16 or auto"):
        resolve_precision("int8", torch.device("cpu"))
