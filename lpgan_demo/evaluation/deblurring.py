"""The deblurring paper's table: ways from a smear to ink and paper, by the true ink and by who can read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import images
from ..data.formats import labelled_plates
from ..data.ink_batches import PRESETS, sharp_ink, shoot_plate
from ..data.synthetic import SyntheticPlates
from ..inference.loading import DEBLURRERS
from ..inference.pipeline import PlatePipeline
from ..networks.registry import load_weights
from ..plates import LAYOUTS, PlateLayout, get_layout
from ..plates.camera import CONDITIONS, random_camera
from ..plates.scenes import scene_with_ink
from ..weights import weights_folder
from .ink_methods import ways
from .metrics import ink_f_measure, psnr, rmse, ssim
from .readers.classical import read_plates as read_classically
from .readers.third_party import find_general_reader

SIZE = PRESETS["plate"][0]


def paint(grey: np.ndarray, layout: PlateLayout) -> np.ndarray:
    """Grey ink and paper in the colours of a layout, as MTGAN learnt to read them: uint8 RGB (H, W, 3)."""
    share = grey[..., None].astype(np.float32) / 255
    return np.rint(np.float32(layout.ink) * (1 - share) + np.float32(layout.background) * share).astype(np.uint8)


def real_pairs(folders: list[str], side: str, seed: int = 0) -> dict[str, list[tuple]]:
    """{condition: rows of (picture, ink, text, layout)} of real plates; their ink is Otsu's of the sharp crop.

    A folder that holds a folder `clean` has been shot already: its other folders are the conditions, and each file of
    theirs shows the sharp crop of the same name. All others are shot here, as `CONDITIONS` say. FOLDER=LAYOUT says what
    all plates of a folder are; with several folders a condition's name begins with its folder's.
    """
    rows: dict[str, list[tuple]] = {}
    rng = np.random.default_rng(seed)
    for spec in folders:
        name, _, layout = str(spec).partition("=")
        folder, prefix = Path(name), f"{Path(name).name}, " if len(folders) > 1 else ""
        shot = sorted(part for part in folder.iterdir() if part.is_dir()) if (folder / "clean").is_dir() else []
        where = folder / "clean" if shot else folder
        for plate in labelled_plates([f"{where}={layout}" if layout else where], side):
            crop = plate.crop(0.03)
            sharp, aspect = images.resize(crop, SIZE), crop.shape[1] / crop.shape[0]
            if shot:
                files = {part.name: part / plate.path.name for part in shot if part.name != "clean"}
                seen = {name: images.load_image(path) for name, path in files.items()}
            else:
                seen = {name: shoot_plate(sharp, aspect, camera(rng), rng) for name, camera in CONDITIONS.items()}
            truth = sharp_ink(sharp, plate.layout), plate.text, get_layout(plate.layout)
            for name, picture in seen.items():
                rows.setdefault(prefix + name, []).append((images.resize(picture, SIZE), *truth))
    return rows


def rendered_pairs(n: int, seed: int = 12345) -> list[tuple]:
    """Rows of (picture, ink, text, layout) of rendered plates of every layout, shot as in training."""
    rng = np.random.default_rng(seed)
    source = SyntheticPlates(tuple(LAYOUTS))
    rows = []
    for _ in range(n):
        text, index = source.draw_text(rng)
        layout = source.layouts[index]
        scene, ink = scene_with_ink(text, layout, rng, source.draw_glyphs(rng), SIZE, PRESETS["plate"][1])
        picture = shoot_plate(scene, layout.size_mm[1] / layout.size_mm[0], random_camera(rng), rng)
        rows.append((picture, ink, text, layout))
    return rows


class Readers:
    """MTGAN's reader, the classical one and, where it is installed, a general one: shares of plates read exactly."""

    def __init__(self, source=None):
        self.pipeline = PlatePipeline.from_pretrained(source, detect=False, deblur=False)
        self.classical = load_weights(weights_folder(None, "classical-reader"))
        self.general = find_general_reader()

    def __call__(self, coloured, plain, layouts, texts) -> dict[str, float]:
        """coloured: pictures for MTGAN; plain: for the others, who are told their layouts. All uint8 RGB (H, W, 3)."""
        shaped = [images.resize(p, (64, round(64 * k.size_mm[1] / k.size_mm[0]))) for p, k in zip(plain, layouts)]
        read = {
            "mtgan": [plate.text for plate in self.pipeline.read_plates(coloured)],
            "classical": read_classically(self.classical, shaped, layouts),
        }
        if self.general is not None:
            read["ocr"] = [self.general(picture) for picture in shaped]
        return {who: float(np.mean([a == b for a, b in zip(found, texts)])) for who, found in read.items()}


