"""Published weights, from wherever they are -> the networks that a pipeline computes with."""

from __future__ import annotations

from contextlib import suppress

from ..results import NoSuchNetwork
from ..weights import facts, weights_folder

DETECTORS = ("detector",)
"""Names of the networks that may be the detector, the preferred first."""

DEBLURRERS = ("deblur-guided-generator", "deblur-folded-generator", "deblur-generator")
"""Names of the networks that may be the deblurrer, by how well they find the ink; the last is the paper's."""


def load_networks(source, backend: str, device, precision: str, hub: dict):
    """(GN and DN as a `NetworksBackend`, the facts stored with DN, such as the calibrated "temperature" and "trust").

    Arguments and errors are those of `PlatePipeline.from_pretrained`; hub: keyword arguments of `weights_folder`.
    """
    if backend == "onnx":
        from .onnx_backend import OnnxNetworks

        if source is None:
            raise ValueError("backend='onnx' needs the folder that `export onnx` wrote")
        networks = OnnxNetworks(source)
        return networks, networks.calibration
    if backend != "torch":
        raise ValueError(f"backend must be torch or onnx, not {backend!r}")
    from ..networks import load_weights
    from .torch_backend import TorchNetworks

    generator = load_weights(weights_folder(source, "mtgan-generator", **hub), device)
    folder = weights_folder(source, "mtgan-discriminator", **hub)
    return TorchNetworks(generator, load_weights(folder, device), device, precision), facts(folder)


def load_detector_and_deblurrer(source, backend: str, device, precision: str, hub: dict, detect: bool, deblur: bool):
    """(`PlateDetector` or None, `PlateDeblurrer` or None): None where not wanted, or not among the weights."""
    detector = deblurrer = None
    if backend != "torch":
        return detector, deblurrer
    if detect and (network := _first_of(DETECTORS, source, device, hub)) is not None:
        from .detection import PlateDetector

        detector = PlateDetector(network, device, precision)
    if deblur and (generator := _first_of(DEBLURRERS, source, device, hub)) is not None:
        from .deblurring import PlateDeblurrer

        deblurrer = PlateDeblurrer(generator, device, precision)
    return detector, deblurrer


def _first_of(names: tuple[str, ...], source, device, hub: dict):
    """The first of the networks that the weights have, or None."""
    from ..networks import load_weights

    for name in names:
        with suppress(NoSuchNetwork):
            return load_weights(weights_folder(source, name, **hub), device)
    return None
