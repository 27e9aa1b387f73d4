"""Training and test plates: endless synthetic ones, labelled folders, CCPD file names, EasyPR xml, and mixes.

Every batch is dict(lq, gt, target, layout): uint8 lq (N, 32, 96, 3) and gt (N, 64, 192, 3), int64 target
(N, MAX_CHARACTERS) and layout (N,). Batch k of a dataset is a pure function of (seed, k), so a resumed run
sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from . import images
from .degrade import random_camera, shoot
from .glyphs import folder_glyphs, font_glyphs
from .plates import CHINESE_LAYOUTS, PlateLayout, encode, get_layout, normalise_text
from .results import PlateImageError
from .synth import plate_scene, standard_plate

SPLITS = {"train": (0.0, 0.7), "validation": (0.7, 0.85), "test": (0.85, 1.0)}

_EASYPR_COLOURS = {"蓝": "cn_blue", "黄": "cn_yellow", "白": "cn_white", "黑": "cn_black", "绿": "cn_green"}
_CCPD_PROVINCES = "皖沪津渝冀晋蒙辽吉黑苏浙京闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新警学O"
_CCPD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZO"
_CCPD_SERIAL = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789O"


@dataclass(frozen=True)
class RealPlate:
    """One labelled plate in a picture: path, text, layout name, and its corners (4, 2) in pixels, or None for
    a picture that is the crop. group: what decides the split, the text unless plates share a photo."""

    path: Path
    text: str
    layout: str
    corners: np.ndarray | None = None
    group: str = ""

    @property
    def split(self) -> str:
        return split_of(self.group or self.text)

    def crop(self, margin: float = 0.0, flat: bool = False) -> np.ndarray:
        """uint8 RGB: the axis-parallel box around the plate, or with flat=True its rectified view."""
        image = _read(self.path)
        if self.corners is None:
            return image
        if flat:
            return images.rectify(image, self.corners, margin)
        return images.crop_box(image, (*self.corners.min(0), *self.corners.max(0)), margin)


@lru_cache(maxsize=150)
def _read(path: Path) -> np.ndarray:
    return images.load_image(path)


def share_of(text: str) -> float:
    """A number in [0, 1) fixed by the plate's text alone: the same plate falls on the same side everywhere."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2**32


def split_of(text: str) -> str:
    """ "train", "validation" or "test" (70 : 15 : 15) by the plate's text."""
    share = share_of(text)
    return next(name for name, (low, high) in SPLITS.items() if low <= share < high)


