"""Trainer of MTGAN and of the networks it is compared with: GN and DN in turn, moving averages of both."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..images import to_images
from . import losses
from .trainer import Trainer, option


@dataclass(frozen=True)
class MTGANTraining:
    """How MTGAN is trained. L_G = mse * L_MSE + adversarial * L_adv + dn_character * L_char + heads."""

    learning_rate: float = option(1.2e-3, "Adam's learning rate for GN")
    d_learning_rate: float = option(1e-3, "Adam's learning rate for DN")
    weight_decay: float = option(0.01, "decoupled weight decay of GN")
    warmup_steps: int = option(300, "steps over which the learning rates rise from zero")
    decay_share: float = option(0.25, "last share of the run over which the learning rates fall to zero (cosine)")
    lambda_mse: float = option(10.0, "weight of L_MSE between GN's plate and the standard plate")
    lambda_adversarial: float = option(0.01, "weight of DN's real/fake verdict on GN's plate")
    lambda_dn_character: float = option(0.1, "weight of DN's reading of GN's plate")
    lambda_character: float = option(1.0, "weight of the cross entropy of GN's own character head")
    first_weight: float = option(1.0, "how much more the first character weighs in that cross entropy")
    lambda_layout: float = option(0.2, "weight of the cross entropy of GN's layout head")
    lambda_corners: float = option(2.0, "weight of the absolute error of GN's corners, in shares of the crop")
    character_loss: str = option("bce", "DN's character loss: bce (the paper's) or cross-entropy")
    literal_adversarial: bool = option(False, "the paper's printed L_G = L_MSE - L_F, which rewards mis-reading too")
    augment_view: bool = option(True, "blur, shift and noise what DN sees, so that GN cannot whisper to it in pixels")
    draw_share: float = option(1.0, "share of a batch that is drawn and judged; the rest trains the reading alone")
    discriminator_every: int = option(1, "train DN on every n-th step")
    ema: float = option(0.999, "decay of the moving average of GN's and DN's weights, the ones that are published")
    clip: float = option(1.0, "largest norm of GN's gradient")
    precision: str = option("auto", "bf16 (autocast), fp32, or auto: bf16 where the device does it natively")


class MTGANTrainer(Trainer):
    """Alternating training of GN and DN on batches dict(lq, gt, target, layout, corners) of tensors.

    Plates of no known kind are last in a batch; they train the layout head and the corners alone.

    step(batch) trains DN on real and (detached) generated plates, then GN with DN frozen, and returns the values
    d_real, d_fake, g_adv, g_pixel, g_char, g_head, g_layout and g_corners. DN is left out when both its weights in L_G
    are zero.
    `generator_ema` and `discriminator_ema` are what is published.
    """

    state_names = ("generator", "discriminator", "generator_ema", "discriminator_ema", "g_optimiser", "d_optimiser")

    def __init__(self, generator: nn.Module, discriminator: nn.Module, config: MTGANTraining, accelerator=None):
        if config.character_loss not in ("bce", "cross-entropy"):
            raise ValueError(f"character_loss must be bce or cross-entropy, not {config.character_loss!r}")
        if not 0 < config.draw_share <= 1:
            raise ValueError(f"draw_share must be above 0 and at most 1, not {config.draw_share}")
        if config.discriminator_every < 1:
            raise ValueError("discriminator_every must be at least 1")
        super().__init__(config, accelerator)
        memory = torch.channels_last
        generator, discriminator = (m.to(self.device, memory_format=memory) for m in (generator, discriminator))
        self.generator_ema = copy.deepcopy(generator).requires_grad_(False).eval()
        self.discriminator_ema = copy.deepcopy(discriminator).requires_grad_(False).eval()
        g_optimiser = torch.optim.AdamW(
            generator.parameters(), config.learning_rate, betas=(0.9, 0.99), weight_decay=config.weight_decay
        )
        d_optimiser = torch.optim.Adam(discriminator.parameters(), config.d_learning_rate, betas=(0.5, 0.99))
        self.generator, self.discriminator, self.g_optimiser, self.d_optimiser = self.accelerator.prepare(
            generator, discriminator, g_optimiser, d_optimiser
        )
        self.character_loss = losses.character_bce if config.character_loss == "bce" else losses.character_cross_entropy
        self.has_adversary = bool(config.lambda_adversarial or config.lambda_dn_character)
        self.optimisers = [(self.g_optimiser, config.learning_rate), (self.d_optimiser, config.d_learning_rate)]
        self.averaged = [(self.generator_ema, self.generator), (self.discriminator_ema, self.discriminator)]

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config = self.config
        lq, gt, layout = batch["lq"], batch["gt"], batch["layout"]
        view = losses.seen_by_discriminator if config.augment_view else (lambda plate: plate)
        autocast = self.autocast()
        discriminator = self.accelerator.unwrap_model(self.discriminator)
        known = layout < len(discriminator.config.layouts)
        n = min(math.ceil(config.draw_share * len(lq)), int(known.sum()))
        with autocast:
            out = self.generator(lq, layout * known, n)
        target = batch["target"][:, : discriminator.table.max_characters]
        log: dict[str, Tensor] = {}

        if n and self.has_adversary and self.steps % config.discriminator_every == 0:  # DN
            with autocast:
                real = self.discriminator(view(gt[:n]), layout[:n])
                fake = self.discriminator(view(out.restored.detach()), layout[:n])
                d_loss, parts = losses.discriminator_loss(real, fake, target[:n], self.character_loss)
            self.update(self.d_optimiser, d_loss)
            log.update(parts)

        discriminator.requires_grad_(False)  # GN, with DN frozen
        with autocast:
            g_loss = torch.zeros((), device=lq.device)
            if n:
                log["g_pixel"] = losses.pixel_mse(out.restored, gt[:n])
                g_loss = config.lambda_mse * log["g_pixel"]
            if n and self.has_adversary:
                log["g_adv"], log["g_char"] = losses.generator_adversarial(
                    discriminator(view(out.restored), layout[:n]),
                    target[:n],
                    config.literal_adversarial,
                    self.character_loss,
                )
                g_loss = g_loss + config.lambda_adversarial * log["g_adv"]
                g_loss = g_loss + config.lambda_dn_character * log["g_char"]
            if out.characters is not None:
                log["g_head"] = losses.character_cross_entropy(out.characters, target, config.first_weight)
                log["g_layout"] = F.cross_entropy(out.layout, layout)
                g_loss = g_loss + config.lambda_character * log["g_head"] + config.lambda_layout * log["g_layout"]
            if out.corners is not None:
                log["g_corners"] = losses.corner_error(out.corners, batch["corners"])
                g_loss = g_loss + config.lambda_corners * log["g_corners"]
        self.update(self.g_optimiser, g_loss, self.generator)
        discriminator.requires_grad_(True)
        return self.finish_step(len(lq), log)

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """Input, GN's plate and the standard plate beside each other, two plates a row, uint8 RGB."""
        drawn = to_images(self.generator_ema(batch["lq"]).restored)
        lq = to_images(F.interpolate(batch["lq"], batch["gt"].shape[2:], mode="bicubic"))
        rows = [np.hstack(pictures) for pictures in zip(lq, drawn, to_images(batch["gt"]))]
        half = (len(rows) + 1) // 2
        return np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:] + rows[: 2 * half - len(rows)])])
