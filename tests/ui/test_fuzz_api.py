"""Strange requests at the page's server: it answers each, tells nothing about its files, and goes on."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz import FUZZ, VALUES
from visiting import EXAMPLES

CALLS = ("read_plate", "read_photo", "restore_photo", "cover_photo", "read_ink", "compare_plate", "make_plate")
PATHS = ("/etc/passwd", "../../../../etc/passwd", "file:///etc/passwd", "weights/detector/config.json", "\x00", "")


@pytest.fixture(scope="module")
def server(address):
    with httpx.Client(base_url=address.rstrip("/"), timeout=60) as client:
        yield client


def outcome(server, call, body) -> str:
    """What the server says to a request's JSON: a refusal, or the words of the stream up to its end."""
    asked = server.post(
        f"/gradio_api/call/{call}", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    if asked.status_code != 200 or "event_id" not in asked.text:
        return asked.text
    return server.get(f"/gradio_api/call/{call}/{asked.json()['event_id']}").text


def still_reads(server) -> bool:
    with open(EXAMPLES / "green.png", "rb") as file:
        (path,) = server.post("/gradio_api/upload", files={"files": file}).json()
    body = {"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
    return "沪AD06219" in json.loads(outcome(server, "read_plate", body).split("data: ")[-1])[-1]["text"]


@FUZZ
@given(st.sampled_from(CALLS), st.lists(VALUES, max_size=12))
def test_any_arguments_get_an_answer_without_a_path(server, call, data):
    said = outcome(server, call, {"data": data})
    assert "Traceback" not in said and "site-packages" not in said and "root:" not in said


@FUZZ
@given(st.sampled_from(CALLS), VALUES)
def test_any_body_gets_an_answer(server, call, body):
    said = outcome(server, call, body)
    assert "Traceback" not in said and "site-packages" not in said


@pytest.mark.parametrize("call", CALLS[:2])
@pytest.mark.parametrize("path", PATHS)
def test_a_file_of_the_server_is_not_taken_for_an_upload(server, call, path):
    for file in ({"path": path}, {"url": path}, {"path": path, "url": path}):
        said = outcome(server, call, {"data": [file | {"meta": {"_type": "gradio.FileData"}}]})
        assert "event: error" in said and "root:" not in said and "num_features" not in said


@FUZZ
@given(st.text(max_size=60), st.binary(max_size=60))
def test_an_upload_stays_in_its_folder_whatever_its_name(server, name, data):
    files = {"files": (name or "x", data, "image/png")}
    sent = server.post("/gradio_api/upload", files=files)
    if sent.status_code == 200:
        assert all("/gradio/" in path and "/../" not in path for path in sent.json())


def test_after_all_that_a_plate_is_read(server):
    assert still_reads(server)