def guess_layout(text: str, image: np.ndarray | None = None, layouts=CHINESE_LAYOUTS) -> PlateLayout:
    """The layout that can spell `text`; among several, the one whose colour is nearest the image's.

    Raises ValueError when none can.
    """
    fitting = [layout for layout in map(get_layout, layouts) if layout.accepts(normalise_text(text, layout))]
    if not fitting:
        raise ValueError(f"no layout of {', '.join(layouts)} can spell {text!r}")
    if len(fitting) == 1 or image is None:
        return fitting[0]
    h, w = image.shape[:2]
    inside = image[h // 5 : h - h // 5, w // 10 : w - w // 10].reshape(-1, 3).astype(np.float32)
    paper = np.median(inside, axis=0)
    warmth = paper[0] - paper[2]
    if abs(warmth) > 12:  # colour decides before brightness: night and shade change only the latter
        wanted = "cn_yellow" if warmth > 0 else "cn_blue"
        fitting = [layout for layout in fitting if layout.name == wanted] or fitting
    return min(fitting, key=lambda layout: np.abs(np.float32(layout.background) - paper).sum())


def labelled_folder(folder: str | Path, layout: str | None = None) -> list[RealPlate]:
    """Crops named LABEL.ext, LABEL-anything.ext or LABEL_anything.ext; the layout is guessed unless given.

    Raises FileNotFoundError for a missing folder or one without images, ValueError for a label no layout spells.
    """
    found = []
    paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp"))
    if not paths:
        raise FileNotFoundError(f"no .jpg, .png or .bmp images in {folder}")
    for path in paths:
        text = re.split(r"[-_.]", path.name)[0]
        kind = get_layout(layout) if layout else guess_layout(text, images.load_image(path))
        found.append(RealPlate(path, normalise_text(text, kind), kind.name))
    return found


def ccpd_photos(folder: str | Path, layout: str | None = None) -> list[RealPlate]:
    """Photos with CCPD file names: area-tilt-box-corners-text-brightness-blur; corners start at the bottom right."""
    plates = []
    for path in sorted(Path(folder).glob("*.jpg")):
        fields = path.stem.split("-")
        if len(fields) < 7:
            continue
        corners = np.array([[float(v) for v in point.split("&")] for point in fields[3].split("_")])
        indices = [int(v) for v in fields[4].split("_")]
        text = _CCPD_PROVINCES[indices[0]] + _CCPD_LETTERS[indices[1]]
        text += "".join(_CCPD_SERIAL[i] for i in indices[2:])
        kind = get_layout(layout) if layout else guess_layout(text)
        plates.append(RealPlate(path, normalise_text(text, kind), kind.name, corners[[2, 3, 0, 1]]))
    return plates


def easypr_photos(folder: str | Path, xml: str = "GroundTruth_others.xml") -> list[RealPlate]:
    """EasyPR's tagged photos: (x, y) is the centre of a rotated rectangle, the text follows a colon.

    Photos that share a plate share a `group`, so that a split never has one plate on both sides.
    """
    folder = Path(folder)
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")}
    document = (folder / xml).read_bytes().decode("utf-8", errors="replace")
    photos: list[list[RealPlate]] = []
    for name, body in re.findall(r"<imageName>(.*?)</imageName>(.*?)</image>", document, re.S):
        plates = []
        for attributes, label in re.findall(r"<taggedRectangle (.*?)>(.*?)<", body):
            values = {k: float(v) for k, v in re.findall(r'(\w+)="(-?[\d.]+)"', attributes)}
            kind, _, text = label.rpartition(":")
            if kind[:1] not in _EASYPR_COLOURS:
                raise ValueError(f"{xml}: the label {label!r} of {name} does not begin with a known colour")
            layout = get_layout(_EASYPR_COLOURS[kind[:1]])
            text = normalise_text(text, layout)
            if name in files and layout.accepts(text):
                plates.append(RealPlate(files[name], text, layout.name, _rotated(values)))
        photos.append(plates)
    group = {plate.text: plate.text for plates in photos for plate in plates}
    changed = True
    while changed:  # photos chained through shared plates end up with one group
        changed = False
        for plates in photos:
            least = min((group[plate.text] for plate in plates), default="")
            changed = changed or any(group[plate.text] != least for plate in plates)
            group.update({plate.text: least for plate in plates})
    return [replace(plate, group=group[plate.text]) for plates in photos for plate in plates]


def _rotated(v: dict) -> np.ndarray:
    """Corners clockwise from the plate's own top left: of a rectangle turned by almost 90 degrees, "height" is long."""
    angle = np.deg2rad(v["rotation"])
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (v["width"] / 2, v["height"] / 2)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = half @ turn + (v["x"], v["y"])
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    first = int(np.argmax(np.where(lengths >= lengths.max() - 1e-6, edges[:, 0], -np.inf)))
    return np.roll(corners, -first, axis=0)


# ---- datasets: one item is one ready batch --------------------------------------------------------------------


class SyntheticPlates:
    """Endless rendered plates. shares: how often each layout is drawn (uniform when None)."""

    def __init__(self, layouts=CHINESE_LAYOUTS, shares=None, glyph_folders=(), folder_share: float = 0.5):
        self.layouts = [get_layout(name) for name in layouts]
        self.shares = None if shares is None else np.asarray(shares, float) / np.sum(shares)
        self.fonts = [font_glyphs(style) for style in ("Regular", "Medium", "Medium", "SemiBold")]
        self.folders = [folder_glyphs(*spec) for spec in glyph_folders]
        self.folder_share = folder_share if self.folders else 0.0

    def draw_text(self, rng: np.random.Generator) -> tuple[str, int]:
        """(text, index of the layout)."""
        index = int(rng.choice(len(self.layouts), p=self.shares))
        return self.layouts[index].random_text(rng), index

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, str, int]:
        """(crop uint8 RGB at its camera size, text, index of the layout)."""
        text, index = self.draw_text(rng)
        layout = self.layouts[index]
        pool = self.folders if rng.random() < self.folder_share else self.fonts
        scene = plate_scene(text, layout, rng, pool[rng.integers(len(pool))])
        return shoot(scene, random_camera(rng), rng), text, index


