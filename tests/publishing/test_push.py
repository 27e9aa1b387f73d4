"""Uploads, to a Hub played by a server on this machine, from a git checkout made for the test."""

import subprocess

import pytest
import torch
from hub_server import HubServer

from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.networks.baselines import SRCNN
from lpgan_demo.networks.mtgan import MultiTaskDiscriminator, SRGenerator
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.publishing import push as publish
from lpgan_demo.results import WeightsError
from lpgan_demo.weights.folder import BUNDLED, REVISION
from lpgan_demo.weights.golden import write_golden
from lpgan_demo.weights.hub import weights_folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    server = HubServer(tmp_path / "remote", revisions=("main",))
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield server
    server.close()


def git(root, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def checkout(small_weights, tmp_path, monkeypatch):
    """A clean checkout with small weights, ready to be published but for the example pictures."""
    root = tmp_path / "checkout"
    root.mkdir()
    for network in small_weights.iterdir():
        (network / "README.md").write_text("card")
        write_golden(load_weights(network), network)
    small_weights.rename(root / "weights")
    (root / "app.py").write_text("pass\n")
    (root / "secret.txt").write_text("not for the Space\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "all")
    only_networks = lambda folder: [check for check in verify(folder) if not check[0].startswith("examples/")]  # noqa: E731
    verify = publish.verify
    monkeypatch.setattr(publish, "verify", only_networks)
    return root


def test_what_is_pushed_can_be_loaded_by_its_tag(hub, checkout, tmp_path):
    said = publish.push("plates/demo", checkout / "weights", root=checkout)
    assert "mtgan-generator/model.safetensors" in said and "sha256" in said and "uploaded" in said
    assert REVISION in hub.revisions
    pipeline = PlatePipeline.from_pretrained("plates/demo", cache_dir=tmp_path / "cache", precision="fp32")
    here = load_weights(checkout / "weights" / "mtgan-generator")
    assert all(torch.equal(a, b) for a, b in zip(pipeline.restorer.networks.generator.parameters(), here.parameters()))
    with pytest.raises(WeightsError, match="already"):
        publish.push("plates/demo", checkout / "weights", root=checkout)


def test_a_dry_run_prints_the_plan_and_uploads_nothing(hub, checkout):
    said = publish.push("plates/demo", checkout / "weights", dry_run=True, root=checkout)
    assert "8 files" in said and "nothing was uploaded" in said
    said = publish.push_space("plates/demo", dry_run=True, root=checkout)
    assert "app.py" in said and "weights/mtgan-generator/config.json" in said and "secret" not in said
    assert hub.posts == [] and not (hub.folder).exists()


def test_the_space_gets_the_demo_and_nothing_else(hub, checkout):
    publish.push_space("plates/demo", root=checkout)
    assert (hub.folder / "app.py").is_file() and (hub.folder / "weights/mtgan-generator/model.safetensors").is_file()
    assert not (hub.folder / "secret.txt").exists()


def test_the_space_links_to_the_weights(hub, checkout):
    (checkout / "README.md").write_text("---\ntitle: Demo\n---\n\n# Demo\n---\nend\n")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-qm", "readme")
    with pytest.raises(WeightsError, match="not OWNER/NAME"):
        publish.push_space("plates/demo", models="no repository", root=checkout)
    publish.push_space("plates/demo", models="plates/weights", root=checkout)
    said = (hub.folder / "README.md").read_text()
    assert said == "---\ntitle: Demo\nmodels:\n  - plates/weights\n---\n\n# Demo\n---\nend\n"


def test_a_dirty_checkout_and_failing_verification_are_refused(hub, checkout):
    golden = checkout / "weights" / "mtgan-generator" / "golden.safetensors"
    (checkout / "app.py").write_text("changed\n")
    with pytest.raises(WeightsError, match="commit first: 1 changed"):
        publish.push("plates/demo", checkout / "weights", root=checkout)
    git(checkout, "checkout", "-q", "app.py")
    golden.unlink()
    git(checkout, "commit", "-aqm", "lost")
    with pytest.raises(WeightsError, match="no golden.safetensors"):
        publish.push("plates/demo", checkout / "weights", root=checkout)
    with pytest.raises(WeightsError, match="not a git checkout"):
        publish.push("plates/demo", checkout / "weights", root=checkout / "weights" / "none")
    assert hub.posts == []


def test_a_refusal_of_the_hub_is_one_sentence(hub, checkout):
    hub.token = "hf_secret"
    with pytest.raises(WeightsError, match="refused plates/demo"):
        publish.push("plates/demo", checkout / "weights", root=checkout)
    hub.close()
    with pytest.raises(WeightsError, match="refused plates/demo"):
        publish.push("plates/demo", checkout / "weights", root=checkout)


def test_the_bundled_weights_are_complete_and_small_enough():
    files = publish.weight_files(BUNDLED)
    assert "mtgan-generator/model.safetensors" in files and len(files) % 4 in (0, 1)


def test_too_large_weights_are_refused(checkout, monkeypatch):
    monkeypatch.setattr(publish, "MAX_FILE", 1000)
    with pytest.raises(WeightsError, match="MiB"):
        publish.weight_files(checkout / "weights")


def test_networks_come_and_go_by_themselves(hub, small_weights, small_networks, tmp_path):
    generator = small_networks[0]
    folder = generator.save_pretrained(tmp_path / "mine", note="mine")
    assert torch.equal(SRGenerator.from_pretrained(folder).head.weight, generator.head.weight)
    assert SRGenerator.from_pretrained(tmp_path, subfolder="mine").config == generator.config
    assert isinstance(MultiTaskDiscriminator.from_pretrained("plate-judge"), MultiTaskDiscriminator)
    with pytest.raises(WeightsError, match="of SRGenerator, not of SRCNN"):
        SRCNN.from_pretrained(folder)
    with pytest.raises(WeightsError, match="no bundled network"):
        SRCNN.from_pretrained("nothing-of-the-kind")
    address = generator.push_to_hub("plates/demo", subfolder="mtgan-generator")
    assert address.startswith(hub.url)
    options = {"revision": "main", "cache_dir": tmp_path / "cache"}
    again = SRGenerator.from_pretrained("plates/demo", subfolder="mtgan-generator", **options)
    assert torch.equal(again.head.weight, generator.head.weight)
    generator.push_to_hub("plates/demo")  # at the root of its own repository, as the Hub's models usually lie
    assert SRGenerator.from_pretrained("plates/demo", **options).config == generator.config
    assert weights_folder("plates/demo", "mtgan-generator", **options).is_dir()
