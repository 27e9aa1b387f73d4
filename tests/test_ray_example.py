"""The example of a job on many machines: what its actor does with a batch, without Ray."""

import importlib.util
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_an_actor_reads_a_batch_and_names_what_is_no_picture():
    spec = importlib.util.spec_from_file_location("read_with_ray", EXAMPLES / "read_with_ray.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    files = [(EXAMPLES / "tilted.png").read_bytes(), b"nothing", (EXAMPLES / "green.png").read_bytes()]
    batch = {"path": np.array(["a", "b", "c"], object), "bytes": np.array(files, object)}
    read = example.Reader()(batch)
    assert read["path"].tolist() == ["a", "b", "c"] and read["text"].tolist() == ["川H90T37", None, "沪AD06219"]
    assert "not an image" in read["error"][1] and read["error"][0] is None
    assert 0 < read["confidence"][0] <= 1
