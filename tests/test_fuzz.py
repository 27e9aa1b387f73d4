"""Strange input at every entrance that takes files or words: a clear error or an answer, never anything else."""

import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lpgan_demo import images
from lpgan_demo.cli.main import main
from lpgan_demo.data.formats import load_real
from lpgan_demo.files.archives import ArchiveError, count_pictures, pictures_of
from lpgan_demo.files.video import frames_of
from lpgan_demo.networks.base import save_weights
from lpgan_demo.networks.baselines import SRCNN, SRCNNConfig
from lpgan_demo.networks.registry import load_weights
from lpgan_demo.results import PlateImageError, WeightsError

FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
JUNK = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=12)
"""(place, byte) pairs to write into good files."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


def spoil(data: bytes, junk, cut: float) -> bytes:
    spoilt = bytearray(data[: max(1, round(len(data) * cut))])
    for place, byte in junk:
        spoilt[place % len(spoilt)] = byte
    return bytes(spoilt)


def encoded(kind: str) -> bytes:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (24, 40, 3), np.uint8))
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


GOOD = {kind: encoded(kind) for kind in ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "GIF")}


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes_are_a_picture_or_one_sentence(data):
    try:
        picture = images.load_image(data)
    except PlateImageError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert picture.dtype == np.uint8 and picture.ndim == 3


@FUZZ
@given(st.sampled_from(sorted(GOOD)), JUNK, st.floats(0.05, 1))
def test_damaged_pictures_are_told_or_decoded(kind, junk, cut):
    try:
        picture = images.load_image(spoil(GOOD[kind], junk, cut))
    except PlateImageError:
        return
    assert picture.dtype == np.uint8 and picture.size <= 3 * images.MAX_PIXELS


@FUZZ
@given(JUNK, st.floats(0.1, 1))
def test_damaged_zip_files_stay_within_their_limit(tmp_path, junk, cut):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../a.png", GOOD["PNG"])
        archive.writestr("deep/b.jpg", GOOD["JPEG"])
    path = tmp_path / "x.zip"
    path.write_bytes(spoil(stream.getvalue(), junk, cut))
    try:
        count_pictures([str(path)])
        found = list(pictures_of([str(path)], 10_000))
    except ArchiveError:
        return
    assert sum(len(data) for _, data in found) <= 10_000
    assert all("/" not in name and "\\" not in name for name, _ in found)


@FUZZ
@given(st.dictionaries(st.sampled_from(("network", "config", "sha256", "x")), VALUES) | VALUES)
def test_any_config_json_is_a_weights_error(tmp_path, document):
    folder = save_weights(SRCNN(SRCNNConfig()), tmp_path / "n")
    path = folder / "config.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps(whole | document if isinstance(document, dict) else document))
    if isinstance(document, dict) and not set(document) & {"network", "config", "sha256"}:  # facts are free
        assert load_weights(folder)
        return
    with pytest.raises(WeightsError):
        load_weights(folder)


@FUZZ
@given(st.sampled_from(("input_size", "output_size", "features")), VALUES | st.lists(st.integers(1, 10**12)))
def test_sizes_that_do_not_fit_the_tensors_cost_no_memory(tmp_path, key, value):
    folder = save_weights(SRCNN(SRCNNConfig()), tmp_path / "n")
    path = folder / "config.json"
    whole = json.loads(path.read_text())
    whole["config"][key] = value
    path.write_text(json.dumps(whole))
    try:
        load_weights(folder)
    except WeightsError:
        pass


@FUZZ
@given(JUNK, st.floats(0.1, 1))
def test_damaged_tensors_are_a_weights_error_even_with_a_matching_checksum(tmp_path, junk, cut):
    folder = save_weights(SRCNN(SRCNNConfig()), tmp_path / "n")
    data = (folder / "model.safetensors").read_bytes()
    header = [(place % 300, byte) for place, byte in junk]  # where names, shapes and offsets stand
    spoilt = spoil(data, header, cut)
    (folder / "model.safetensors").write_bytes(spoilt)
    document = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(document | {"sha256": hashlib.sha256(spoilt).hexdigest()}))
    try:
        load_weights(folder)
    except WeightsError:
        assert spoilt != data


@FUZZ
@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_any_file_name_is_a_label_or_a_clear_error(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("crops")
    (folder / f"{name}.png").write_bytes(GOOD["PNG"])
    try:
        plates = load_real(folder)
    except (ValueError, FileNotFoundError) as error:
        assert str(error)
    else:
        assert len(plates) == 1


@settings(FUZZ, max_examples=15)
@given(st.binary(max_size=300))
def test_any_bytes_are_no_video(tmp_path, data):
    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(PlateImageError):
        list(frames_of(path, 0.2, 10))


@settings(FUZZ, max_examples=25)
@given(
    st.lists(st.text(st.characters(exclude_characters="\0/.~", exclude_categories=("Cs",)), max_size=10), max_size=4)
)
def test_any_command_line_ends_in_a_status(small_weights, tmp_path, monkeypatch, words):
    (tmp_path / "empty").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "empty")
    try:
        status = main(["read", "--weights", str(small_weights), *words])
    except SystemExit as stop:
        status = stop.code
    assert status in (0, 1, 2)
