"""The networks computed by ONNX Runtime, for the pipeline: arrays in, arrays out, and no PyTorch needed.

`export_onnx` (needs PyTorch and onnx) writes three graphs and a description: GN's encoder and decoder, and DN.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np

from .results import Encoding, WeightsError

GRAPHS = ("encoder", "decoder", "discriminator")
DESCRIPTION = "mtgan-onnx.json"


class OnnxNetworks:
    """The graphs in `folder`. Raises WeightsError when one is missing or damaged, or onnxruntime is not installed."""

    def __init__(self, folder: str | Path, threads: int = 0):
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise WeightsError("backend='onnx' needs onnxruntime: pip install onnxruntime") from None
        folder = Path(folder)
        for name in (DESCRIPTION, *(f"{graph}.onnx" for graph in GRAPHS)):
            if not (folder / name).is_file():
                raise WeightsError(f"there is no {name} in {folder}: python -m lpgan_demo export-onnx {folder}")
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        self.layouts, self.input_size = tuple(described["layouts"]), tuple(described["input_size"])
        self.temperature = described["temperature"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self.sessions = {
                name: onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
                for name in GRAPHS
            }
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise WeightsError(f"the graphs in {folder} cannot be loaded: {error}") from None

    def encode(self, lq: np.ndarray, layout: np.ndarray | None = None) -> Encoding:
        """float32 (N, 3, 32, 96) in [-1, 1] -> `Encoding`; layout int64 (N,), or None for the network's own answer."""
        given = np.full(len(lq), -1, np.int64) if layout is None else np.asarray(layout, np.int64)
        return Encoding(*self.sessions["encoder"].run(None, {"lq": np.ascontiguousarray(lq), "layout": given}))

    def draw(self, codes: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, P, code_size), int64 (N,) -> plates float32 (N, 3, 64, 192) in [-1, 1]."""
        return self.sessions["decoder"].run(None, {"codes": codes, "layout": layout})[0]

    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, 3, 64, 192), int64 (N,) -> DN's logits float32 (N, P, symbols)."""
        return self.sessions["discriminator"].run(None, {"plate": plates, "layout": layout})[0]


def export_onnx(folder: str | Path, source: str | Path | None = None) -> list[tuple[Path, float]]:
    """Write the graphs of the weights in `source` (None: bundled); returns (file, largest deviation from PyTorch).

    Batches may have any size. Raises WeightsError when the weights are missing, or a graph deviates by over 1e-4 of
    its output's range; ModuleNotFoundError without onnx and onnxscript.
    """
    import torch

    from .hub import facts, weights_folder
    from .weights import load_weights

    generator = load_weights(weights_folder(source, "mtgan-generator"))
    judge_folder = weights_folder(source, "mtgan-discriminator")
    discriminator = load_weights(judge_folder)

    class Encoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.generator = generator

        def forward(self, lq, layout):
            return self.generator.encode(lq, layout, layout < 0)

    class Reader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.discriminator = discriminator

        def forward(self, plate, layout):
            return self.discriminator(plate, layout).characters

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    random = torch.Generator().manual_seed(0)
    lq = torch.rand(3, 3, *generator.config.input_size, generator=random) * 2 - 1
    layout = torch.tensor([0, 1, 0])
    with torch.inference_mode():
        codes = generator.encode(lq, layout)[2]
        plate = generator.decoder(codes, layout)
    graphs = {
        "encoder": (Encoder(), {"lq": lq, "layout": layout}),
        "decoder": (generator.decoder, {"codes": codes.clone(), "layout": layout}),
        "discriminator": (Reader(), {"plate": plate.clone(), "layout": layout}),
    }
    batch = torch.export.Dim("batch")
    for name, (module, inputs) in graphs.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the exporter tells of axes it names itself
            torch.onnx.export(
                module.eval(),
                tuple(inputs.values()),
                folder / f"{name}.onnx",
                input_names=list(inputs),
                dynamic_shapes=tuple({0: batch} for _ in inputs),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    described = {
        "layouts": list(generator.config.layouts),
        "input_size": list(generator.config.input_size),
        "temperature": facts(judge_folder).get("temperature", 1.0),
    }
    (folder / DESCRIPTION).write_text(json.dumps(described, indent=1), encoding="utf-8")
    return [(folder / f"{name}.onnx", gap) for name, gap in _deviations(OnnxNetworks(folder), graphs).items()]


def _deviations(networks: OnnxNetworks, graphs: dict) -> dict[str, float]:
    """Largest difference of each graph's outputs from PyTorch's on its example, in a batch of one and of three."""
    import torch

    gaps = {}
    for name, (module, inputs) in graphs.items():
        gaps[name] = 0.0
        for n in (1, 3):
            part = {key: value[:n] for key, value in inputs.items()}
            with torch.inference_mode():
                expected = module(*part.values())
            found = networks.sessions[name].run(None, {key: value.numpy() for key, value in part.items()})
            for a, b in zip(found, expected if isinstance(expected, tuple) else (expected,)):
                scale = max(1.0, float(b[b > -1e3].abs().max()) if b.is_floating_point() else 1.0)
                gaps[name] = max(gaps[name], float(np.abs(a - b.numpy()).max()) / scale)
        if gaps[name] > 1e-4:
            raise WeightsError(f"{name}.onnx deviates from PyTorch by {gaps[name]:.1e}")
    return gaps
