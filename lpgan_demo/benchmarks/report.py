"""A benchmark's figures as a table, beside those of an earlier run, and as a plot."""

from __future__ import annotations

import numpy as np


def flatten(report: dict, prefix: str = "") -> dict[str, object]:
    """Nested figures {"a": {"b": value}} -> {"a / b": value}."""
    rows: dict[str, object] = {}
    for name, value in report.items():
        rows |= flatten(value, f"{prefix}{name} / ") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return rows


def as_table(report: dict, before: dict | None = None) -> str:
    """One line a figure; where the report `before` has it too, its value then and the ratio now / then."""
    old = flatten(before) if before else {}
    lines = []
    for name, value in flatten(report).items():
        then = old.get(name)
        ratio = value / then if isinstance(value, (int, float)) and isinstance(then, (int, float)) and then else None
        lines.append(f"{name:58} {value!s:>14}" + (f" {then!s:>14}  x{ratio:.2f}" if ratio is not None else ""))
    return "\n".join(lines)


def draw(report: dict, path: str) -> None:
    """Plot the report of `stages.bench` as PNG: stages at batch 1 and 32; growth with batch, photo and plates."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for batch, shift in ((1, -0.2), (32, 0.2)):
        times = report[f"milliseconds a plate, batch {batch}"]
        left.barh(np.arange(len(times)) + shift, list(times.values()), 0.4, label=f"batch {batch}")
        left.set_yticks(np.arange(len(times)), list(times))
    left.invert_yaxis()
    left.set(xlabel="milliseconds a plate")
    left.legend()
    curves = {"a plate read once, by batch": report["milliseconds a plate read once, by batch"]}
    photo = report["milliseconds a photo"]
    curves |= {f"a photo, {name}": photo[name] for name in ("by width", "by plates") if name in photo}
    for name, values in curves.items():
        right.plot([int(n) for n in values], list(values.values()), marker="o", label=name)
    right.set(xscale="symlog", yscale="log", xlabel="batch, pixels or plates", ylabel="milliseconds")
    right.legend(fontsize=8)
    figure.savefig(path, dpi=110)