class RealPlates:
    """Labelled real plates, each draw shot anew: new crop, tilt, light, blur. Rare provinces are drawn more often.

    join_share: how often a plate is put together from two (`join`).
    """

    def __init__(self, plates: list[RealPlate], layouts=CHINESE_LAYOUTS, join_share: float = 0.0):
        self.join_share = join_share
        self._tight: dict[int, np.ndarray] = {}
        names = list(layouts)
        self.plates = [plate for plate in plates if plate.layout in names]
        if not self.plates:
            raise ValueError("no labelled plate has one of the layouts " + ", ".join(names))
        self.index = [names.index(plate.layout) for plate in self.plates]
        counts = Counter(plate.text[0] for plate in self.plates)
        weights = np.array([counts[plate.text[0]] ** -0.5 for plate in self.plates])
        self.weights = weights / weights.sum()

    def tight(self, k: int) -> np.ndarray:
        """Plate k alone, edge to edge: uint8 (64, 192, 3)."""
        if k not in self._tight:
            self._tight[k] = images.resize(self.plates[k].crop(flat=True), (64, 192))
        return self._tight[k]

    def sample(self, rng: np.random.Generator) -> tuple[np.ndarray, str, int]:
        k, other = (int(v) for v in rng.choice(len(self.plates), 2, p=self.weights))
        text = self.plates[k].text
        if rng.random() < self.join_share and self.index[k] == self.index[other]:
            crop, text = join(self.tight(k), text, self.tight(other), self.plates[other].text, rng)
            inner = 0.0
        elif self.plates[k].corners is not None:
            crop, inner = self.plates[k].crop(margin=0.12, flat=rng.random() < 0.4), 0.12 / 1.24
        else:
            crop, inner = self.plates[k].crop(), 0.0
        h, w = crop.shape[:2]
        quad = np.array([[inner, inner], [1 - inner, inner], [1 - inner, 1 - inner], [inner, 1 - inner]])
        grow = rng.uniform(-0.04, 0.08, 4) * (0.7, 1, 0.7, 1)
        quad += np.array([[-grow[0], -grow[1]], [grow[2], -grow[1]], [grow[2], grow[3]], [-grow[0], grow[3]]])
        quad += rng.normal(0, 0.015, (4, 2))
        quad[:, 1] += (quad[:, 0] - 0.5) * rng.normal(0, 0.06)
        scene = images.warp_crop(crop, quad * (w, h), (64, 192))
        return shoot(scene, random_camera(rng, rendered=False), rng), text, self.index[k]


