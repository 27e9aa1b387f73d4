"""`evaluate deblur`: the deblurring paper's table, ink methods scored by the true ink and by plates read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .. import images
from ..data.formats import labelled_plates
from ..data.ink_batches import PRESETS, lettered, shoot_plate
from ..data.synthetic import SyntheticPlates
from ..inference.loading import DEBLURRERS
from ..inference.pipeline import CROP_MARGIN, PlatePipeline
from ..networks import load_weights
from ..plates import LAYOUTS, PlateLayout, get_layout
from ..plates.camera import CONDITIONS, random_camera
from ..plates.glyphs import folder_glyphs, font_glyphs
from ..plates.scenes import scene_with_ink
from ..weights import weights_folder
from .ink_methods import ink_methods
from .metrics import ink_f_measure, mean_score, psnr, rmse, ssim
from .readers.classical import read_plates as read_classically
from .readers.third_party import find_general_reader
from .tables import grouped_table

SIZE, RANGES = PRESETS["plate"]

STYLES = ("Medium", "Regular", "SemiBold")
"""Packaged letterings that are laid over plates when no folder's glyphs fit."""


class Shot(NamedTuple):
    """A blurred picture uint8 RGB (128, 192, 3), its true ink uint8 (128, 192), bool (128, 192) where that counts, the
    text and the layout."""

    picture: np.ndarray
    ink: np.ndarray
    where: np.ndarray
    text: str
    layout: PlateLayout


def paint(grey: np.ndarray, layout: PlateLayout) -> np.ndarray:
    """Grey ink and paper (H, W) in the colours of a layout, as MTGAN learnt to read them: uint8 RGB (H, W, 3)."""
    share = grey[..., None].astype(np.float32) / 255
    return np.rint(np.float32(layout.ink) * (1 - share) + np.float32(layout.background) * share).astype(np.uint8)


def real_pairs(folders: list[str], side: str, seed: int = 0, glyphs=()) -> dict[str, list[Shot]]:
    """{condition: shots} of real plates; their true ink is that of their text, laid over the sharp crop.

    A folder with a subfolder `clean` has been shot already: its other subfolders are the conditions, and each of their
    files shows the sharp crop of the same name. Plates of other folders are shot here, as `CONDITIONS` say.

    folders, side: as in `data.formats.labelled_plates`, with its errors. With several folders a condition's name
    begins with its folder's.
    glyphs: folders of glyph images in the plates' own typeface, FOLDER or FOLDER=PREFIX. Plates that neither these nor
    the packaged fonts fit are left out.
    """
    lettering = [folder_glyphs(*spec.split("=", 1)) for spec in glyphs] + [font_glyphs(style) for style in STYLES]
    samples: dict[str, list[Shot]] = {}
    rng = np.random.default_rng(seed)
    for spec in folders:
        path, _, layout = str(spec).partition("=")
        folder, prefix = Path(path), f"{Path(path).name}, " if len(folders) > 1 else ""
        shots = sorted(part for part in folder.iterdir() if part.is_dir()) if (folder / "clean").is_dir() else []
        sharp_folder = folder / "clean" if shots else folder
        for plate in labelled_plates([f"{sharp_folder}={layout}" if layout else sharp_folder], side):
            crop = plate.crop(CROP_MARGIN)
            sharp, aspect = images.resize(crop, SIZE), crop.shape[1] / crop.shape[0]
            if shots:
                files = {part.name: part / plate.path.name for part in shots if part.name != "clean"}
                pictures = {name: images.load_image(path) for name, path in files.items()}
            else:
                pictures = {name: shoot_plate(sharp, aspect, camera(rng), rng) for name, camera in CONDITIONS.items()}
            laid = lettered(sharp, plate, lettering, plate.corners_in_crop(CROP_MARGIN))
            if laid is None:
                continue
            truth = laid.ink, laid.plate, plate.text, get_layout(plate.layout)
            for name, picture in pictures.items():
                samples.setdefault(prefix + name, []).append(Shot(images.resize(picture, SIZE), *truth))
    return samples


def rendered_pairs(n: int, seed: int = 12345) -> list[Shot]:
    """`n` shots of rendered plates of every layout, with their exact ink."""
    rng = np.random.default_rng(seed)
    source = SyntheticPlates(tuple(LAYOUTS))
    samples = []
    for _ in range(n):
        text, index = source.draw_text(rng)
        layout = source.layouts[index]
        scene, ink = scene_with_ink(text, layout, rng, source.draw_glyphs(rng, text), SIZE, RANGES)
        picture = shoot_plate(scene, layout.size_mm[1] / layout.size_mm[0], random_camera(rng), rng)
        samples.append(Shot(picture, ink, np.ones_like(ink, bool), text, layout))
    return samples


