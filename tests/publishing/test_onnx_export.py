"""The same plates without PyTorch: graphs exported, checked, and read by ONNX Runtime."""

import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from visiting import scene

from lpgan_demo.cli.main import main
from lpgan_demo.evaluation.readers.judge import PictureReader
from lpgan_demo.images import encode_png
from lpgan_demo.inference.onnx_backend import OnnxDetector, OnnxGraphs
from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.networks import load_weights
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.deblur_gan import DeblurGenerator, DeblurGeneratorConfig
from lpgan_demo.plates import get_layout
from lpgan_demo.plates.standard import standard_plate
from lpgan_demo.publishing.onnx_compact import to_half, to_int8
from lpgan_demo.publishing.onnx_drawing import WindowedDecoder
from lpgan_demo.results import WeightsError
from lpgan_demo.weights import ONNX, is_intact
from lpgan_demo.weights.folder import BUNDLED, digests
from lpgan_demo.weights.golden import GOLDEN

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    assert main(["export", "onnx", str(folder), "--all"]) == 0
    return folder


@pytest.fixture
def crops():
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (h, w, 3), np.uint8) for h, w in ((24, 94), (8, 31), (60, 200), (30, 90))]


def test_onnx_gives_pytorchs_plates_in_batches_of_any_size(graphs, crops):
    exact = PlatePipeline.from_pretrained(precision="fp32").read_plates(crops)
    for batch_size in (1, 3, 4):
        plates = PlatePipeline.from_pretrained(graphs, backend="onnx").read_plates(crops, batch_size)
        for a, b in zip(exact, plates):
            assert a.text == b.text and a.layout == b.layout
            assert a.confidence == pytest.approx(b.confidence, abs=1e-4)
            assert np.abs(a.super_resolved.astype(int) - b.super_resolved).max() <= 1


def test_every_network_has_a_graph_that_gives_its_golden_tensors(graphs):
    import onnxruntime
    from safetensors.numpy import load_file

    folders = [path.parent for path in BUNDLED.glob("*/model.safetensors") if path.parent.name != "detector"]
    assert len(folders) >= 4
    for folder in folders:
        golden = load_file(folder / GOLDEN)
        session = onnxruntime.InferenceSession(graphs / f"{folder.name}.onnx", providers=["CPUExecutionProvider"])
        found = session.run(None, {i.name: golden[f"input.{i.name}"] for i in session.get_inputs()})
        wanted = [value for name, value in golden.items() if name.startswith("output.")]
        assert len(found) == len(wanted)
        for value in found:
            assert min(np.abs(value - other).max() for other in wanted if other.shape == value.shape) < 2e-3


FIELD = dict(num_blocks=1, head_features=4, growth_rate=2, tail_features=4)


@pytest.mark.parametrize(
    "small",
    [
        DeblurGenerator(DeblurGeneratorConfig(**FIELD)),
        DeblurGenerator(DeblurGeneratorConfig(**FIELD, fold=4, guided=True)),
    ],
)
def test_the_deblur_generators_graph_takes_any_size(tmp_path, small):
    import onnxruntime

    small.eval()
    save_weights(small, tmp_path / "weights" / "deblur-generator")
    assert main(["export", "onnx", str(tmp_path / "graphs"), "--weights", str(tmp_path / "weights"), "--all"]) == 0
    session = onnxruntime.InferenceSession(tmp_path / "graphs" / "deblur-generator.onnx")
    channels = 5 if small.config.guided else 3
    picture = np.random.default_rng(0).uniform(-1, 1, (2, channels, 40, 52)).astype(np.float32)
    (found,) = session.run(None, {session.get_inputs()[0].name: picture})
    assert np.abs(found - small(torch.from_numpy(picture)).detach().numpy()).max() < 1e-4


def test_the_decoder_without_deconvolutions_draws_the_same_plates():
    decoder = load_weights(BUNDLED / "mtgan-generator").decoder
    windowed, rng = WindowedDecoder(decoder).eval(), torch.Generator().manual_seed(0)
    layout = torch.arange(len(decoder.places))
    codes = torch.rand(len(layout), 9, decoder.start.in_features, generator=rng)
    with torch.inference_mode():
        assert (windowed(codes, layout) - decoder(codes, layout)).abs().max() < 1e-5
        assert decoder(codes, layout).std() > 0.1
        seven = windowed(codes[:1, :7], layout[:1])  # cn_blue has seven characters
        assert (seven - decoder(codes[:1], layout[:1])).abs().max() < 1e-5


