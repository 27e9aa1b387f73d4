"""Published weights, wherever they are -> the networks that a pipeline computes with, in PyTorch or ONNX Runtime."""

from __future__ import annotations

import importlib.util
from contextlib import suppress
from pathlib import Path

from ..results import NoSuchNetwork
from ..weights import ONNX, facts, weights_folder
from ..weights.hub import default_source
from .deblurring import PlateDeblurrer
from .detection import PlateDetector

BACKENDS = ("auto", "torch", "onnx")

DETECTORS = ("detector",)
"""Names of the networks that may be the detector, the preferred first."""

DEBLURRERS = ("deblur-guided-generator", "deblur-folded-generator", "deblur-generator")
"""Names of the networks that may be the deblurrer, by how well they find the ink; the last is the paper's."""


def has_torch() -> bool:
    """Whether PyTorch is installed; it is not imported."""
    try:
        return importlib.util.find_spec("torch") is not None
    except ValueError:  # sys.modules says that there is none
        return False


def resolve_backend(backend: str) -> str:
    """ "torch" or "onnx"; "auto" is torch where it is installed. Raises ValueError for an unknown backend."""
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, not {backend!r}")
    return backend if backend != "auto" else "torch" if has_torch() else "onnx"


def onnx_graphs(source, hub: dict):
    """The published graphs of weights, or of a folder that `export onnx` wrote, as `OnnxGraphs`."""
    from .onnx_backend import OnnxGraphs

    source = default_source() if source is None else source
    if Path(source).is_dir() and not (Path(source) / ONNX).is_dir():
        return OnnxGraphs(source)  # the graphs alone
    return OnnxGraphs(weights_folder(source, ONNX, **hub))


def load_onnx(source, hub: dict, detect: bool, deblur: bool):
    """(GN and DN as a `NetworksBackend`, facts such as "temperature" and "trust", detector or None, deblurrer or None).

    Arguments and errors are those of `PlatePipeline.from_pretrained`; hub: keyword arguments of `weights_folder`.
    """
    from .onnx_backend import OnnxDetector, OnnxInkGenerator, OnnxNetworks

    graphs = onnx_graphs(source, hub)
    detector = PlateDetector(OnnxDetector(graphs)) if detect and "detector" in graphs else None
    deblurrer = PlateDeblurrer(OnnxInkGenerator(graphs)) if deblur and "ink" in graphs else None
    return OnnxNetworks(graphs), graphs.calibration, detector, deblurrer


def load_torch(source, device, precision: str, hub: dict, detect: bool, deblur: bool):
    """As `load_onnx`; detector and deblurrer are None where they are not wanted, or not among the weights."""
    from ..networks import load_weights
    from .torch_backend import TorchDetector, TorchInkGenerator, TorchNetworks

    generator = load_weights(weights_folder(source, "mtgan-generator", **hub), device)
    folder = weights_folder(source, "mtgan-discriminator", **hub)
    networks = TorchNetworks(generator, load_weights(folder, device), device, precision)
    detector = deblurrer = None
    if detect and (network := _first_of(DETECTORS, source, device, hub)) is not None:
        detector = PlateDetector(TorchDetector(network, device, precision))
    if deblur and (network := _first_of(DEBLURRERS, source, device, hub)) is not None:
        deblurrer = PlateDeblurrer(TorchInkGenerator(network, device, precision))
    return networks, facts(folder), detector, deblurrer


def _first_of(names: tuple[str, ...], source, device, hub: dict):
    """The first of the networks that the weights have, or None."""
    from ..networks import load_weights

    for name in names:
        with suppress(NoSuchNetwork):
            return load_weights(weights_folder(source, name, **hub), device)
    return None
