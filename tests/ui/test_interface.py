"""What the page's server answers to programs."""

import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from visiting import EXAMPLES, png


def ask(client, path):
    from gradio_client import handle_file

    return client.predict(handle_file(str(path)), api_name="/read_plate")


def test_the_named_endpoint_answers_a_client(client):
    result = ask(client, EXAMPLES / "green.png")
    assert result[-1]["text"] == "沪AD06219" and 0 < result[-1]["confidence"] <= 1


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"some text", "not an image"), (png("L")[:900], "damaged"), (png(size=(1, 1)), "too small")],
)
def test_bad_files_are_refused_in_one_sentence_without_paths(client, tmp_path, data, words):
    path = tmp_path / "bad.png"
    path.write_bytes(data)
    with pytest.raises(Exception, match=words) as caught:
        ask(client, path)
    assert "Traceback" not in str(caught.value) and "/" not in str(caught.value)


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16", "P"])
def test_every_kind_of_picture_gives_what_the_package_gives(client, tmp_path, mode):
    from lpgan_demo.ui.components import pipeline

    path = tmp_path / "plate.png"
    picture = Image.open(EXAMPLES / "tilted.png")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    elif mode == "RGBA":
        picture.putalpha(150)
    else:
        picture = picture.convert(mode)
    picture.save(path)
    assert ask(client, path)[-1] == pipeline().read_plate(path).to_dict()


def test_the_photo_endpoint_names_every_plate_with_its_box(client, two_plates):
    from gradio_client import handle_file

    found = client.predict(handle_file(str(two_plates)), api_name="/read_photo")
    assert [plate["text"] for plate in found] == ["苏B24680", "粤C13579"]
    assert abs(found[0]["box"][0] - 80) < 8 and abs(found[0]["box"][2] - 200) < 8


def test_health_is_told(address):
    with urllib.request.urlopen(f"{address}healthz") as answer:
        assert answer.status == 200 and answer.read() == b"ok"


def test_a_plate_is_made_on_demand(client):
    settings = [60, 2, 10, 0.5, 0.9, 4, 70, 3]
    path = client.predict("苏E6M328", "cn_blue", *settings, api_name="/make_plate")
    assert Image.open(path).size[0] == 60
    with pytest.raises(Exception, match="not a number that this kind of plate can carry"):
        client.predict("苏E6M3", "cn_blue", *settings, api_name="/make_plate")


def test_the_examples_and_uploads_alone_are_served(address):
    for path in ("etc/passwd", str(Path(__file__).resolve())):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{address}gradio_api/file=/{path.lstrip('/')}")
        assert caught.value.code in (403, 404)
