"""`bench --steps`: what each optimisation of the networks gains on this machine, and how it changes the answer."""

from __future__ import annotations

import copy
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..images import network_input, resize, to_tensor
from ..inference.deblurring import generator_input
from ..inference.loading import DEBLURRERS
from ..inference.optimise import prepared
from ..networks import load_weights
from ..weights import weights_folder
from .timing import degraded_crops, milliseconds, run_in_new_process, street_photo


class RestoreAndRead(nn.Module):
    """GN and DN as one: crops (N, 3, 32, 96) -> GN's probabilities (N, P, symbols) and DN's logits, same shape."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def forward(self, lq: torch.Tensor):
        characters, _, codes, layout, _ = self.generator.encode(lq)
        plate = self.generator.decoder(codes, layout)
        return characters.softmax(-1), self.discriminator(plate, layout).characters


class DetectionScores(nn.Module):
    """The detector on a batch of one photo: (1, 3, H, W) -> scores (D,) of its detections."""

    def __init__(self, detector: nn.Module):
        super().__init__()
        self.detector = detector

    def forward(self, photo: torch.Tensor):
        return self.detector(list(photo))[0]["scores"]


COMPILED = "the same by torch.compile"


def optimisation_steps(network: nn.Module, compiles: bool = True) -> Iterator[tuple[str, Callable]]:
    """(name, call) of each step; each includes those before it, but the compiled network has all threads again."""
    network = network.eval()
    yield "as trained: fp32, ready for gradients", network
    yield "no gradients: inference mode", _without_gradients(network)
    channels_last = copy.deepcopy(network).to(memory_format=torch.channels_last)
    yield "channels beside each other in memory", _without_gradients(channels_last)
    exact, _ = prepared(network, "cpu", "fp32")
    yield "batch norm in the convolutions, strips", _without_gradients(exact)
    fast, autocast = prepared(network, "cpu", "bf16")
    yield "bf16", _without_gradients(exact, autocast)
    yield "weights kept in bf16", _without_gradients(fast, autocast)
    yield "the same on one thread", _on_one_thread(_without_gradients(fast, autocast))
    if compiles and (shutil.which("g++") or shutil.which("clang++")):
        yield COMPILED, _without_gradients(torch.compile(fast), autocast)


def _without_gradients(network: Callable, autocast=nullcontext) -> Callable:
    """The network in inference mode and, if given, in the autocast context."""

    def call(x):
        with torch.inference_mode(), autocast():
            return network(x)

    return call


def _on_one_thread(work: Callable) -> Callable:
    """The call on one thread; PyTorch's number of threads is restored after it."""

    def call(x):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return work(x)
        finally:
            torch.set_num_threads(threads)

    return call


def measure_steps(network: nn.Module, example: torch.Tensor, batches: tuple[int, ...], compiles: bool = True) -> dict:
    """Time every step of an fp32 network on the CPU, on the first N of `example` for each N of `batches`.

    Returns:
        {step: {"batch N": milliseconds each, "changes": largest absolute change of the (first) output against the
        first step, nan where its size changed, "seconds to compile": only where that is done}}.
    """
    report, exact = {}, None
    for name, call in optimisation_steps(network, compiles):
        row, first_calls = {}, []
        for n in batches:
            start = time.perf_counter()
            call(example[:n])
            first_calls.append(time.perf_counter() - start)
            row[f"batch {n}"] = milliseconds(partial(call, example[:n])) / n
        answer = call(example)
        answer = (answer[0] if isinstance(answer, tuple) else answer).detach().float()
        exact = answer if exact is None else exact
        row["changes"] = float((answer - exact).abs().max()) if answer.shape == exact.shape else float("nan")
        if name == COMPILED:
            row["seconds to compile"] = max(first_calls)
        report[name] = {key: round(value, 4 if key == "changes" else 2) for key, value in row.items()}
    return report


def measure_onnx(source, lq: np.ndarray, batches: tuple[int, ...]) -> dict:
    """Time ONNX Runtime, in fp32 and in 8-bit integers, on crops `lq`, float32 (N, 3, 32, 96) in [-1, 1].

    Returns:
        As `measure_steps`; empty where onnx, onnxscript or onnxruntime is not installed.
    """
    if not all(map(find_spec, ("onnx", "onnxscript", "onnxruntime"))):
        return {}
    from ..publishing.onnx_compact import to_int8
    from ..publishing.onnx_export import export_onnx

    report, exact = {}, None
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(folder, source)
        np.save(Path(folder) / "lq.npy", lq)
        for name in ("ONNX Runtime, fp32", "ONNX Runtime, 8-bit integers"):
            if "8-bit" in name:
                to_int8(folder)
            row = run_in_new_process("onnx_process", folder, *batches)
            answer = torch.from_numpy(np.load(Path(folder) / "characters.npy")).softmax(-1)
            exact = answer if exact is None else exact
            row = {batch: round(value, 2) for batch, value in row.items()}
            report[name] = row | {"changes": round(float((answer - exact).abs().max()), 4)}
    return report


def speed_steps(source: str | Path | None = None) -> dict:
    """Time every step of GN and DN together, of the deblurrer, and of the detector on a photo of 960 x 720."""
    generator, discriminator = (
        load_weights(weights_folder(source, f"mtgan-{part}")) for part in ("generator", "discriminator")
    )
    crops = degraded_crops(32)
    lq = network_input(crops, generator.config.input_size)
    reading = measure_steps(RestoreAndRead(generator, discriminator), torch.from_numpy(lq), (1, 32))
    deblurrer = load_weights(weights_folder(source, DEBLURRERS[0]))
    size, guided = deblurrer.config.input_size, deblurrer.config.guided
    ink_input = generator_input([resize(crop, size) for crop in crops], [None] * len(crops) if guided else None)
    detector = load_weights(weights_folder(source, "detector"))
    photo = to_tensor([resize(street_photo(2), (720, 960))])
    return {
        "drawing and reading a plate": reading | measure_onnx(source, lq, (1, 32)),
        "ink and paper of a plate": measure_steps(deblurrer, torch.from_numpy(ink_input), (1, 8), False),
        "finding plates": measure_steps(DetectionScores(detector), photo, (1,), False),
    }
