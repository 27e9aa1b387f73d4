import json

import pytest
import torch

from lpgan_demo.cli.main import main
from lpgan_demo.networks.baselines import SRCNN, SRResNet, SRResNetConfig
from lpgan_demo.networks.registry import load_weights


@pytest.mark.parametrize("network", [SRCNN(), SRResNet(SRResNetConfig(num_features=8, num_blocks=1))])
def test_baselines_double_the_size_and_every_parameter_learns(network):
    out = network(torch.rand(3, 3, 32, 96) * 2 - 1, torch.tensor([0, 4, 2]), draw=2)
    assert out.restored.shape == (2, 3, 64, 192) and out.characters is None and out.layout is None
    out.restored.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_srcnn_has_the_papers_9_1_5_filters():
    assert [tuple(p.shape[2:]) for p in SRCNN().parameters() if p.dim() == 4] == [(9, 9), (1, 1), (5, 5)]


def test_srresnet_refuses_any_other_scale():
    with pytest.raises(ValueError, match="doubles"):
        SRResNet(SRResNetConfig(output_size=(96, 288)))


SMALL = ["--num-features", "8", "--num-blocks", "1", "--code-features", "16", "--code-blocks", "1", "--code-size", "12"]
SMALL += ["--d-features", *"4 4 4 4 4 4 4 4".split(), "--d-code-size", "6", "--workers", "0", "--precision", "fp32"]


@pytest.mark.parametrize(
    "name, logged",
    [
        ("srcnn", {"g_pixel"}),
        ("srgan", {"g_pixel", "g_adv", "g_char", "d_real", "d_fake"}),
        ("dp-gan", {"g_pixel", "g_adv", "g_char", "d_real", "d_fake", "g_head", "g_layout"}),
        ("gn", {"g_pixel", "g_head", "g_layout"}),
    ],
)
def test_each_baseline_trains_with_its_own_losses_and_is_exported(tmp_path, name, logged):
    run = tmp_path / "run"
    options = ["--steps", "2", "--batch-size", "2", "--threads", "1", "--run", str(run), *SMALL]
    assert main(["train", name, *options]) == 0
    line = json.loads((run / "log.jsonl").read_text().splitlines()[0])
    assert set(line) - {"step", "seconds", "steps_per_second"} == logged
    if "d_fake" in logged:
        assert line["d_fake"] < 2  # one real/fake unit, no characters
    assert main(["export", str(run / "checkpoint.pt"), str(tmp_path / "weights")]) == 0
    assert [folder.name for folder in (tmp_path / "weights").iterdir()] == [f"{name}-generator"]
    load_weights(tmp_path / "weights" / f"{name}-generator")


def test_dp_gan_may_begin_with_gn_s_weights(tmp_path, capsys):
    options = ["--steps", "1", "--batch-size", "2", "--threads", "1", *SMALL]
    assert main(["train", "gn", "--run", str(tmp_path / "gn"), *options]) == 0
    assert main(["export", str(tmp_path / "gn" / "checkpoint.pt"), str(tmp_path / "weights")]) == 0
    begun = ["--start", f"{tmp_path / 'weights'}=gn", "--learning-rate", "1e-12", "--weight-decay", "0"]
    assert main(["train", "dp-gan", "--run", str(tmp_path / "dp-gan"), *begun, *options]) == 0
    assert main(["export", str(tmp_path / "dp-gan" / "checkpoint.pt"), str(tmp_path / "weights")]) == 0
    first, then = (load_weights(tmp_path / "weights" / f"{name}-generator") for name in ("gn", "dp-gan"))
    assert "--start weights=gn" in (tmp_path / "weights" / "dp-gan-generator" / "config.json").read_text()
    for a, b in zip(first.parameters(), then.parameters()):
        assert torch.allclose(a, b, atol=1e-4)
    assert main(["train", "dp-gan", "--run", str(tmp_path / "x"), "--start", f"{tmp_path}=gn", *options]) == 2
    assert "gn-generator" in capsys.readouterr().err
