"""The losses of MTGAN and of the deblur GAN, and the random views of plates that DN is shown.

Shapes: characters (N, P, A) logits of A symbols at P positions, target (N, P) int64 with -1 = no character.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.regions import IMPOSSIBLE

CONVOLUTIONS = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3")
"""VGG16's convolutions that the perceptual loss uses."""

POOLED = ("conv1_2", "conv2_2")
"""Those that max pooling follows."""


def real_fake_loss(logits: Tensor, real: bool) -> Tensor:
    """Binary cross entropy of real/fake logits of any shape, mean over all of them."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def character_bce(characters: Tensor, target: Tensor) -> Tensor:
    """The paper's character loss: -(t log o + (1 - t) log(1 - o)) of every sigmoid of a character's one-hot block.

    It is summed over a block and averaged over the characters (the paper's 1/(B*N) times a constant), so that one
    character weighs about as much as the real/fake unit. Symbols that a position cannot have are left out.
    """
    possible = (characters > IMPOSSIBLE / 2) & (target >= 0).unsqueeze(-1)
    one_hot = F.one_hot(target.clamp(min=0), characters.shape[-1]).to(characters.dtype)
    loss = F.binary_cross_entropy_with_logits(characters, one_hot, reduction="none")
    return (loss * possible).sum() / (target >= 0).sum().clamp(min=1)


def character_cross_entropy(characters: Tensor, target: Tensor, first_weight: float = 1.0) -> Tensor:
    """Cross entropy within each character's block, mean over the characters; it learns sooner than BCE.

    first_weight: weight of the first character, the province with its many strokes; the others have 1.
    """
    loss = F.cross_entropy(characters.transpose(1, 2), target, ignore_index=-1, reduction="none")
    weight = (target >= 0).float()
    weight[:, 0] *= first_weight
    return (loss * weight).sum() / weight.sum().clamp(min=1)


def discriminator_loss(real, fake, target: Tensor, character_loss=character_bce) -> tuple[Tensor, dict]:
    """L_D = L_R + L_F: DN is to tell real from generated plates and to read both; returns (L_D, its two parts).

    real, fake: `DiscriminatorOutput` of real and of generated plates of the same texts. Where they have no characters,
    the real/fake loss is left.
    """
    parts = {"d_real": real_fake_loss(real.real, True), "d_fake": real_fake_loss(fake.real, False)}
    if real.characters is not None:
        parts["d_real"] = parts["d_real"] + character_loss(real.characters, target)
        parts["d_fake"] = parts["d_fake"] + character_loss(fake.characters, target)
    return parts["d_real"] + parts["d_fake"], parts


def generator_adversarial(fake, target: Tensor, literal: bool = False, character_loss=character_bce):
    """(adversarial, character) terms of L_G, by DN's output `fake` on generated plates; other arguments as above.

    Only the real/fake unit's target is flipped: GN is to be taken for real and to be read. literal=True is the -L_F
    that the paper prints, which rewards being taken for real and being *mis-read*.
    """
    reads = fake.characters is not None
    characters = character_loss(fake.characters, target) if reads else torch.zeros((), device=target.device)
    if literal:
        return -real_fake_loss(fake.real, False), -characters
    return real_fake_loss(fake.real, True), characters


def pixel_mse(restored: Tensor, gt: Tensor) -> Tensor:
    """L_MSE = 1/(WH) sum (I_g - G(I_l))^2 of pictures in [-1, 1]."""
    return F.mse_loss(restored, gt)


def corner_error(found: Tensor, corners: Tensor) -> Tensor:
    """Mean absolute difference of corners (N, 4, 2), over the plates whose true ones are known and not NaN."""
    known = corners.isfinite()
    return ((found - corners.nan_to_num()).abs() * known).sum() / known.sum().clamp(min=1)


def dice_loss(grey: Tensor, ink: Tensor) -> Tensor:
    """1 - F-measure of ink, with shares of ink in place of 0 and 1 (Milletari, Navab, Ahmadi: V-Net, 2016).

    grey, ink: (N, 1, H, W) in [-1, 1] with -1 for ink. The mean over the pictures is returned.
    """
    made, true = (1 - grey) / 2, (1 - ink) / 2
    both = 2 * (made * true).sum((1, 2, 3))
    return (1 - both / (made.sum((1, 2, 3)) + true.sum((1, 2, 3))).clamp(min=1)).mean()


class VGG16Features(nn.Module):
    """VGG16 up to relu3_3, frozen: RGB or grey float (N, 3 or 1, H, W) in [-1, 1] -> (N, 256, H/4, W/4).

    source: "torchvision" (its ImageNet weights, which it downloads once) or an .npz file of Caffe's convolutions
    (arrays conv1_1.weight ...; input BGR, 0-255, minus the channels' means). Raises FileNotFoundError for a missing
    file, ValueError for one that does not hold the convolutions.
    """

    def __init__(self, source: str = "torchvision"):
        super().__init__()
        widths = (64, 64, 128, 128, 256, 256, 256)
        self.convolutions = nn.ModuleDict()
        last = 3
        for name, width in zip(CONVOLUTIONS, widths):
            self.convolutions[name] = nn.Conv2d(last, width, 3, padding=1)
            last = width
        self.caffe = source != "torchvision"
        self._load_file(source) if self.caffe else self._load_torchvision()
        mean, spread = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        if self.caffe:
            mean, spread = (103.939, 116.779, 123.68), (1.0, 1.0, 1.0)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(spread).view(1, 3, 1, 1))
        self.register_buffer("scale", torch.ones(()))
        self.requires_grad_(False).eval()
        with torch.no_grad():  # scaled to unit deviation on ink-like blocks: K1 means the same with either source
            blocks = (torch.rand(1, 1, 16, 24, generator=torch.Generator().manual_seed(0)) > 0.5).float() * 2 - 1
            self.scale = self(F.interpolate(blocks, scale_factor=8)).std()

    def _load_torchvision(self) -> None:
        from torchvision.models import VGG16_Weights, vgg16

        layers = [m for m in vgg16(weights=VGG16_Weights.IMAGENET1K_V1).features if isinstance(m, nn.Conv2d)]
        for name, layer in zip(CONVOLUTIONS, layers):
            self.convolutions[name].load_state_dict(layer.state_dict())

    def _load_file(self, source: str) -> None:
        if not Path(source).is_file():
            raise FileNotFoundError(f"there is no file {source} with VGG16's convolutions")
        try:
            with np.load(source, allow_pickle=False) as arrays:
                for name in CONVOLUTIONS:
                    part = {key: torch.from_numpy(arrays[f"{name}.{key}"]).float() for key in ("weight", "bias")}
                    self.convolutions[name].load_state_dict(part)
        except (KeyError, RuntimeError, ValueError, OSError) as error:
            raise ValueError(f"{source} does not hold VGG16's convolutions up to conv3_3 ({error})") from None

    def forward(self, picture: Tensor) -> Tensor:
        x = (picture.expand(-1, 3, -1, -1) + 1) / 2
        x = (x.flip(1) * 255 if self.caffe else x) - self.mean
        x = x / self.spread
        for name, convolution in self.convolutions.items():
            x = F.relu(convolution(x))
            if name in POOLED:
                x = F.max_pool2d(x, 2)
        return x / self.scale


def perceptual_loss(features: nn.Module, made: Tensor, truth: Tensor) -> Tensor:
    """Mean squared difference of two pictures' features, with gradients for `made` alone."""
    with torch.no_grad():
        expected = features(truth)
    return F.mse_loss(features(made).float(), expected.float())


def seen_by_discriminator(plate: Tensor) -> Tensor:
    """A differentiable random view of plates (N, 3, H, W): small shift, blur or resampling, noise; drawn per batch."""
    dy, dx, kind = (int(v) for v in torch.randint(0, 5, (3,)))
    plate = F.pad(plate, (2, 2, 2, 2), mode="replicate")[..., dy : dy + plate.shape[2], dx : dx + plate.shape[3]]
    if kind in (1, 2):
        plate = F.avg_pool2d(plate, 3, 1, 1, count_include_pad=False)
    elif kind == 3:
        small = F.avg_pool2d(plate, 2)
        plate = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    noise = torch.randn(1, *plate.shape[1:], device=plate.device) * (0.1 * torch.rand(1).item())
    return plate + noise
