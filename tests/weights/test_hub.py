import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from hub_server import HubServer
from torch import nn

from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.results import WeightsError
from lpgan_demo.weights.hub import weights_folder


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


def test_damaged_weights_of_the_same_size_are_refused(small_weights):
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


def test_an_installed_package_says_where_weights_may_come_from(small_weights, tmp_path, monkeypatch):
    monkeypatch.setattr("lpgan_demo.weights.hub.BUNDLED", tmp_path / "nowhere")
    with pytest.raises(WeightsError, match="LPGAN_WEIGHTS"):
        weights_folder(None, "mtgan-generator")
    monkeypatch.setenv("LPGAN_WEIGHTS", str(small_weights))
    assert weights_folder(None, "mtgan-generator") == small_weights / "mtgan-generator"


def test_only_the_packages_networks_can_be_saved(tmp_path):
    with pytest.raises(WeightsError, match="Linear"):
        save_weights(nn.Linear(2, 2), tmp_path)


# ---- a local server that simulates the Hub -------------------------------------------------------------------


@pytest.fixture
def hub(small_weights, monkeypatch):
    server = HubServer(small_weights, revisions=("v1.0", "main"))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield server
    server.close()


def fetch(tmp_path, name="mtgan-generator", **options):
    options = {"revision": "v1.0", "cache_dir": tmp_path / "cache"} | options
    return weights_folder("plates/demo", name, **options)


def test_weights_come_from_the_hub_once_and_then_from_the_cache(hub, small_networks, tmp_path, capsys):
    folder = fetch(tmp_path)
    assert "downloading mtgan-generator of plates/demo at v1.0: " in capsys.readouterr().err
    loaded = load_weights(folder)
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), small_networks[0].parameters()))
    asked = len(hub.gets)
    hub.close()
    assert fetch(tmp_path) == folder and len(hub.gets) == asked  # a version tag in the cache needs no connection


def test_the_pipeline_reads_with_weights_from_the_hub(hub, tmp_path):
    crop = np.random.default_rng(0).integers(0, 255, (24, 94, 3), np.uint8)
    plates = [
        PlatePipeline.from_pretrained(source, **options).read_plate(crop)
        for source, options in (
            (hub.folder, {}),
            ("plates/demo", {"revision": "v1.0", "cache_dir": tmp_path / "cache"}),
        )
    ]
    assert plates[0].to_dict() == plates[1].to_dict()


def test_one_damaged_download_is_repeated_and_two_are_an_error(hub, tmp_path):
    hub.fault, hub.faults_left = "corrupt", 1
    load_weights(fetch(tmp_path))
    hub.faults_left = None
    with pytest.raises(WeightsError, match="damaged twice"):
        fetch(tmp_path, "mtgan-discriminator")
    hub.fault = None
    load_weights(fetch(tmp_path, "mtgan-discriminator"))  # the damaged file in the cache is not accepted


def test_a_checksum_that_never_fits_is_an_error(hub, tmp_path):
    edit(hub.folder / "mtgan-generator", lambda d: d.update(sha256="0" * 64))
    with pytest.raises(WeightsError, match="sha256"):
        fetch(tmp_path)


def test_a_download_cut_off_half_way_leaves_nothing_half_written(hub, tmp_path):
    hub.fault, hub.faults_left = "cut", 1
    try:
        folder = fetch(tmp_path)
    except WeightsError as error:  # not every version of the client resumes
        assert "cannot be reached" in str(error)
        hub.fault = None
        folder = fetch(tmp_path)
    load_weights(folder)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "deblur"}, "no 'deblur' in plates/demo at v1.0"),
        ({"revision": "v9.9"}, "no revision 'v9.9'"),
        ({"revision": None}, "no revision 'v0.1.0'"),
    ],
)
def test_missing_networks_and_revisions_are_named(hub, tmp_path, options, words):
    with pytest.raises(WeightsError, match=words):
        fetch(tmp_path, **options)


def test_a_missing_or_private_repository_is_named(hub, tmp_path):
    with pytest.raises(WeightsError, match="no repository plates/other"):
        weights_folder("plates/other", "mtgan-generator", cache_dir=tmp_path)
    hub.token = "hf_secret"
    with pytest.raises(WeightsError, match="needs a token"):
        fetch(tmp_path)
    assert fetch(tmp_path, token="hf_secret").is_dir()


def test_server_errors_and_timeouts_are_reported_in_one_sentence(hub, tmp_path, capsys):
    hub.fault = "503"
    with pytest.raises(WeightsError, match="answered 503"):
        fetch(tmp_path)
    hub.fault = "hang"  # takes connections and never answers
    with pytest.raises(WeightsError, match="cannot be reached"):
        fetch(tmp_path)
    hub.fault = None
    moving = fetch(tmp_path, revision="main")
    hub.close()
    with pytest.raises(WeightsError, match="cannot be reached"):
        fetch(tmp_path)
    assert fetch(tmp_path, revision="main") == moving  # the cached branch is used when offline
    assert "using the cached" in capsys.readouterr().err


def test_hf_hub_offline_prevents_every_request(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match="HF_HUB_OFFLINE"):
        fetch(tmp_path)
    assert hub.gets == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    folder = fetch(tmp_path, revision="main")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(hub.gets)
    assert fetch(tmp_path, revision="main") == folder and len(hub.gets) == asked


def test_two_processes_may_load_at_once(hub, tmp_path):
    program = (
        "import sys; from lpgan_demo.weights import weights_folder; from lpgan_demo.networks import load_weights;"
        "load_weights(weights_folder('plates/demo', 'mtgan-generator', revision='v1.0', cache_dir=sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "cache")]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0], [process.stderr.read() for process in both]
    assert not list((tmp_path / "cache").rglob("*.incomplete"))