def test_the_detectors_convolutions_pad_their_inputs_themselves(graphs):
    nodes = onnx.load(graphs / "detector.onnx").graph.node
    padded = {node.output[0] for node in nodes if node.op_type == "Pad"}
    assert not [node.name for node in nodes if node.op_type == "Conv" and node.input[0] in padded]
    assert any(list(node.attribute[-1].ints) == [2, 2] for node in nodes if node.op_type == "Conv")  # strides


def test_the_graph_of_another_version_is_named(graphs):
    with pytest.raises(WeightsError, match="mtgan-decoder.*export it again"):
        OnnxGraphs(graphs).run("mtgan-decoder", codes=np.zeros((1, 9, 5), np.float32), layout=np.zeros(1, np.int64))


def test_views_and_tracks_work_alike(graphs, crops):
    exact = PlatePipeline.from_pretrained(views=3, precision="fp32").read_track(crops)
    track = PlatePipeline.from_pretrained(graphs, backend="onnx", views=3).read_track(crops)
    assert exact.text == track.text and exact.confidence == pytest.approx(track.confidence, abs=1e-3)


def test_reading_needs_no_pytorch(graphs):
    program = (
        "import sys; sys.modules['torch'] = None; import numpy as np; from lpgan_demo import PlatePipeline;"
        "pipeline = PlatePipeline.from_pretrained(sys.argv[1], backend='onnx');"
        "print(pipeline.read_plate('examples/tilted.png').text)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(graphs)], capture_output=True, text=True)
    assert done.stdout.strip() == PlatePipeline.from_pretrained().read_plate("examples/tilted.png").text, done.stderr


STREET_TEXTS = ("皖A88888", "51F12345")


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A drawn street with a Chinese and a Vietnamese plate, as a PNG."""
    picture = scene([(STREET_TEXTS[0], "cn_blue", (80, 330)), (STREET_TEXTS[1], "vn_one_row", (420, 360))])
    path = tmp_path_factory.mktemp("street") / "street.png"
    path.write_bytes(encode_png(picture))
    return path


def test_a_photo_is_read_alike_with_its_corners_and_ink(graphs, photo):
    exact = PlatePipeline.from_pretrained(precision="fp32")(photo)
    found = PlatePipeline.from_pretrained(graphs, backend="onnx")(photo)
    assert [plate.text for plate in exact] == [plate.text for plate in found] and len(found) == 2
    for a, b in zip(exact, found):
        assert np.abs(a.corners - b.corners).max() < 0.1 and a.detection == pytest.approx(b.detection, abs=1e-3)
        assert a.confidence == pytest.approx(b.confidence, abs=1e-3)
        assert np.abs(a.deblurred.astype(int) - b.deblurred).mean() < 1 and (a.binary != b.binary).mean() < 0.005


def test_the_detectors_graph_takes_pictures_of_any_size_and_finds_nothing_in_an_empty_one(graphs):
    detector = OnnxDetector(OnnxGraphs(graphs))
    for size in ((32, 32), (75, 130), (300, 64)):
        corners, scores = detector(np.zeros((3, *size), np.float32))
        assert corners.shape == (len(scores), 4, 2) and not (scores > 0.5).any()


WITHOUT_TORCH = "import sys; sys.modules['torch'] = sys.modules['torchvision'] = None; "


def without_torch(program: str, *arguments) -> subprocess.CompletedProcess:
    """Run a program in a process that cannot import PyTorch."""
    command = [sys.executable, "-c", WITHOUT_TORCH + program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_photos_are_read_from_the_command_line_without_pytorch(graphs, photo):
    program = "from lpgan_demo.cli.main import main; sys.exit(main(['read', sys.argv[2], '--weights', sys.argv[1]]))"
    done = without_torch(program, graphs, photo)
    assert done.returncode == 0, done.stderr
    assert all(text in done.stdout for text in STREET_TEXTS)


def test_the_page_answers_without_pytorch(graphs, photo):
    program = (
        "import os; os.environ['LPGAN_WEIGHTS'] = sys.argv[1]; from lpgan_demo.ui import build, api;"
        "page = build(); names = [f.api_name for f in page.fns.values()]; assert 'compare_plate' not in names;"
        "assert 'read_photo' in names; print([plate['text'] for plate in api.read_photo(sys.argv[2])])"
    )
    done = without_torch(program, graphs, photo)
    assert done.returncode == 0, done.stderr
    assert all(text in done.stdout for text in STREET_TEXTS)


def test_the_independent_reader_reads_alike(graphs):
    layout = get_layout("cn_blue")
    texts = [layout.random_text(np.random.default_rng(k)) for k in range(6)]
    pictures = [standard_plate(text, layout) for text in texts]
    assert PictureReader.from_pretrained(graphs, backend="onnx")(pictures, ["cn_blue"] * 6) == texts


def test_the_published_graphs_are_made_from_the_published_weights():
    folder = BUNDLED / ONNX
    assert is_intact(folder) and (folder / "README.md").is_file()
    made_from = json.loads((folder / "config.json").read_text(encoding="utf-8"))["made_from"]
    assert {"mtgan-generator", "mtgan-discriminator", "detector"} <= set(made_from)
    for name, digest in made_from.items():
        assert digests(BUNDLED / name)["model.safetensors"] == digest, f"export onnx again: {name} is newer"


def test_graphs_say_nothing_about_the_machine_that_made_them(graphs):
    for path in [*graphs.glob("*.onnx"), *(BUNDLED / ONNX).glob("*.onnx")]:
        contents = path.read_bytes()
        assert not [word for word in (b"site-packages", b"lpgan_demo") if word in contents], path


def test_the_bundled_graphs_read_without_being_named():
    plate = PlatePipeline.from_pretrained(backend="onnx").read_plate("examples/tilted.png")
    assert plate.text == PlatePipeline.from_pretrained().read_plate("examples/tilted.png").text


@pytest.mark.parametrize("smaller", [to_int8, to_half])
def test_smaller_graphs_find_and_read_the_same_plates(graphs, tmp_path, smaller, photo):
    for path in graphs.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    before = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    written = smaller(tmp_path, plates=48) if smaller is to_int8 else smaller(tmp_path)
    expected = {"mtgan-encoder.onnx", "mtgan-reader.onnx", "detector.onnx", "ink.onnx"}
    assert expected <= {path.name for path in written}
    assert all(path.stat().st_size < 0.8 * before[path.name] for path in written) and is_intact(tmp_path)
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"FOLDER --{'int8' if smaller is to_int8 else 'half'}" in card and "single precision; each" not in card
    assert f"| {(tmp_path / 'mtgan-encoder.onnx').stat().st_size / 1e6:.1f} |" in card
    found = PlatePipeline.from_pretrained(tmp_path, backend="onnx")(photo)
    assert tuple(plate.text for plate in found) == STREET_TEXTS
    layout = get_layout("cn_blue")
    texts = [layout.random_text(np.random.default_rng(k)) for k in range(12)]
    crops = [standard_plate(text, layout, (40, 120)) for text in texts]
    plates = PlatePipeline.from_pretrained(tmp_path, backend="onnx", views=1).read_plates(crops)
    assert sum(plate.text == text for plate, text in zip(plates, texts)) >= 11
    for a, b in zip(PlatePipeline.from_pretrained(graphs, backend="onnx", views=1).read_plates(crops), plates):
        assert np.abs(a.deblurred.astype(int) - b.deblurred).mean() < 8 and (a.binary != b.binary).mean() < 0.02


def test_missing_and_damaged_graphs_are_named(graphs, tmp_path):
    with pytest.raises(WeightsError, match="export onnx"):
        PlatePipeline.from_pretrained(tmp_path, backend="onnx")
    for path in graphs.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "mtgan-decoder.onnx").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="^mtgan-decoder.onnx in .* missing or damaged"):
        PlatePipeline.from_pretrained(tmp_path, backend="onnx")
    document = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    document["files"]["mtgan-decoder.onnx"] = hashlib.sha256(b"nonsense").hexdigest()
    (tmp_path / "config.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        PlatePipeline.from_pretrained(tmp_path, backend="onnx").read_plate(np.zeros((20, 60, 3), np.uint8))
    with pytest.raises(ValueError, match="backend"):
        PlatePipeline.from_pretrained(backend="tpu")
