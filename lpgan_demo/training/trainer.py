"""What all trainers share: options with help, devices, learning rates, averaged weights, the state of a run."""

from __future__ import annotations

import math
import os
from dataclasses import field

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from ..images import to_tensor
from ..inference.optimise import resolve_precision


def tensor_batch(batch: dict[str, np.ndarray], device) -> dict[str, Tensor]:
    """A batch on `device`: uint8 (N, H, W, C) pictures as float (N, C, H, W) in [-1, 1], other arrays as they are."""
    memory = torch.channels_last
    return {
        name: to_tensor(value).to(device, memory_format=memory)
        if value.dtype == np.uint8
        else torch.from_numpy(value).to(device)
        for name, value in batch.items()
    }


def option(default, help: str):
    """A dataclass field with the help text that the command line shows; its default must be immutable."""
    if isinstance(default, (list, dict)):
        raise TypeError("option defaults must be immutable")
    return field(default=default, metadata={"help": help})


def make_accelerator() -> Accelerator:
    """The devices to train on: of one process, or of those that `accelerate launch` or `torchrun` started together.

    Processes on CPUs alone must be told to work together; otherwise each would train a network of its own.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not torch.accelerator.is_available():
        os.environ.setdefault("ACCELERATE_USE_CPU", "true")
    return Accelerator()


def learning_rate_factor(step: int, progress: float, warmup_steps: int, decay_share: float) -> float:
    """Factor of the learning rate: linear warm-up, 1, and a cosine to 0.001 over the last `decay_share` of the run.

    step: steps done. progress: share of the run that is done, in [0, 1].
    """
    tail = max(0.0, (progress - (1 - decay_share)) / max(decay_share, 1e-9))
    factor = min(1.0, (step + 1) / warmup_steps) * 0.5 * (1 + math.cos(math.pi * min(1.0, tail)))
    return max(factor, 1e-3)


@torch.no_grad()
def average(mean: nn.Module, live: nn.Module, decay: float, step: int) -> None:
    """Move the averaged network towards the live one; by more than 1 - decay in the first steps.

    Buffers are copied: batch norm's latest statistics, see `Trainer.settle`.
    """
    decay = min(decay, (1 + step) / (10 + step))
    torch._foreach_lerp_(list(mean.parameters()), list(live.parameters()), 1 - decay)
    for buffer, latest in zip(mean.buffers(), live.buffers()):
        buffer.copy_(latest)


class Trainer:
    """Base of the trainers.

    A subclass fills `optimisers` and `averaged` and has the methods step(batch), which trains on tensors and returns
    the values to log, and sheet(batch), which shows the averaged networks' outputs as one uint8 (H, W, 3) RGB picture.

    Attributes:
        config: has warmup_steps, decay_share, ema and precision.
        optimisers: (optimiser, highest learning rate) of each.
        averaged: (moving average, live network) of each.
        state_names: names of the attributes, networks and optimisers, that a resumed run needs.
        precision: "bf16" or "fp32".
        steps, seen: steps done, and samples that all processes saw in them.
    """

    state_names: tuple[str, ...] = ()

    def __init__(self, config, accelerator: Accelerator | None = None):
        if config.warmup_steps < 1:
            raise ValueError("warmup_steps must be at least 1")
        self.config = config
        self.accelerator = accelerator or make_accelerator()
        self.device = self.accelerator.device
        self.precision = resolve_precision(config.precision, self.device)
        self.optimisers: list[tuple[torch.optim.Optimizer, float]] = []
        self.averaged: list[tuple[nn.Module, nn.Module]] = []
        self.steps = self.seen = 0

    def autocast(self):
        """Context of the forward passes, in `precision`."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def set_progress(self, progress: float) -> None:
        """Set the learning rates for the share of the run that is done, in [0, 1] (see `learning_rate_factor`)."""
        factor = learning_rate_factor(self.steps, progress, self.config.warmup_steps, self.config.decay_share)
        for optimiser, rate in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * factor

    def update(self, optimiser, loss: Tensor, clipped: nn.Module | None = None) -> None:
        """Step an optimiser down the loss's gradient; that of the network `clipped` is cut to the norm config.clip."""
        optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        if clipped is not None:
            self.accelerator.clip_grad_norm_(clipped.parameters(), self.config.clip)
        optimiser.step()

    def finish_step(self, batch_size: int, log: dict[str, Tensor]) -> dict[str, float]:
        """Count a step and its samples and move the averages; returns the log as numbers."""
        self.steps += 1
        self.seen += batch_size * self.accelerator.num_processes
        for mean, live in self.averaged:
            average(mean, self.accelerator.unwrap_model(live), self.config.ema, self.steps)
        return {name: float(value.detach()) for name, value in log.items()}

    def settle(self) -> None:
        """Make the averages ready for use; called before every sheet, validation and checkpoint."""

    def _parts(self) -> dict:
        """{name: network or optimiser} of the attributes in `state_names`."""
        parts, unwrap = {name: getattr(self, name) for name in self.state_names}, self.accelerator.unwrap_model
        return {name: unwrap(part) if isinstance(part, nn.Module) else part for name, part in parts.items()}

    def state_dict(self) -> dict:
        """All that a resumed run needs: networks, averages, optimisers, step, random state."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        random = [torch.get_rng_state()] + (torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [])
        return state | {"steps": self.steps, "seen": self.seen, "rng": random}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a state; the random states of GPUs are taken only where there are as many as there were."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.steps, self.seen = state["steps"], state["seen"]
        cpu, *cuda = state["rng"]
        torch.set_rng_state(cpu)
        if cuda and len(cuda) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(cuda)
