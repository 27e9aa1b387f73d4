"""The trainer of MTGAN: GN and DN in turn, their losses weighed, moving averages of both kept.

The loop around it (log, checkpoints, resuming) is `fit.fit`; several devices or machines through `accelerate launch`.
"""

from __future__ import annotations

import copy
import math
import os
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from . import losses
from .images import to_images


def option(default, help: str):
    """A configuration field whose help text the command line shows."""
    if isinstance(default, (list, dict)):
        raise TypeError("option defaults must be immutable")
    return field(default=default, metadata={"help": help})


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
    character_loss: str = option("bce", "DN's character loss: bce (the paper's) or cross-entropy")
    literal_adversarial: bool = option(False, "the paper's printed L_G = L_MSE - L_F, which rewards mis-reading too")
    augment_view: bool = option(True, "blur, shift and noise what DN sees, so that GN cannot whisper to it in pixels")
    draw_share: float = option(1.0, "share of a batch that is drawn and judged; the rest trains the reading alone")
    discriminator_every: int = option(1, "train DN on every n-th step")
    ema: float = option(0.999, "decay of the moving average of GN's and DN's weights, the ones that are published")
    clip: float = option(1.0, "largest norm of GN's gradient")
    precision: str = option("bf16", "bf16 (autocast) or fp32")


