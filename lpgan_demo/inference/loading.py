"""Published weights, from wherever they are, -> the networks a pipeline computes with."""

from __future__ import annotations

from ..results import NoSuchNetwork
from ..weights import facts, weights_folder

DEBLURRERS = ("deblur-guided-generator", "deblur-folded-generator", "deblur-generator")
"""Where the deblurrer is looked for: the forms by how well they find the ink, the paper's last."""


def load_networks(source, backend: str, device, precision: str, hub: dict):
    """MTGAN's pair and the calibration kept with it: (`TorchNetworks` or `OnnxNetworks`, dict of facts)."""
    if backend == "onnx":
        from .onnx_backend import OnnxNetworks

        if source is None:
            raise ValueError("backend='onnx' needs the folder that `export onnx` wrote")
        networks = OnnxNetworks(source)
        return networks, networks.calibration
    if backend != "torch":
        raise ValueError(f"backend must be torch or onnx, not {backend!r}")
    from ..networks.registry import load_weights
    from .torch_backend import TorchNetworks

    generator = load_weights(weights_folder(source, "mtgan-generator", **hub), device)
    folder = weights_folder(source, "mtgan-discriminator", **hub)
    return TorchNetworks(generator, load_weights(folder, device), device, precision), facts(folder)


def load_detector_and_deblurrer(source, backend: str, device, precision: str, hub: dict, detect: bool, deblur: bool):
    """(`PlateDetector` or None, `PlateDeblurrer` or None): None where it is not wanted or not among the weights."""
    if backend != "torch":
        return None, None
    from ..networks.registry import load_weights

    def first_of(names: tuple[str, ...]):
        for name in names:
            try:
                return load_weights(weights_folder(source, name, **hub), device)
            except NoSuchNetwork:
                pass
        return None

    network = first_of(("detector",)) if detect else None
    generator = first_of(DEBLURRERS) if deblur else None
    detector = deblurrer = None
    if network is not None:
        from .detection import PlateDetector

        detector = PlateDetector(network, device, precision)
    if generator is not None:
        from .deblurring import PlateDeblurrer

        deblurrer = PlateDeblurrer(generator, device, precision)
    return detector, deblurrer
