"""The papers' losses on logits. Shapes: characters (N, P, A) logits, target (N, P) int64 with -1 = no character."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .networks.regions import IMPOSSIBLE


def real_fake_loss(logits: Tensor, real: bool) -> Tensor:
    """Binary cross entropy of DN's real/fake unit, mean over the batch. logits (N,)."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, float(real)))


def character_bce(characters: Tensor, target: Tensor) -> Tensor:
    """The paper's form: BCE of every sigmoid of the one-hot blocks, t log o + (1-t) log(1-o).

    Summed over a block, mean over the characters: the paper's 1/(B*N) times a constant, so that one character
    weighs about as much as the real/fake unit. Symbols a position cannot hold are left out.
    """
    possible = (characters > IMPOSSIBLE / 2) & (target >= 0).unsqueeze(-1)
    one_hot = F.one_hot(target.clamp(min=0), characters.shape[-1]).to(characters.dtype)
    loss = F.binary_cross_entropy_with_logits(characters, one_hot, reduction="none")
    return (loss * possible).sum() / (target >= 0).sum().clamp(min=1)


def character_cross_entropy(characters: Tensor, target: Tensor, first_weight: float = 1.0) -> Tensor:
    """Cross entropy within each character's block, mean over the characters; learns sooner than BCE.

    first_weight: how much more the first character weighs, the province with its many strokes and 31 answers.
    """
    loss = F.cross_entropy(characters.transpose(1, 2), target, ignore_index=-1, reduction="none")
    weight = (target >= 0).float()
    weight[:, 0] *= first_weight
    return (loss * weight).sum() / weight.sum().clamp(min=1)


def discriminator_loss(real, fake, target: Tensor, character_loss=character_bce) -> tuple[Tensor, dict]:
    """L_D = L_R + L_F: DN must tell real from drawn and read both. real, fake: `DiscriminatorOutput`.

    A DN that does not read (characters None) leaves the ordinary real/fake loss.
    """
    parts = {"d_real": real_fake_loss(real.real, True), "d_fake": real_fake_loss(fake.real, False)}
    if real.characters is not None:
        parts["d_real"] = parts["d_real"] + character_loss(real.characters, target)
        parts["d_fake"] = parts["d_fake"] + character_loss(fake.characters, target)
    return parts["d_real"] + parts["d_fake"], parts


def generator_adversarial(fake, target: Tensor, literal: bool = False, character_loss=character_bce):
    """What DN tells GN: (adversarial, character) terms.

    Our reading flips only the real/fake unit: GN wants "real" and wants to be read. literal=True is the paper's
    printed -L_F, which rewards being mistaken for real and *mis-read*.
    """
    reads = fake.characters is not None
    characters = character_loss(fake.characters, target) if reads else torch.zeros((), device=target.device)
    if literal:
        return -real_fake_loss(fake.real, False), -characters
    return real_fake_loss(fake.real, True), characters


def pixel_mse(restored: Tensor, gt: Tensor) -> Tensor:
    """L_MSE = 1/(WH) sum (I_g - G(I_l))^2, on pictures in [-1, 1]."""
    return F.mse_loss(restored, gt)


def dice_loss(grey: Tensor, ink: Tensor) -> Tensor:
    """1 - the F-measure of ink, with shares of ink in place of yes and no; mean over the pictures.

    grey, ink: (N, 1, H, W) in [-1, 1], ink -1 (Milletari, Navab, Ahmadi: V-Net, 2016).
    """
    made, true = (1 - grey) / 2, (1 - ink) / 2
    both = 2 * (made * true).sum((1, 2, 3))
    return (1 - both / (made.sum((1, 2, 3)) + true.sum((1, 2, 3))).clamp(min=1)).mean()
