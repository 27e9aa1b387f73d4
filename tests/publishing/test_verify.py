import torch

from lpgan_demo.cli.main import main
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.publishing.verify import verify
from lpgan_demo.weights.folder import BUNDLED
from lpgan_demo.weights.golden import GOLDEN, deviation, write_golden


def test_the_bundled_weights_answer_as_published(capsys):
    assert main(["verify"]) == 0
    lines = capsys.readouterr().out.splitlines()
    networks = [path.parent.name for path in BUNDLED.glob("*/model.safetensors")]
    assert all(any(name in line for line in lines) for name in networks) and all(s.startswith("ok") for s in lines)


def test_golden_tensors_notice_other_weights_of_the_same_form(small_weights, capsys):
    folder = small_weights / "mtgan-generator"
    assert (folder.name, False, f"there is no {GOLDEN}") in verify(small_weights)
    write_golden(load_weights(folder), folder)
    assert deviation(load_weights(folder), folder) < 1e-5
    network = load_weights(folder)
    with torch.no_grad():
        network.decoder.tail.to_rgb.bias.add_(0.05)
    save_weights(network, folder)  # whole files, right checksum, another picture
    assert deviation(load_weights(folder), folder) > 1e-2
    assert main(["verify", "--weights", str(small_weights)]) == 1
    assert "NOT  mtgan-generator" in capsys.readouterr().out
    assert main(["verify", "--weights", str(small_weights), "--write"]) == 1  # the examples still read otherwise
    assert "ok   mtgan-generator" in capsys.readouterr().out


def test_golden_tensors_of_another_network_do_not_pass(small_weights):
    write_golden(load_weights(small_weights / "mtgan-generator"), small_weights / "mtgan-generator")
    write_golden(load_weights(small_weights / "mtgan-discriminator"), small_weights / "mtgan-discriminator")
    (small_weights / "mtgan-generator" / GOLDEN).replace(small_weights / "mtgan-discriminator" / GOLDEN)
    assert deviation(
        load_weights(small_weights / "mtgan-discriminator"), small_weights / "mtgan-discriminator"
    ) == float("inf")