def make_accelerator() -> Accelerator:
    """The devices to train on: of one process, or of those that `accelerate launch` or `torchrun` started together.

    Processes without an accelerator must be told that they belong together: each would else train for itself.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not torch.accelerator.is_available():
        os.environ.setdefault("ACCELERATE_USE_CPU", "true")
    return Accelerator()


def seen_by_discriminator(plate: Tensor) -> Tensor:
    """A differentiable random view of (N, 3, H, W): small shift, blur or resampling, noise. One draw a batch."""
    dy, dx, kind = (int(v) for v in torch.randint(0, 5, (3,)))
    plate = F.pad(plate, (2, 2, 2, 2), mode="replicate")[..., dy : dy + plate.shape[2], dx : dx + plate.shape[3]]
    if kind in (1, 2):
        plate = F.avg_pool2d(plate, 3, 1, 1, count_include_pad=False)
    elif kind == 3:
        small = F.avg_pool2d(plate, 2)
        plate = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    noise = torch.randn(1, *plate.shape[1:], device=plate.device) * (0.1 * torch.rand(1).item())
    return plate + noise


def learning_rate_factor(step: int, progress: float, warmup_steps: int, decay_share: float) -> float:
    """What a learning rate is multiplied by: warm-up over the first steps, 1, cosine to 0.001 over the last share."""
    tail = max(0.0, (progress - (1 - decay_share)) / max(decay_share, 1e-9))
    factor = min(1.0, (step + 1) / warmup_steps) * 0.5 * (1 + math.cos(math.pi * min(1.0, tail)))
    return max(factor, 1e-3)


@torch.no_grad()
def average(mean: nn.Module, live: nn.Module, decay: float, step: int) -> None:
    """Move the averaged network towards the live one; the first steps count more, so that the start is forgotten."""
    decay = min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(mean.parameters()), list(live.parameters()), 1 - decay)
    for kept, value in zip(mean.buffers(), live.buffers()):  # batch norm's statistics are averages already
        kept.copy_(value)


class MTGANTrainer:
    """Alternating training of GN and DN on batches dict(lq, gt, target, layout) of tensors.

    step(batch) trains DN on real and (detached) drawn plates, then GN with DN frozen, and returns the log values
    d_real d_fake g_adv g_pixel g_char g_head g_layout. DN takes no part when both its weights in L_G are zero.
    `generator_ema` and `discriminator_ema` are what to publish.
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, config: MTGANTraining, accelerator=None):
        if config.character_loss not in ("bce", "cross-entropy"):
            raise ValueError(f"character_loss must be bce or cross-entropy, not {config.character_loss!r}")
        if config.precision not in ("bf16", "fp32"):
            raise ValueError(f"precision must be bf16 or fp32, not {config.precision!r}")
        if not 0 < config.draw_share <= 1:
            raise ValueError(f"draw_share must be above 0 and at most 1, not {config.draw_share}")
        if config.discriminator_every < 1 or config.warmup_steps < 1:
            raise ValueError("discriminator_every and warmup_steps must be at least 1")
        self.config = config
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
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
        self.steps = self.seen = 0

    def set_progress(self, progress: float) -> None:
        """Set the learning rates for a share of the run done, in [0, 1]: warm-up, plateau, cosine to zero."""
        config = self.config
        factor = learning_rate_factor(self.steps, progress, config.warmup_steps, config.decay_share)
        for optimiser, rate in ((self.g_optimiser, config.learning_rate), (self.d_optimiser, config.d_learning_rate)):
            for group in optimiser.param_groups:
                group["lr"] = rate * factor

    def step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        config = self.config
        lq, gt, layout = batch["lq"], batch["gt"], batch["layout"]
        view = seen_by_discriminator if config.augment_view else (lambda plate: plate)
        autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16")
        judge = self.accelerator.unwrap_model(self.discriminator)
        n = math.ceil(config.draw_share * len(lq))
        with autocast:
            out = self.generator(lq, layout, n)
        target = batch["target"][:, : judge.table.max_characters]
        log: dict[str, Tensor] = {}

        if self.has_adversary and self.steps % config.discriminator_every == 0:  # DN: real plates and detached drawings
            with autocast:
                real = self.discriminator(view(gt[:n]), layout[:n])
                fake = self.discriminator(view(out.restored.detach()), layout[:n])
                d_loss, parts = losses.discriminator_loss(real, fake, target[:n], self.character_loss)
            self.d_optimiser.zero_grad(set_to_none=True)
            self.accelerator.backward(d_loss)
            self.d_optimiser.step()
            log.update(parts)

        judge.requires_grad_(False)  # GN, with DN frozen
        with autocast:
            log["g_pixel"] = losses.pixel_mse(out.restored, gt[:n])
            g_loss = config.lambda_mse * log["g_pixel"]
            if self.has_adversary:
                log["g_adv"], log["g_char"] = losses.generator_adversarial(
                    judge(view(out.restored), layout[:n]), target[:n], config.literal_adversarial, self.character_loss
                )
                g_loss = g_loss + config.lambda_adversarial * log["g_adv"]
                g_loss = g_loss + config.lambda_dn_character * log["g_char"]
            if out.characters is not None:
                log["g_head"] = losses.character_cross_entropy(out.characters, target, config.first_weight)
                log["g_layout"] = F.cross_entropy(out.layout, layout)
                g_loss = g_loss + config.lambda_character * log["g_head"] + config.lambda_layout * log["g_layout"]
        self.g_optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(g_loss)
        self.accelerator.clip_grad_norm_(self.generator.parameters(), config.clip)
        self.g_optimiser.step()
        judge.requires_grad_(True)

        self.steps += 1
        self.seen += len(lq) * self.accelerator.num_processes
        for mean, live in ((self.generator_ema, self.generator), (self.discriminator_ema, self.discriminator)):
            average(mean, self.accelerator.unwrap_model(live), config.ema, self.steps)
        return {name: float(value.detach()) for name, value in log.items()}

    @torch.no_grad()
    def sheet(self, batch: dict[str, Tensor]) -> np.ndarray:
        """Input, GN's plate and the standard plate beside each other, two plates a row, uint8 RGB."""
        drawn = to_images(self.generator_ema(batch["lq"]).restored)
        lq = to_images(F.interpolate(batch["lq"], batch["gt"].shape[2:], mode="bicubic"))
        rows = [np.hstack(pictures) for pictures in zip(lq, drawn, to_images(batch["gt"]))]
        half = (len(rows) + 1) // 2
        return np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:] + rows[: 2 * half - len(rows)])])

    def _parts(self) -> dict:
        return {
            "generator": self.accelerator.unwrap_model(self.generator),
            "discriminator": self.accelerator.unwrap_model(self.discriminator),
            "generator_ema": self.generator_ema,
            "discriminator_ema": self.discriminator_ema,
            "g_optimiser": self.g_optimiser,
            "d_optimiser": self.d_optimiser,
        }

    def state_dict(self) -> dict:
        """All that a resumed run needs: networks, averages, optimisers, step, random state."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        random = [torch.get_rng_state()] + (torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])
        return state | {"steps": self.steps, "seen": self.seen, "rng": random}

    def load_state_dict(self, state: dict) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.steps, self.seen = state["steps"], state["seen"]
        cpu, *cuda = state["rng"]
        torch.set_rng_state(cpu)
        if cuda and len(cuda) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(cuda)
