import json

import pytest
import torch
from torch import nn

from lpgan_demo.hub import load_weights, save_weights, weights_folder
from lpgan_demo.results import WeightsError


def edit(folder, change):
    path = folder / "config.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_saved_networks_come_back_equal_and_in_evaluation_mode(small_networks, small_weights):
    for name, network in zip(("mtgan-generator", "mtgan-discriminator"), small_networks):
        loaded = load_weights(small_weights / name)
        assert loaded.config == network.config and not loaded.training
        for (a, x), (b, y) in zip(network.state_dict().items(), loaded.state_dict().items(), strict=True):
            assert a == b and torch.equal(x, y)


def test_damage_of_the_same_size_is_noticed(small_weights):
    path = small_weights / "mtgan-generator" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-5] ^= 255
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(path.parent)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["config"].update(num_blokcs=3), "num_blokcs"),
        (lambda d: d["config"].pop("num_blocks"), "missing keys .'num_blocks'"),
        (lambda d: d["config"].update(num_blocks=2), "do not fit"),
        (lambda d: d.update(network="Other"), "not a configuration"),
        (lambda d: d.pop("sha256"), "not a configuration"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(small_weights, change, words):
    edit(small_weights / "mtgan-generator", change)
    with pytest.raises(WeightsError, match=words):
        load_weights(small_weights / "mtgan-generator")


def test_missing_files_and_folders_are_named(small_weights, tmp_path):
    (small_weights / "mtgan-generator" / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"model\.safetensors"):
        load_weights(small_weights / "mtgan-generator")
    with pytest.raises(WeightsError, match="nowhere"):
        weights_folder(tmp_path / "nowhere", "mtgan-generator")
    with pytest.raises(WeightsError, match="'other'"):
        weights_folder(small_weights, "other")


def test_only_the_packages_networks_can_be_saved(tmp_path):
    with pytest.raises(WeightsError, match="Linear"):
        save_weights(nn.Linear(2, 2), tmp_path)
