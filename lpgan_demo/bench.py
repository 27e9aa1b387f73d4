"""`python -m lpgan_demo bench`: what everything costs on this machine, stage by stage, and how the cost grows."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .evaluation import multiply_accumulates
from .examples import EXAMPLES, render
from .images import encode_png, network_input, rectify, resize, to_images
from .pipeline import CROP_MARGIN, PlatePipeline
from .plates import get_layout
from .reading import files_of, read_files
from .restoration import Restoration
from .synth import standard_plate

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


def milliseconds(work, least: float = 0.4) -> float:
    """Median time of a call, milliseconds, over three calls and `least` seconds; a first call is not counted."""
    work()
    times: list[float] = []
    while sum(times) < least or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


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
    """Milliseconds per plate of each stage at a batch size; "whole" is `read_plates`."""
    networks, crops = pipeline.restorer.networks, crops_for(batch)
    lq = network_input(crops, networks.input_size)
    out = networks.encode(lq)
    plates = networks.draw(out.codes, out.layout)
    restoration = pipeline.restorer(crops)
    spent = {
        "input": milliseconds(lambda: network_input(crops, networks.input_size)),
        "encode (GN)": milliseconds(lambda: networks.encode(lq)),
        "draw (GN)": milliseconds(lambda: networks.draw(out.codes, out.layout)),
        "read (DN)": milliseconds(lambda: networks.read(plates, out.layout)),
        "to picture": milliseconds(lambda: to_images(plates)),
        "decode, evidence": milliseconds(lambda: _wrap(pipeline, crops, restoration)),
    }
    if pipeline.deblurrer:
        spent["deblur"] = milliseconds(lambda: pipeline.deblurrer(crops))
    spent["whole"] = milliseconds(lambda: pipeline.read_plates(crops, batch))
    return {name: round(value / batch, 3) for name, value in spent.items()}


def _wrap(pipeline: PlatePipeline, crops: list[np.ndarray], restoration: Restoration) -> None:
    without = PlatePipeline(pipeline.restorer, pipeline.reader, pipeline.trust)
    without._results(crops, restoration)


def photos(pipeline: PlatePipeline) -> dict:
    """Milliseconds per photo: by its width, with two plates; by the number of plates, at 1280 pixels; by stage."""
    one = photo_with(2)
    found = pipeline.detector(one)
    return {
        "find": milliseconds(lambda: pipeline.detector(one)),
        "straighten": milliseconds(lambda: [rectify(one, d.corners, CROP_MARGIN) for d in found]),
        "whole": milliseconds(lambda: pipeline(one)),
        "by width": {width: _photo(pipeline, photo_with(2, width)) for width in (640, 1280, 2560)},
        "by plates": {count: _photo(pipeline, photo_with(count)) for count in (0, 1, 4, 16)},
    }


def _photo(pipeline: PlatePipeline, photo: np.ndarray) -> float:
    return milliseconds(lambda: pipeline(photo))


def bench(pipeline: PlatePipeline, source=None) -> dict:
    """All figures as plain JSON-ready values; times in milliseconds unless they say otherwise."""
    networks = pipeline.restorer.networks
    with tempfile.TemporaryDirectory() as folder:
        for k, crop in enumerate(crops_for(128)):
            (Path(folder) / f"{k:03}.png").write_bytes(encode_png(crop))
        code = [sys.executable, "-c", STARTUP, str(source or ""), str(Path(folder) / "000.png")]
        started = json.loads(subprocess.run(code, capture_output=True, text=True, check=True).stdout)
        begun = time.perf_counter()
        rows = sum(len(rows) for rows in read_files(files_of([folder]), pipeline, crops=True))
        per_second = rows / (time.perf_counter() - begun)
    macs = multiply_accumulates(networks)
    peak = ceiling(pipeline)
    batches = {n: stages(pipeline, n)["whole"] for n in (1, 4, 16, 64)}
    by_stage = {n: stages(pipeline, n) for n in (1, 32)}
    network_only = sum(by_stage[32][name] for name in ("encode (GN)", "draw (GN)", "read (DN)"))
    parts = {"generator": networks.generator, "discriminator": networks.discriminator}
    parts |= {"detector": pipeline.detector.network} if pipeline.detector else {}
    threads = torch.get_num_threads()
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {threads} threads, {networks.device}",
        "seconds to start": {name: round(value, 2) for name, value in started.items()},
        "milliseconds a plate, batch 1": by_stage[1],
        "milliseconds a plate, batch 32": by_stage[32],
        "milliseconds a plate by batch": batches,
        "milliseconds a photo": _rounded(photos(pipeline)) if pipeline.detector else {},
        "plates a second from a folder": round(per_second, 1),
        "parameters": {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()},
        "multiply-accumulates a view": macs,
        "ceiling, 10^9 multiply-accumulates a second": round(peak, 1),
        "share of the ceiling, batch 32": round(macs / network_only / 1e6 / peak, 3),
        "peak memory, MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _rounded(values: dict) -> dict:
    return {k: _rounded(v) if isinstance(v, dict) else round(v, 2) for k, v in values.items()}


def flat(report: dict, prefix: str = "") -> dict[str, object]:
    """{"a / b": value} for nested figures."""
    rows: dict[str, object] = {}
    for name, value in report.items():
        rows |= flat(value, f"{prefix}{name} / ") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return rows


def as_table(report: dict, before: dict | None = None) -> str:
    """The figures as lines; with those of another run beside them and the ratio, where `before` is given."""
    old = flat(before) if before else {}
    lines = []
    for name, value in flat(report).items():
        then = old.get(name)
        ratio = value / then if isinstance(value, (int, float)) and isinstance(then, (int, float)) and then else None
        lines.append(f"{name:58} {value!s:>14}" + (f" {then!s:>14}  x{ratio:.2f}" if ratio is not None else ""))
    return "\n".join(lines)


def draw(report: dict, path: str) -> None:
    """Stages at batch 1 and 32, and growth with batch, photo and plates, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for batch, shift in ((1, -0.2), (32, 0.2)):
        spent = report[f"milliseconds a plate, batch {batch}"]
        left.barh(np.arange(len(spent)) + shift, list(spent.values()), 0.4, label=f"batch {batch}")
        left.set_yticks(np.arange(len(spent)), list(spent))
    left.invert_yaxis()
    left.set(xlabel="milliseconds a plate")
    left.legend()
    batches = report["milliseconds a plate by batch"]
    right.plot([int(n) for n in batches], list(batches.values()), marker="o", label="a plate, by batch")
    for name in ("by width", "by plates"):
        grown = report["milliseconds a photo"].get(name, {})
        right.plot([int(n) for n in grown], list(grown.values()), marker="o", label=f"a photo, {name}")
    right.set(xscale="symlog", yscale="log", ylabel="milliseconds")
    right.legend(fontsize=8)
    figure.savefig(path, dpi=110)
