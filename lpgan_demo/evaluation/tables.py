"""A table for a terminal, shared by the evaluations that compare methods."""

from __future__ import annotations

from pathlib import Path


def grouped_table(report: dict[str, dict[str, dict]], titles: tuple[str, ...], name_width: int) -> str:
    """Lines of {group: {row: figures}}: for each group its number of plates ("n"), column titles, and its rows.

    A figure's key is the column's title in lower case; a missing figure is left blank. PSNR has two decimals.
    """
    lines = []
    for group, rows in report.items():
        lines.append(f"{Path(group).name} ({next(iter(rows.values()))['n']} plates)")
        lines.append(" ".join([f"  {'':{name_width}}", *(f"{title:>6}" for title in titles)]))
        for name, figures in rows.items():
            cells = [
                f"{figures[t.lower()]:.{2 if t == 'PSNR' else 3}f}" if t.lower() in figures else "" for t in titles
            ]
            cells = [f"{cell:>{max(6, len(title))}}" for cell, title in zip(cells, titles)]
            lines.append(" ".join([f"  {name:{name_width}}", *cells]))
    return "\n".join(lines)
