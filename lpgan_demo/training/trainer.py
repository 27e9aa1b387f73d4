"""What every trainer shares: options with their help, devices, learning rates, averaged weights, the state of a run."""

from __future__ import annotations

import math
import os
from dataclasses import field

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ..images import to_tensor


def tensor_batch(batch: dict[str, np.ndarray], device) -> dict[str, Tensor]:
    """uint8 pictures -> float (N, 3, H, W) in [-1, 1]; integers as they are; all on `device`."""
    memory = torch.channels_last
    return {
        name: to_tensor(value).to(device, memory_format=memory)
        if value.dtype == np.uint8
        else torch.from_numpy(value).to(device)
        for name, value in batch.items()
    }


def option(default, help: str):
    """A configuration field whose help text the command line shows."""
    if isinstance(default, (list, dict)):
        raise TypeError("option defaults must be immutable")
    return field(default=default, metadata={"help": help})


def make_accelerator() -> Accelerator:
    """The devices to train on: of one process, or of those that `accelerate launch` or `torchrun` started together.

    Processes without an accelerator must be told that they belong together: each would else train for itself.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not torch.accelerator.is_available():
        os.environ.setdefault("ACCELERATE_USE_CPU", "true")
    return Accelerator()


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
    for kept, value in zip(mean.buffers(), live.buffers()):  # batch norm's statistics: the latest, see `Trainer.settle`
        kept.copy_(value)


class Trainer:
    """Base of the trainers. config has warmup_steps, decay_share, ema and precision.

    A subclass fills `optimisers` with (optimiser, highest learning rate), `averaged` with (mean, live) networks and
    says in `parts` what a resumed run needs; its step(batch) ends with `count`.
    """

    def __init__(self, config, accelerator: Accelerator | None = None):
        if config.precision not in ("bf16", "fp32"):
            raise ValueError(f"precision must be bf16 or fp32, not {config.precision!r}")
        if config.warmup_steps < 1:
            raise ValueError("warmup_steps must be at least 1")
        self.config = config
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
        self.optimisers: list[tuple[torch.optim.Optimizer, float]] = []
        self.averaged: list[tuple[nn.Module, nn.Module]] = []
        self.steps = self.seen = 0

    def autocast(self):
        """The arithmetic of the configuration, as a context."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def set_progress(self, progress: float) -> None:
        """Set the learning rates for a share of the run done, in [0, 1]: warm-up, plateau, cosine to zero."""
        factor = learning_rate_factor(self.steps, progress, self.config.warmup_steps, self.config.decay_share)
        for optimiser, rate in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * factor

    def count(self, batch_size: int) -> None:
        """One more step is done: count it and what all processes saw in it, and move the averages."""
        self.steps += 1
        self.seen += batch_size * self.accelerator.num_processes
        for mean, live in self.averaged:
            average(mean, self.accelerator.unwrap_model(live), self.config.ema, self.steps)

    def settle(self) -> None:
        """Make the averages ready to be looked at and kept; called before every sheet, validation and checkpoint."""

    def parts(self) -> dict:
        """{name: network or optimiser} of what belongs to the state."""
        raise NotImplementedError

    def state_dict(self) -> dict:
        """All that a resumed run needs: networks, averages, optimisers, step, random state."""
        state = {name: part.state_dict() for name, part in self.parts().items()}
        random = [torch.get_rng_state()] + (torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])
        return state | {"steps": self.steps, "seen": self.seen, "rng": random}

    def load_state_dict(self, state: dict) -> None:
        for name, part in self.parts().items():
            part.load_state_dict(state[name])
        self.steps, self.seen = state["steps"], state["seen"]
        cpu, *cuda = state["rng"]
        torch.set_rng_state(cpu)
        if cuda and len(cuda) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(cuda)
