"""Readers of labelled real plates: crops named by their text, photos of CCPD, EasyPR, labels.json; their split."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import images
from ..plates import CHINESE_LAYOUTS, LAYOUTS, TWO_ROW_ASPECT, PlateLayout, get_layout, normalise_text
from ..results import PlateImageError
from .labelled import LabelledPlate, choose, share_of

_EASYPR_COLOURS = {"蓝": "cn_blue", "黄": "cn_yellow", "白": "cn_white", "黑": "cn_black", "绿": "cn_green"}
_CCPD_PROVINCES = "皖沪津渝冀晋蒙辽吉黑苏浙京闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁新警学O"
_CCPD_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZO"
_CCPD_SERIAL = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789O"


def guess_layout(text: str, image: np.ndarray | None = None, layouts=CHINESE_LAYOUTS) -> PlateLayout:
    """The layout that can spell `text`; of several, the one whose background colour is nearest to the image's.

    image: uint8 (H, W, 3) RGB crop; without it the first layout that fits is taken. A yellow plate less than
    `TWO_ROW_ASPECT` times as wide as high has two rows. Raises ValueError when no layout can spell the text.
    """
    fitting = [layout for layout in map(get_layout, layouts) if layout.accepts(normalise_text(text, layout))]
    if not fitting:
        raise ValueError(f"no layout of {', '.join(layouts)} can spell {text!r}")
    if len(fitting) == 1 or image is None:
        return fitting[0]
    h, w = image.shape[:2]
    inside = image[h // 5 : h - h // 5, w // 10 : w - w // 10].reshape(-1, 3).astype(np.float32)
    background = np.median(inside, axis=0)
    red_minus_blue = background[0] - background[2]
    if abs(red_minus_blue) > 12:  # hue decides before brightness, which night and shade change
        wanted = "cn_yellow" if red_minus_blue > 0 else "cn_blue"
        fitting = [layout for layout in fitting if layout.name == wanted] or fitting
    best = min(fitting, key=lambda layout: np.abs(np.float32(layout.background) - background).sum())
    return get_layout("cn_yellow_two_row") if best.name == "cn_yellow" and w < TWO_ROW_ASPECT * h else best


def labelled_folder(folder: str | Path, layout: str | None = None) -> list[LabelledPlate]:
    """Crops named LABEL.ext, LABEL-anything.ext or LABEL_anything.ext; the layout is guessed unless given.

    Raises FileNotFoundError for a folder without images, ValueError for a label that no layout can spell.
    """
    found = []
    paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp"))
    if not paths:
        raise FileNotFoundError(f"no .jpg, .png or .bmp images in {folder}")
    for path in paths:
        text = re.split(r"[-_.]", path.name)[0]
        kind = get_layout(layout) if layout else guess_layout(text, images.load_image(path))
        found.append(LabelledPlate(path, normalise_text(text, kind), kind.name))
    return found


def ccpd_photos(folder: str | Path, layout: str | None = None) -> list[LabelledPlate]:
    """Photos named as in CCPD: area-tilt-box-corners-text-brightness-blur, corners clockwise from the bottom right.

    The layout is guessed from the text unless given; files with other names are left out.
    """
    plates = []
    for path in sorted(Path(folder).glob("*.jpg")):
        fields = path.stem.split("-")
        if len(fields) < 7:
            continue
        corners = np.array([[float(v) for v in point.split("&")] for point in fields[3].split("_")])
        province, letter, *serial = (int(v) for v in fields[4].split("_"))
        text = _CCPD_PROVINCES[province] + _CCPD_LETTERS[letter] + "".join(_CCPD_SERIAL[i] for i in serial)
        kind = get_layout(layout) if layout else guess_layout(text)
        plates.append(LabelledPlate(path, normalise_text(text, kind), kind.name, corners[[2, 3, 0, 1]]))
    return plates


def easypr_photos(folder: str | Path, xml: str = "GroundTruth_others.xml") -> list[LabelledPlate]:
    """EasyPR's tagged photos.

    A tag has centre (x, y), size and rotation of a rectangle, and COLOUR:TEXT; ValueError for an unknown colour. Photos
    that share a plate share a `group`, so that no plate is on two sides of the split.
    """
    folder = Path(folder)
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")}
    document = (folder / xml).read_bytes().decode("utf-8", errors="replace")
    photos: list[list[LabelledPlate]] = []
    for name, body in re.findall(r"<imageName>(.*?)</imageName>(.*?)</image>", document, re.S):
        plates = []
        for attributes, label in re.findall(r"<taggedRectangle (.*?)>(.*?)<", body):
            values = {k: float(v) for k, v in re.findall(r'(\w+)="(-?[\d.]+)"', attributes)}
            colour, _, text = label.rpartition(":")
            if colour[:1] not in _EASYPR_COLOURS:
                raise ValueError(f"{xml}: the label {label!r} of {name} does not begin with a known colour")
            layout = get_layout(_EASYPR_COLOURS[colour[:1]])
            text = normalise_text(text, layout)
            corners = _rectangle_corners(values)
            if layout.name == "cn_yellow" and _aspect_ratio(corners) < TWO_ROW_ASPECT:
                layout = get_layout("cn_yellow_two_row")
            if name in files and layout.accepts(text):
                plates.append(LabelledPlate(files[name], text, layout.name, corners))
        photos.append(plates)
    group = {plate.text: plate.text for plates in photos for plate in plates}
    changed = True
    while changed:  # until photos that are linked through shared plates are one group
        changed = False
        for plates in photos:
            first = min((group[plate.text] for plate in plates), default="")
            changed = changed or any(group[plate.text] != first for plate in plates)
            group.update({plate.text: first for plate in plates})
    return [replace(plate, group=group[plate.text]) for plates in photos for plate in plates]


def _aspect_ratio(corners: np.ndarray) -> float:
    """Width by height of a rectangle with corners clockwise from the top left."""
    return float(np.linalg.norm(corners[1] - corners[0]) / max(1e-6, np.linalg.norm(corners[3] - corners[0])))


def _rectangle_corners(tag: dict) -> np.ndarray:
    """Corners clockwise from the plate's own top left; at rotations near 90 degrees "height" is the long side."""
    angle = np.deg2rad(tag["rotation"])
    upright = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (tag["width"] / 2, tag["height"] / 2)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corners = upright @ rotation + (tag["x"], tag["y"])
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    first = int(np.argmax(np.where(lengths >= lengths.max() - 1e-6, edges[:, 0], -np.inf)))
    return np.roll(corners, -first, axis=0)