class Readers:
    """MTGAN (weights in `source`), the classical reader and, where it is installed, a general one."""

    def __init__(self, source=None):
        self.pipeline = PlatePipeline.from_pretrained(source, detect=False, deblur=False)
        self.classical = load_weights(weights_folder(None, "classical-reader"))
        self.general = find_general_reader()

    def __call__(self, coloured, plain, layouts, texts) -> dict[str, float]:
        """{reader: share of plates read exactly}; `layouts` is told to the readers of plain pictures.

        coloured: pictures for MTGAN, plain: for the other readers; uint8 RGB (H, W, 3).
        """
        shaped = [images.resize(p, (64, round(64 * k.size_mm[1] / k.size_mm[0]))) for p, k in zip(plain, layouts)]
        readings = {
            "mtgan": [plate.text for plate in self.pipeline.read_plates(coloured)],
            "classical": read_classically(self.classical, shaped, layouts),
        }
        if self.general is not None:
            readings["ocr"] = [self.general(picture) for picture in shaped]
        return {reader: mean_score(found, texts) for reader, found in readings.items()}


def _rgb(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W) or (H, W, 3) -> (H, W, 3)."""
    return picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)


def evaluate_deblur(
    folders: list[str], source=None, side="all", rendered: int = 200, sheet: str | None = None, glyphs=()
) -> dict:
    """Every ink method on real plates in several conditions and on rendered ones.

    Args:
        folders, side, glyphs: as in `real_pairs`.
        source: weights of MTGAN and the deblur networks; None: the bundled ones.
        rendered: number of rendered plates.
        sheet: file for a PNG of picture, Otsu, the best deblur network's ink, true ink.

    Returns:
        {condition: {method: figures}}: n; f and rmse of the binary picture against the true ink, inside the plate;
        psnr and ssim of the grey picture against it, everywhere; mtgan (reads the grey picture painted in the plate's
        colours), classical and, where `find_general_reader` finds it, ocr (read the binary one): shares of exact
        plates. The first row, "as it comes", has only these, of the blurred picture.
    """
    readers = Readers(source)
    conditions = real_pairs(folders, side, glyphs=glyphs) if folders else {}
    conditions |= {"rendered": rendered_pairs(rendered)} if rendered else {}
    report: dict[str, dict[str, dict]] = {}
    shown = []
    for condition, samples in conditions.items():
        pictures, inks, areas, texts, layouts = map(list, zip(*samples))
        report[condition] = {"as it comes": {"n": len(samples)} | readers(pictures, pictures, layouts, texts)}
        black_on_white = [replace(layout, ink=(0, 0, 0), background=(255, 255, 255)) for layout in layouts]
        results = {name: method(pictures, layouts) for name, method in ink_methods(source).items()}
        for name, pairs in results.items():
            greys, binaries = map(list, zip(*pairs))
            painted = [paint(grey, layout) for grey, layout in zip(greys, layouts)]
            report[condition][name] = {
                "n": len(samples),
                "f": float(np.mean([ink_f_measure(*parts) for parts in zip(binaries, inks, areas)])),
                "rmse": float(np.mean([rmse(*parts) for parts in zip(binaries, inks, areas)])),
                "psnr": mean_score(greys, inks, psnr),
                "ssim": mean_score(greys, inks, ssim),
            } | readers(painted, [_rgb(binary) for binary in binaries], black_on_white, texts)
        deblurrers = [name.removesuffix("-generator") for name in DEBLURRERS]
        best = next(name for name in (*deblurrers, "Otsu") if name in results)
        for k in range(0, len(samples), max(1, len(samples) // 6))[:6]:
            cells = [pictures[k], results["Otsu"][k][1], results[best][k][1], inks[k]]
            shown.append(np.hstack([_rgb(cell) for cell in cells]))
    if sheet:
        Path(sheet).parent.mkdir(parents=True, exist_ok=True)
        Path(sheet).write_bytes(images.encode_png(np.vstack(shown)))
    return report


def as_table(report: dict[str, dict[str, dict]]) -> str:
    """The report as lines for a terminal."""
    return grouped_table(report, ("F", "RMSE", "PSNR", "SSIM", "MTGAN", "classical", "OCR"), name_width=24)
