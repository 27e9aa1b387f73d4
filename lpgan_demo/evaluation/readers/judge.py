"""The judge: a reader of standard plates that never met GN, so that nothing can be whispered to it.

A generator and a reader trained together may agree on a code that no human sees. This one was trained on rendered
standard plates alone (`judge_training.py`); what it reads off GN's picture is what the picture says. It serves
evaluation only.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from ... import images
from ...images import to_tensor
from ...networks.mtgan import MultiTaskDiscriminator
from ...plates import decode, get_layout


def blurred(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """A 3x3 box blur: it wipes out a code hidden in single pixels and leaves what a person reads."""
    return [cv2.blur(picture, (3, 3)) for picture in pictures]


@torch.inference_mode()
def read_pictures(judge: MultiTaskDiscriminator, pictures: list[np.ndarray], layouts: list[str]) -> list[str]:
    """Texts that the judge reads off standard plates, uint8 (64, 192, 3) RGB, of the named layouts.

    Raises ValueError for a layout that the judge does not know.
    """
    names = list(judge.config.layouts)
    if unknown := set(layouts) - set(names):
        raise ValueError(f"the judge does not know the layouts {', '.join(sorted(unknown))}")
    index = torch.tensor([names.index(layout) for layout in layouts])
    logits = torch.cat(
        [
            judge(to_tensor(np.stack(pictures[k : k + 64])), index[k : k + 64]).characters
            for k in range(0, len(pictures), 64)
        ]
    )
    probabilities = F.softmax(logits, -1).numpy()
    return ["".join(c[0] for c in decode(p, get_layout(layout))) for p, layout in zip(probabilities, layouts)]


@torch.inference_mode()
def read_by_discriminator(network, pictures: list[np.ndarray], layouts: list[str]) -> list[str]:
    """Texts that DN reads off pictures, uint8 (64, 192, 3), of the named layouts."""
    names = list(network.config.layouts)
    index = torch.tensor([names.index(layout) for layout in layouts])
    texts = []
    for k in range(0, len(pictures), 64):
        logits = network(images.to_tensor(pictures[k : k + 64]), index[k : k + 64]).characters
        for belief, layout in zip(logits.sigmoid().numpy(), layouts[k : k + 64]):
            texts.append("".join(reading[0] for reading in decode(belief, get_layout(layout))))
    return texts
