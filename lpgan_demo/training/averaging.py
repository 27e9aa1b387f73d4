"""Average the weights of runs that began from common ones ("model soups", Wortsman et al. 2022).

What one run gained on its sources, and another on its own, is nearly all kept, at the cost of a single network.
"""

from __future__ import annotations

import copy
from pathlib import Path

import torch

from ..networks.base import save_weights
from ..networks.registry import load_weights
from ..weights import facts
from .export import short_path
from .mtgan_recipes import copy_weights

PAIR = ("mtgan-generator", "mtgan-discriminator")


def average_weights(parts: list[tuple[str, float]], folder: str | Path) -> list[Path]:
    """Write the weighted mean of several MTGAN weights.

    Args:
        parts: (folder of weights, share); shares are divided by their sum. What only the first knows (further layouts,
            "unknown", the corners) is taken from it.
        folder: where the folders of weights are written.

    Returns:
        The folders written; steps, plates seen, hours and the first's command are kept in their config.json.

    Raises:
        ValueError: fewer than two parts, a share that is not positive, or networks of other sizes.
        WeightsError: weights are missing or damaged.
    """
    if len(parts) < 2 or min(share for _, share in parts) <= 0:
        raise ValueError("an average needs two folders of weights at least, each with a positive share")
    total, written = sum(share for _, share in parts), []
    (first, _), *others = parts
    for name in PAIR:
        mean = load_weights(Path(first) / name)
        states = [mean.state_dict()]
        for other, _ in others:
            network = copy.deepcopy(mean)
            copy_weights(network, load_weights(Path(other) / name))
            states.append(network.state_dict())
        shares = [share / total for _, share in parts]
        mean.load_state_dict(
            {key: torch.stack([s * state[key] for s, state in zip(shares, states)]).sum(0) for key in states[0]}
        )
        made = facts(Path(first) / name)
        known = {key: made[key] for key in ("steps", "plates_seen", "hours", "cores", "command") if key in made}
        average = " ".join(f"{short_path(str(path))}={share:g}" for path, share in parts)
        known["command"] = f"{known.get('command', '')}\npython -m lpgan_demo average weights {average}".strip()
        written.append(save_weights(mean, Path(folder) / name, **known))
    return written
