"""`evaluate traffic`: rendered clips of cars that cross and hide each other, a pillar and a clock, read as videos."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..files.video import read_video
from ..inference import PlatePipeline
from ..plates import get_layout
from ..plates.camera import Camera, shoot
from ..plates.glyphs import font_glyphs
from ..plates.scenes import noise_field, used_plate

SIZE, RATE, LENGTH = (720, 1280), 10, 16.0
"""(height, width) in pixels, frames a second and seconds of a clip."""

LANES = ((250, 90), (330, 110), (430, 135), (540, 160))
"""(y of the plates' middle, width of the plates) of each lane in pixels, the farthest first; every second one comes."""

PILLAR = (590, 690)
"""First and last column of a pillar in front of all lanes."""

KINDS = ("cn_blue", "cn_blue", "cn_green", "cn_yellow", "vn_one_row")


@dataclass(frozen=True)
class Car:
    """A car that crosses the picture: its plate's text, float32 RGB picture as large as in the frame, and y in pixels;
    its speed in pixels a second, negative to the left; the second at which it enters; the colour of its body."""

    text: str
    plate: np.ndarray
    y: int
    speed: float
    enters: float
    colour: tuple[float, float, float]

    def x_at(self, seconds: float) -> float:
        """Column of the plate's middle."""
        start = -2 * self.plate.shape[1] if self.speed > 0 else SIZE[1] + 2 * self.plate.shape[1]
        return start + self.speed * (seconds - self.enters)

    @property
    def is_seen(self) -> bool:
        """Whether its plate is in the picture for two seconds or more, if hidden at times."""
        return sum(0 < self.x_at(k / RATE) < SIZE[1] for k in range(round(LENGTH * RATE))) >= 2 * RATE


def draw_cars(rng: np.random.Generator, per_lane: int = 4) -> list[Car]:
    """Cars of all lanes, the farthest first; those of one lane keep their distance."""
    cars = []
    for lane, (y, width) in enumerate(LANES):
        speed = rng.uniform(1.6, 2.6) * width * (-1) ** lane
        for k in range(per_lane):
            layout = get_layout(rng.choice(KINDS))
            text = layout.random_text(rng)
            plate, _ = used_plate(text, layout, rng, font_glyphs("Medium"))
            plate = cv2.resize(
                plate, (width, round(width * plate.shape[0] / plate.shape[1])), interpolation=cv2.INTER_AREA
            )
            enters = (k + rng.uniform(-0.1, 0.1)) * 6 * width / abs(speed) + rng.uniform(0, 0.3)
            colour = tuple(np.full(3, rng.uniform(20, 200)) + rng.normal(0, 15, 3))
            cars.append(Car(text, plate, y, speed, enters, colour))
    return cars


def clip(cars: list[Car], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """The frames of a clip, uint8 (*SIZE, 3) RGB: one every 1 / `RATE` seconds, for `LENGTH` seconds."""
    street = 105 + noise_field(rng, SIZE, (4, 7), 1) * np.float32(25) + np.zeros((1, 1, 3), np.float32)
    camera = Camera(width=SIZE[1], noise=4, jpeg=75)
    for number in range(round(LENGTH * RATE)):
        frame = street.copy()
        for car in cars:
            _draw(frame, car, car.x_at(number / RATE))
        frame[:, slice(*PILLAR)] = 60
        frame = shoot(frame, camera, rng)
        clock = f"2026-11-29 08:15:{number // RATE:02d}"
        cv2.putText(frame, clock, (30, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (255,) * 3, 2, cv2.LINE_AA)
        yield frame


def _draw(frame: np.ndarray, car: Car, x: float) -> None:
    """Draw a car's body, lamps and plate, in place."""
    height, width = car.plate.shape[:2]
    left, right = round(x - 1.6 * width), round(x + 1.6 * width)
    top, bottom = round(car.y - 1.3 * width), round(car.y + 0.45 * width)
    cv2.rectangle(frame, (left, top), (right, bottom), car.colour, -1)
    window = (left + width // 4, top + width // 8), (right - width // 4, car.y - width // 2)
    cv2.rectangle(frame, *window, (25.0,) * 3, -1)
    for lamp in (left + width // 3, right - width // 3):
        cv2.circle(frame, (lamp, car.y - width // 5), width // 6, (230.0, 225.0, 210.0), -1, cv2.LINE_AA)
    place = np.float32([[1, 0, x - width / 2], [0, 1, car.y - height / 2]])
    cv2.warpAffine(car.plate, place, SIZE[::-1], dst=frame, borderMode=cv2.BORDER_TRANSPARENT)


def evaluate_traffic(pipeline: PlatePipeline, clips: int = 3, seed: int = 0) -> dict[str, dict]:
    """Read rendered clips with `files.video.read_video`.

    Returns:
        {clip: figures}. cars: those that `is_seen`. read: those of them with a row that states their text. again:
        further rows with the text of a car that has one, as when its track was lost and begun anew. wrong: legible rows
        with any other text, of a car misread, of two cars taken for one, or of the clock.
    """
    report = {}
    for number in range(clips):
        rng = np.random.default_rng([seed, number])
        cars = draw_cars(rng)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mp4"
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, SIZE[::-1])
            for frame in clip(cars, rng):
                writer.write(frame[..., ::-1])
            writer.release()
            rows = [row.plate for row in read_video(path, pipeline)]
        crossed, seen = {car.text for car in cars}, {car.text for car in cars if car.is_seen}
        stated = [row.text for row in rows if row.legibility in ("good", "poor")]
        right = [text for text in stated if text in crossed]
        report[f"clip {number + 1}"] = {
            "cars": len(seen),
            "read": len(seen & set(right)),
            "again": len(right) - len(set(right)),
            "wrong": len(stated) - len(right),
        }
    return report
