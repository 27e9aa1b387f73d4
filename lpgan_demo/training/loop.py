"""The training loop: batches in order, progress, log, sample sheets, validation, and runs that can be resumed."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader
from tqdm import tqdm

from .trainer import tensor_batch


def save_checkpoint(path: Path, state: dict) -> None:
    """Write to a file beside and rename it, so that a crash leaves no half-written file."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def fit(
    trainer, dataset, folder, steps: int, *, workers=1, log_every=50, save_every=1000, sample=None, validate=None
) -> dict:
    """Train, and stop after the current step with a checkpoint at SIGTERM and Ctrl-C; returns the last validation.

    Args:
        trainer: a `trainer.Trainer`.
        dataset: its item k is the batch of step k (`data.batches.SeededBatches`).
        folder: gets log.jsonl, samples/, checkpoint.pt (resumed from when it is there) and best.pt (the averaged
            networks of the highest validation score).
        steps: number of steps, those of earlier runs in this folder included.
        workers: processes that make batches.
        log_every, save_every: steps between lines of the log; between sheets, validations and checkpoints.
        sample: a fixed batch for the sheets.
        validate: function of the trainer; returns values to log, "score" among them.
    """
    folder = Path(folder)
    accelerator, main = trainer.accelerator, trainer.accelerator.is_main_process
    checkpoint, best = folder / "checkpoint.pt", -1.0
    if main:
        (folder / "samples").mkdir(parents=True, exist_ok=True)
    if checkpoint.is_file():
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        trainer.load_state_dict(state)
        best = state.get("best", -1.0)
    stop: list[bool] = []
    handlers = {name: signal.signal(name, lambda *_: stop.append(True)) for name in (signal.SIGTERM, signal.SIGINT)}
    process, processes = accelerator.process_index, accelerator.num_processes
    order = range(trainer.steps * processes + process, steps * processes, processes)
    loader = DataLoader(
        dataset,
        batch_size=None,
        sampler=order,
        num_workers=workers,
        collate_fn=_unchanged,
        generator=torch.Generator(),  # its own, so that starting a loader leaves the run's random state alone
        prefetch_factor=4 if workers else None,
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=_ignore_interrupts,
    )
    bar = tqdm(total=steps, initial=trainer.steps, disable=not main, mininterval=5, unit="step")
    logged: dict[str, list] = {}
    values: dict = {}
    begun, first = time.time(), trainer.steps
    try:
        for batch in loader:
            trainer.set_progress(trainer.steps / steps)
            for name, value in trainer.step(tensor_batch(batch, trainer.device)).items():
                logged.setdefault(name, []).append(value)
            bar.update()
            last = trainer.steps >= steps or _asked_to_stop(accelerator, stop, trainer.steps % log_every == 0)
            if main and (trainer.steps % log_every == 0 or last):
                line = {"step": trainer.steps, "seconds": round(time.time() - begun, 1)}
                line["steps_per_second"] = round((trainer.steps - first) / (time.time() - begun), 3)
                line |= {name: round(float(np.mean(v)), 5) for name, v in logged.items()}
                logged.clear()
                bar.set_postfix({k: line[k] for k in ("g_head", "g_pixel", "d_real", "d_fake") if k in line})
                with open(folder / "log.jsonl", "a") as log:
                    log.write(json.dumps(line) + "\n")
            if main and (trainer.steps % save_every == 0 or last):
                trainer.settle()
                if sample is not None:
                    sheet = trainer.sheet(tensor_batch(sample, trainer.device))
                    cv2.imwrite(str(folder / "samples" / f"{trainer.steps:07d}.png"), sheet[..., ::-1])
                if validate is not None:
                    values = validate(trainer)
                    with open(folder / "log.jsonl", "a") as log:
                        log.write(json.dumps({"step": trainer.steps, "validation": values}) + "\n")
                    if values["score"] > best:
                        best = values["score"]
                        kept = {k: v for k, v in trainer.state_dict().items() if k.endswith("_ema")}
                        kept |= {"steps": trainer.steps, "seen": trainer.seen, "validation": values}
                        save_checkpoint(folder / "best.pt", kept)
                save_checkpoint(checkpoint, trainer.state_dict() | {"best": best})
            if last:
                break
    finally:
        bar.close()
        for name, handler in handlers.items():
            signal.signal(name, handler)
    return values


def _unchanged(batch):
    """The collation of a dataset whose items are batches already."""
    return batch


def _ignore_interrupts(worker: int) -> None:
    """Leave Ctrl-C to the training process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _asked_to_stop(accelerator, stop: list, synchronise: bool) -> bool:
    """Whether a signal came; several processes agree on it where `synchronise` is set, so that they stop together."""
    if accelerator.num_processes == 1:
        return bool(stop)
    return synchronise and bool(accelerator.reduce(torch.tensor(float(len(stop)), device=accelerator.device)) > 0)
