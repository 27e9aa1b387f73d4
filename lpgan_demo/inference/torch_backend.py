"""The networks in PyTorch: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..results import Encoding
from .optimise import prepared, resolve_precision

if TYPE_CHECKING:  # they are given: importing the detector's here would take a second
    from ..networks import DeblurGenerator, MultiTaskDiscriminator, PlateFasterRCNN, SRGenerator


class TorchNetworks:
    """GN and DN on one device, as copies prepared for prediction.

    Raises ValueError for a GN that does not predict the layout, or an unknown precision (`optimise.resolve_precision`).
    """

    def __init__(self, generator: SRGenerator, discriminator: MultiTaskDiscriminator, device="cpu", precision="fp32"):
        if generator.config.decoder != "region":
            raise ValueError("the pipeline needs a generator that predicts the layout: decoder='region', not 'plain'")
        self.device = torch.device(device)
        self.precision = resolve_precision(precision, self.device)
        self.generator, self.autocast = prepared(generator, device, precision)
        self.discriminator, _ = prepared(discriminator, device, precision)
        self.layouts, self.input_size = generator.config.layouts, generator.config.input_size

    @torch.inference_mode()
    def encode(self, lq: np.ndarray, layout: np.ndarray | None = None) -> Encoding:
        """float32 (N, 3, 32, 96) in [-1, 1] -> `Encoding`; layout int64 (N,), or None to predict it."""
        given = None if layout is None else self._send(layout)
        with self.autocast():
            *values, used, corners = self.generator.encode(self._send(lq), given)
        arrays = (value.float().cpu().numpy() for value in values)
        return Encoding(*arrays, used.cpu().numpy(), None if corners is None else corners.cpu().numpy())

    @torch.inference_mode()
    def draw(self, codes: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, P, code_size), int64 (N,) -> plates float32 (N, 3, 64, 192) in [-1, 1]."""
        with self.autocast():
            return self.generator.decoder(self._send(codes), self._send(layout)).float().cpu().numpy()

    @torch.inference_mode()
    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """float32 (N, 3, 64, 192) in [-1, 1], int64 (N,) -> DN's logits float32 (N, P, symbols)."""
        with self.autocast():
            return self.discriminator(self._send(plates), self._send(layout)).characters.float().cpu().numpy()

    def _send(self, array: np.ndarray) -> torch.Tensor:
        """The array on the networks' device."""
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)


class TorchDetector:
    """The detector on one device: a picture, float32 (3, H, W) in [-1, 1] -> corners and scores, see `Search`."""

    def __init__(self, network: PlateFasterRCNN, device="cpu", precision="fp32"):
        self.device = torch.device(device)
        self.network, self.autocast = prepared(network, device, precision)

    @torch.inference_mode()
    def __call__(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from ..networks.detector import corners_of

        with self.autocast():
            return corners_of(self.network([torch.from_numpy(picture).to(self.device)])[0])


class TorchInkGenerator:
    """A deblur generator on one device, as `deblurring.InkGenerator`."""

    def __init__(self, generator: DeblurGenerator, device="cpu", precision="fp32"):
        self.device = torch.device(device)
        self.generator, self.autocast = prepared(generator, device, precision)
        self.input_size, self.guided = tuple(generator.config.input_size), generator.config.guided

    @torch.inference_mode()
    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        with self.autocast():
            out = self.generator(torch.from_numpy(pictures).to(self.device, memory_format=torch.channels_last))
        return out.cpu().numpy()


class TorchReader:
    """A network of DN's form on one device, which reads standard plates, as `readers.judge.Reader`."""

    def __init__(self, network: MultiTaskDiscriminator, device="cpu"):
        self.device = torch.device(device)
        self.network, _ = prepared(network, device, "fp32")
        self.layouts = network.config.layouts

    @torch.inference_mode()
    def read(self, plates: np.ndarray, layout: np.ndarray) -> np.ndarray:
        """As `TorchNetworks.read`."""
        sent = (torch.from_numpy(np.ascontiguousarray(array)).to(self.device) for array in (plates, layout))
        return self.network(*sent).characters.float().cpu().numpy()