def json_photos(folder: str | Path, layout: str | None = None) -> list[LabelledPlate]:
    """Photos with labels.json: {file: [{"text": ..., "corners": 4 points clockwise, or "bbox": x0, y0, x1, y1}]}.

    The layout is the first that can spell the text, in rows of the same lengths where the label states "rows", unless
    given. ValueError for a text that no layout can spell.
    """
    plates = []
    for name, labels in json.loads((Path(folder) / "labels.json").read_text(encoding="utf-8")).items():
        for label in labels:
            lengths = tuple(map(len, label.get("rows", ())))
            known = [name for name in LAYOUTS if not lengths or LAYOUTS[name].row_lengths == lengths]
            kind = get_layout(layout) if layout else guess_layout(label["text"], layouts=known)
            x0, y0, x1, y1 = label.get("bbox", (0, 0, 0, 0))
            corners = np.array(label.get("corners", [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]), float)
            corners = np.roll(corners, -int(corners.sum(1).argmin()), axis=0)  # from the top left
            plates.append(LabelledPlate(Path(folder) / name, normalise_text(label["text"], kind), kind.name, corners))
    return plates


def load_real(folder: str | Path, layout: str | None = None) -> list[LabelledPlate]:
    """Labelled plates of a folder: EasyPR's if there is an xml, those of labels.json if there is one, CCPD's if all
    names have its form, else named crops.

    layout: that of all its plates, guessed when None; EasyPR's xml states it itself. Raises FileNotFoundError for a
    missing or empty folder, ValueError for a label that cannot be spelt or a picture that cannot be loaded.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    xml = sorted(folder.glob("GroundTruth*.xml"))
    if xml:
        plates = easypr_photos(folder, xml[0].name)
    elif (folder / "labels.json").exists():
        plates = json_photos(folder, layout)
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


def _load_spec(spec: str | Path) -> list[LabelledPlate]:
    """Labelled plates of FOLDER or FOLDER=LAYOUT."""
    folder, _, layout = str(spec).partition("=")
    return load_real(folder, layout or None)


def real_plates(folders, half=()) -> dict[str, list[LabelledPlate]]:
    """{"train": plates, "validation": plates, "test": plates}, with no text of the latter two among the first.

    Args:
        folders: FOLDER or FOLDER=LAYOUT, split as in `labelled.SPLITS`.
        half: such folders of which the plates with `share_of` below 0.5 train and the others are for testing.
    """
    sides: dict[str, list[LabelledPlate]] = {"train": [], "validation": [], "test": []}
    for spec in (*folders, *half):
        for plate in _load_spec(spec):
            side = "train" if share_of(plate.split_key) < 0.5 else "test"
            sides[side if spec in half else plate.split].append(plate)
    held_out = {plate.text for side in ("validation", "test") for plate in sides[side]}
    sides["train"] = [plate for plate in sides["train"] if plate.text not in held_out]
    return sides


def labelled_plates(folders, side: str = "all") -> list[LabelledPlate]:
    """The labelled plates of one side of the split.

    Args:
        folders: FOLDER, or FOLDER=LAYOUT where all its plates have one layout; each as in `load_real`, as are errors.
        side: as in `choose`; ValueError where it is empty.
    """
    found = [plate for spec in folders for plate in choose(_load_spec(spec), side)]
    if not found:
        raise ValueError(f"{', '.join(map(str, folders))}: no plates on the side {side!r}")
    return found
