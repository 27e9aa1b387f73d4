"""The `NetworksBackend` of PyTorch: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import torch

from ..networks import MultiTaskDiscriminator, SRGenerator
from ..results import Encoding
from .optimise import prepared, resolve_precision


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
