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
from torch.utils.flop_counter import FlopCounterMode

from ..evaluation.readers.third_party import find_agentclpr, find_general_reader
from ..files.reading import files_of, read_files
from ..images import encode_png, network_input, rectify, to_images
from ..inference.pipeline import CROP_MARGIN, PlatePipeline
from ..inference.restoration import PlateRestorer
from ..inference.trust import evidence_scores
from .timing import crops_for, milliseconds, photo_with


def multiply_accumulates(networks) -> int:
    """Of GN and DN, for one view of one plate."""
    size = networks.input_size
    layout = torch.zeros(1, dtype=torch.long, device=networks.device)
    with FlopCounterMode(display=False) as flops, torch.inference_mode(), networks.autocast():
        plate = networks.generator(torch.zeros(1, 3, *size, device=networks.device), layout).restored
        networks.discriminator(plate, layout)
    return flops.get_total_flops() // 2


def evaluate_speed(pipeline: PlatePipeline, repeats: int = 20) -> dict:
    """What restoring and reading costs on this machine, from uint8 crops of 94 x 24 pixels to `PlateResult`s.

    parameters and multiply-accumulates of GN and DN for one view of one plate; milliseconds of one plate alone
    (median); plates per second in batches of 32; threads.
    """
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 255, (24, 94, 3), np.uint8) for _ in range(32)]
    networks = pipeline.restorer.networks
    generator, discriminator = networks.generator, networks.discriminator
    pipeline.read_plates(crops)
    alone = []
    for crop in (crops * repeats)[: 5 * repeats]:
        start = time.perf_counter()
        pipeline.read_plate(crop)
        alone.append(time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(max(1, repeats // 4)):
        pipeline.read_plates(crops)
    together = (time.perf_counter() - start) / max(1, repeats // 4)
    return {
        "generator_parameters": sum(p.numel() for p in generator.parameters()),
        "discriminator_parameters": sum(p.numel() for p in discriminator.parameters()),
        "multiply_accumulates": multiply_accumulates(networks),
        "views": pipeline.restorer.views,
        "milliseconds_alone": round(1000 * float(np.median(alone)), 2),
        "plates_per_second": round(len(crops) / together, 1),
        "threads": torch.get_num_threads(),
    }


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
        "evidence": milliseconds(lambda: evidence_scores(crops, pictures)),
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