def join(left: np.ndarray, left_text: str, right: np.ndarray, right_text: str, rng: np.random.Generator):
    """A plate that never was: the first characters of one real plate and the last ones of another.

    left, right: uint8 (64, 192, 3) views, edge to edge, of two plates of one Chinese single-row layout. They are
    cut where both show nothing but paper, and the right one gets the left one's mean and contrast. Returns (view,
    text); the left plate unchanged when no common gap is found.
    """
    cut = int(rng.integers(1, len(left_text)))
    edges = get_layout("cn_green" if len(left_text) == 8 else "cn_blue").regions
    centre = round(edges[cut][0] * left.shape[1])
    columns = np.arange(centre - 6, centre + 7)
    ink = np.zeros(len(columns))
    for view in (left, right):
        grey = view[14:50].mean(2)
        ink = np.maximum(ink, grey[:, columns].std(0) / (np.median(grey.std(0)) + 1e-6))
    if ink.min() > 0.5:
        return left, left_text
    x = columns[int(ink.argmin())]
    mean, spread = (right.mean((0, 1)), right.std() + 1e-6), (left.mean((0, 1)), left.std() + 1e-6)
    toned = (right[:, x:] - mean[0]) * min(2.0, spread[1] / mean[1]) + spread[0]
    toned = np.clip(np.rint(toned), 0, 255).astype(np.uint8)
    return np.hstack([left[:, :x], toned]), left_text[:cut] + right_text[cut:]


class PlateBatches:
    """Batches from a mix: item k holds `batch_size` plates, each part with its share. Length is `num_batches`."""

    def __init__(
        self,
        parts,
        shares,
        batch_size: int,
        seed: int,
        num_batches: int = 10**9,
        input_size=(32, 96),
        output_size=(64, 192),
        layouts=CHINESE_LAYOUTS,
    ):
        if len(parts) != len(shares) or min(shares) < 0 or sum(shares) <= 0:
            raise ValueError("give one non-negative share per part, not all zero")
        self.parts, self.batch_size, self.seed, self.num_batches = list(parts), batch_size, seed, num_batches
        self.shares = np.asarray(shares, float) / sum(shares)
        self.input_size, self.output_size = input_size, output_size
        self.layouts = tuple(layouts)

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, k: int) -> dict[str, np.ndarray]:
        cv2.setNumThreads(1)  # plates are small and batches are made in parallel: OpenCV's threads only get in the way
        rng = np.random.default_rng((self.seed, k))
        rows = [self.parts[part].sample(rng) for part in rng.choice(len(self.parts), self.batch_size, p=self.shares)]
        return collate(rows, self.input_size, self.output_size, self.layouts)


def collate(rows, input_size=(32, 96), output_size=(64, 192), layouts=CHINESE_LAYOUTS) -> dict[str, np.ndarray]:
    """(crop, text, layout index) rows -> one batch."""
    kinds = [get_layout(layouts[index]) for _, _, index in rows]
    return {
        "lq": np.stack([images.resize(crop, input_size) for crop, _, _ in rows]),
        "gt": np.stack([standard_plate(text, kind, output_size) for (_, text, _), kind in zip(rows, kinds)]),
        "target": np.stack([encode(text, kind) for (_, text, _), kind in zip(rows, kinds)]),
        "layout": np.array([index for _, _, index in rows], np.int64),
    }


def load_real(folder: str | Path, layout: str | None = None) -> list[RealPlate]:
    """Whatever kind of labelled data a folder holds: EasyPR xml, CCPD file names, or labels as file names.

    layout: what all its plates are (EasyPR's xml says so itself). Raises FileNotFoundError, or ValueError with the
    reason.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    xml = sorted(folder.glob("GroundTruth*.xml"))
    if xml:
        plates = easypr_photos(folder, xml[0].name)
    elif (names := [path.stem for path in folder.glob("*.jpg")]) and all("&" in name for name in names):
        plates = ccpd_photos(folder, layout)
    else:
        try:
            plates = labelled_folder(folder, layout)
        except PlateImageError as error:
            raise ValueError(f"{folder}: {error}") from error
    for plate in plates:
        if not get_layout(plate.layout).accepts(plate.text):
            raise ValueError(f"{plate.path.name}: {plate.text!r} is not a text of layout {plate.layout!r}")
    return plates
