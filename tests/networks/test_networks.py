"""Every registered network runs, learns, and comes back from its files."""

import pytest
import torch

from lpgan_demo.networks.registry import NETWORKS, network_class
from lpgan_demo.results import WeightsError

FIELD = dict(input_size=(32, 48), num_blocks=1, head_features=6, growth_rate=4, bottleneck=4, tail_features=5)
SMALL = {
    "SRGenerator": dict(num_features=8, num_blocks=1, code_features=16, code_blocks=1, code_size=12),
    "MultiTaskDiscriminator": dict(features=(4,) * 8, code_size=6),
    "SRCNN": dict(features=(8, 4)),
    "SRResNet": dict(num_features=8, num_blocks=1),
    "DeblurGenerator": FIELD,
    "PatchDiscriminator": dict(features=(4, 6, 8)),
    "PlateFasterRCNN": dict(input_size=(96, 128), features=8, box_features=8, corner_features=8),
    "CharacterClassifier": dict(hidden=8),
}


@pytest.fixture(params=NETWORKS)
def network(request):
    torch.manual_seed(0)
    chosen = network_class(request.param)
    return chosen(chosen.config_class(**SMALL.get(request.param, {})))


def tensors(out):
    """All tensors of an output: a tensor, or a tuple, list or dict of outputs."""
    if isinstance(out, torch.Tensor) or out is None:
        return [] if out is None else [out]
    return [tensor for part in (out.values() if isinstance(out, dict) else out) for tensor in tensors(part)]


def test_example_inputs_run_forward_and_every_parameter_gets_a_finite_gradient(network):
    inputs = list(network.example_inputs().values())
    with torch.no_grad():
        outputs = tensors(network.eval()(*inputs))
    assert outputs and all(torch.isfinite(value).all() for value in outputs)
    if type(network).__name__ == "PlateFasterRCNN":
        from lpgan_demo.networks.detector import as_targets

        corners = torch.tensor([[[[20.0, 30], [80, 30], [80, 50], [20, 50]]]])
        inputs.append(as_targets(corners, torch.tensor([1])))
    sum(value.sum() for value in tensors(network.train()(*inputs))).backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert without == []


def test_a_saved_network_comes_back_through_its_own_class_only(network, tmp_path):
    folder = network.save_pretrained(tmp_path / "saved", note="kept")
    loaded = type(network).from_pretrained(folder)
    assert type(loaded) is type(network) and loaded.config == network.config and not loaded.training
    expected = network.state_dict()
    assert list(loaded.state_dict()) == list(expected)
    assert all(torch.equal(value, expected[name]) for name, value in loaded.state_dict().items())
    other = network_class("SRResNet" if type(network).__name__ == "SRCNN" else "SRCNN")
    with pytest.raises(WeightsError, match=f"of {type(network).__name__}, not of {other.__name__}"):
        other.from_pretrained(folder)