def _rgb(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def _mean(measure, found, truths) -> float:
    return float(np.mean([measure(a, b) for a, b in zip(found, truths)]))


def evaluate_deblur(
    folders: list[str], source=None, side: str = "all", rendered: int = 200, sheet: str | None = None
) -> dict[str, dict[str, dict]]:
    """{condition: {way: figures}}: f (of ink), rmse, psnr, ssim against the true ink, and shares of exact plates.

    psnr and ssim are of the grey picture, f and rmse of the binary one. mtgan, classical and ocr (a general reader,
    where `general_ocr` finds one) are exact plates: MTGAN reads the grey picture painted in the plate's colours, the
    others the binary one. The first row, "as it comes", is what they read of the picture itself. sheet: also write a
    PNG of picture, Otsu, ours grey, ours binary, true ink.
    """
    readers = Readers(source)
    conditions = real_pairs(folders, side) if folders else {}
    conditions |= {"rendered": rendered_pairs(rendered)} if rendered else {}
    report: dict[str, dict[str, dict]] = {}
    shown = []
    for condition, rows in conditions.items():
        pictures, inks, texts, layouts = map(list, zip(*rows))
        report[condition] = {"as it comes": {"n": len(rows)} | readers(pictures, pictures, layouts, texts)}
        dark_ink = [replace(layout, ink=(0, 0, 0), background=(255, 255, 255)) for layout in layouts]
        made = {name: way(pictures, layouts) for name, way in ways(source).items()}
        for name, pairs in made.items():
            greys, binaries = map(list, zip(*pairs))
            painted = [paint(grey, layout) for grey, layout in zip(greys, layouts)]
            report[condition][name] = {
                "n": len(rows),
                "f": _mean(ink_f_measure, binaries, inks),
                "rmse": _mean(rmse, binaries, inks),
                "psnr": _mean(psnr, greys, inks),
                "ssim": _mean(ssim, greys, inks),
            } | readers(painted, [_rgb(binary) for binary in binaries], dark_ink, texts)
        ours = next((name for name in DEBLURRERS if name.removesuffix("-generator") in made), "Otsu")
        for k in range(0, len(rows), max(1, len(rows) // 6))[:6]:
            cells = [pictures[k], made["Otsu"][k][1], *made[ours.removesuffix("-generator")][k], inks[k]]
            shown.append(np.hstack([_rgb(cell) for cell in cells]))
    if sheet:
        Path(sheet).parent.mkdir(parents=True, exist_ok=True)
        Path(sheet).write_bytes(images.encode_png(np.vstack(shown)))
    return report


def as_table(report: dict[str, dict[str, dict]]) -> str:
    """The report as lines for a terminal."""
    lines = []
    for condition, rows in report.items():
        lines.append(f"{condition} ({next(iter(rows.values()))['n']} plates)")
        lines.append(f"  {'':24} {'F':>6} {'RMSE':>6} {'PSNR':>6} {'SSIM':>6} {'MTGAN':>6} {'classical':>9} {'OCR':>6}")
        for name, f in rows.items():
            places = (("f", 6, 3), ("rmse", 6, 3), ("psnr", 6, 2), ("ssim", 6, 3), ("mtgan", 6, 3), ("classical", 9, 3))
            cells = [
                f"{f[k]:{width}.{digits}f}" if k in f else " " * width for k, width, digits in (*places, ("ocr", 6, 3))
            ]
            lines.append(f"  {name:24} " + " ".join(cells))
    return "\n".join(lines)
