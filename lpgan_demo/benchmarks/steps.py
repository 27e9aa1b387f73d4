"""`bench --steps`: what each step that makes a network faster gains on this machine, and how it changes the answer."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..images import network_input, resize, to_tensor
from ..inference.loading import DEBLURRERS
from ..inference.optimise import prepared
from ..networks.registry import load_weights
from ..weights import weights_folder
from .onnx_process import ALONE
from .timing import crops_for, milliseconds, photo_with


class Reading(nn.Module):
    """GN and DN as one: crops (N, 3, 32, 96) -> probabilities (N, P, symbols) by GN's codes, and DN's logits."""

    def __init__(self, generator: nn.Module, discriminator: nn.Module):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator

    def forward(self, lq: torch.Tensor):
        characters, _, codes, layout = self.generator.encode(lq)
        plate = self.generator.decoder(codes, layout)
        return characters.softmax(-1), self.discriminator(plate, layout).characters


class Finding(nn.Module):
    """The detector on one picture, as a batch: (1, 3, H, W) -> the scores of what it finds."""

    def __init__(self, detector: nn.Module):
        super().__init__()
        self.detector = detector

    def forward(self, picture: torch.Tensor):
        return self.detector(list(picture))[0]["scores"]


Step = tuple[str, Callable[[torch.Tensor], object]]


def steps(network: nn.Module) -> Iterator[Step]:
    """(name, call) of a network in fp32: each step has those before it, except the last two, which stand alone."""
    network = network.eval()
    yield "as trained: fp32, ready for gradients", network
    yield "no gradients: inference mode", _without_gradients(network)
    last = copy.deepcopy(network).to(memory_format=torch.channels_last)
    yield "channels beside each other in memory", _without_gradients(last)
    exact, _ = prepared(network, "cpu", "fp32")
    yield "batch norm in the convolutions, strips", _without_gradients(exact)
    fast, autocast = prepared(network, "cpu", "bf16")
    yield "bf16", _without_gradients(exact, autocast)
    yield "weights kept in bf16", _without_gradients(fast, autocast)
    yield "the same on one thread", _on_one_thread(_without_gradients(fast, autocast))
    if shutil.which("g++") or shutil.which("clang++"):
        yield "the same by torch.compile", _compiled(_without_gradients(torch.compile(fast), autocast))


def _without_gradients(network: nn.Module, autocast=None) -> Callable:
    def call(x):
        with torch.inference_mode():
            if autocast is None:
                return network(x)
            with autocast():
                return network(x)

    return call


def _on_one_thread(work: Callable) -> Callable:
    def call(x):
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return work(x)
        finally:
            torch.set_num_threads(threads)

    return call


def _compiled(work: Callable) -> Callable:
    """Says how long the compilation took, in an attribute."""

    def call(x):
        start = time.perf_counter()
        answer = work(x)
        call.seconds = max(getattr(call, "seconds", 0.0), time.perf_counter() - start)
        return answer

    return call


def measure(network: nn.Module, example: torch.Tensor, batches: tuple[int, ...], compiles: bool = True) -> dict:
    """{step: {"batch N": milliseconds each, "changes": largest change of a probability, ...}}."""
    report, exact = {}, None
    for name, call in steps(network):
        if "compile" in name and not compiles:
            continue
        row = {f"batch {n}": milliseconds(lambda c=call, x=example[:n]: c(x)) / n for n in batches}
        answer = call(example)
        answer = (answer[0] if isinstance(answer, tuple) else answer).detach().float()
        exact = answer if exact is None else exact
        row["changes"] = float((answer - exact).abs().max()) if answer.shape == exact.shape else float("nan")
        if hasattr(call, "seconds"):
            row["seconds to compile"] = call.seconds
        report[name] = {key: round(value, 4 if key == "changes" else 2) for key, value in row.items()}
    return report


def onnx_steps(source, lq: np.ndarray, batches: tuple[int, ...]) -> dict:
    """Reading by ONNX Runtime, in fp32 and with 8-bit integers; nothing where its packages are not installed."""
    if not all(map(find_spec, ("onnx", "onnxscript", "onnxruntime"))):
        return {}
    from ..publishing.onnx_export import export_onnx
    from ..publishing.onnx_int8 import to_int8

    report, exact = {}, None
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(folder, source)
        np.save(Path(folder) / "lq.npy", lq)
        for name in ("ONNX Runtime, fp32", "ONNX Runtime, 8-bit integers"):
            if "8-bit" in name:
                to_int8(folder)
            command = [sys.executable, "-c", ALONE, folder, *map(str, batches)]
            row = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            seen = torch.from_numpy(np.load(Path(folder) / "characters.npy")).softmax(-1)
            exact = seen if exact is None else exact
            row = {batch: round(value, 2) for batch, value in row.items()}
            report[name] = row | {"changes": round(float((seen - exact).abs().max()), 4)}
    return report


def speed_steps(source=None) -> dict:
    """Milliseconds of every step: a plate drawn and read, ink and paper of a plate, a photo of 960 x 720 searched."""
    generator, discriminator = (
        load_weights(weights_folder(source, f"mtgan-{part}")) for part in ("generator", "discriminator")
    )
    crops = crops_for(32)
    lq = network_input(crops, generator.config.input_size)
    reading = measure(Reading(generator, discriminator), torch.from_numpy(lq), (1, 32))
    deblurrer = load_weights(weights_folder(source, DEBLURRERS[0]))
    ink = measure(deblurrer, to_tensor([resize(crop, deblurrer.config.input_size) for crop in crops]), (1, 8), False)
    detector = load_weights(weights_folder(source, "detector"))
    photo = to_tensor([resize(photo_with(2), (720, 960))])
    return {
        "drawing and reading a plate": reading | onnx_steps(source, lq, (1, 32)),
        "ink and paper of a plate": ink,
        "finding plates": measure(Finding(detector), photo, (1,), False),
    }
