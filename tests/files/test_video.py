"""Videos: linking, fusing, marking, and what is no video."""

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.files.marking import marked_video
from lpgan_demo.files.reading import read_files
from lpgan_demo.files.video import frames_of, read_video, video_plates
from lpgan_demo.files.writing import ResultWriter
from lpgan_demo.inference.detection import PlateDetector
from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.inference.torch_backend import TorchDetector
from lpgan_demo.results import PlateImageError, PlateResult


class Squares(torch.nn.Module):
    """Stands in for the detector's network: finds white rectangles."""

    def forward(self, pictures):
        found = []
        for picture in pictures:
            mask = (picture.mean(0) > 0.7).numpy().astype(np.uint8)
            outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
            boxes = [cv2.boundingRect(outline) for outline in outlines]
            points = [[[x, y, 1], [x + w, y, 1], [x + w, y + h, 1], [x, y + h, 1]] for x, y, w, h in boxes if w > 8]
            points = torch.tensor(points, dtype=torch.float32).reshape(-1, 4, 3)
            found.append({"keypoints": points, "scores": torch.full((len(points),), 0.9)})
        return found


def write_video(path, frames):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    for frame in frames:
        writer.write(frame)
    writer.release()


class Reader:
    """Stands in for the pipeline: finds white rectangles, and every one reads alike."""

    def __init__(self, legibility="good"):
        self.detector = PlateDetector(TorchDetector(Squares()))
        self.legibility = legibility

    def read_track(self, crops):
        return PlateResult("A1", 0.9, (), "cn_blue", crops[0], np.zeros((64, 192, 3), np.uint8), self.legibility)


def street(path, places):
    """A video, 10 frames a second, with a white plate at each of the places (x, y) of a frame."""
    frames = []
    for plates in places:
        frame = np.full((240, 320, 3), 40, np.uint8)
        for x, y in plates:
            frame[y : y + 20, x : x + 60] = 255
        frames.append(frame)
    write_video(path, frames)
    return path


@pytest.fixture
def video(tmp_path):
    """Two plates that cross the picture, one after the other leaves; 3 seconds at 10 frames a second."""
    frames = []
    for k in range(30):
        frame = np.full((240, 320, 3), 40, np.uint8)
        if k < 20:
            frame[60:80, 10 + 9 * k : 70 + 9 * k] = 255
        if k >= 8:
            frame[160:180, 250 - 8 * (k - 8) : 310 - 8 * (k - 8)] = 255
        frames.append(frame)
    write_video(tmp_path / "street.avi", frames)
    return tmp_path / "street.avi"


@pytest.fixture
def pipeline(small_weights, monkeypatch):
    monkeypatch.setattr("lpgan_demo.files.video.is_plate", lambda result: True)  # the networks are not trained
    pipeline = PlatePipeline.from_pretrained(small_weights)
    pipeline.detector = PlateDetector(TorchDetector(Squares()))
    return pipeline


def test_frames_come_with_their_time_and_the_share_done(video):
    times, frames, shares = zip(*frames_of(video, every=0.5))
    assert times == pytest.approx((0, 0.5, 1.0, 1.5, 2.0, 2.5)) and frames[0].shape == (240, 320, 3)
    assert 0 < shares[0] < shares[-1] <= 1


def test_no_more_than_the_longest_is_read(video):
    assert max(seconds for seconds, _, _ in frames_of(video, every=0.1, longest=1.0)) == pytest.approx(1.0)


def test_every_car_gives_one_row_with_its_time_span(video, pipeline):
    seen = []
    first, second = read_video(video, pipeline, every=0.2, progress=seen.append)
    assert first.start == 0 and first.end == pytest.approx(1.8) and first.frames == 10
    assert second.start == pytest.approx(0.8) and second.end == pytest.approx(2.8)
    assert first.plate.box[1] == pytest.approx(60, abs=4) and second.plate.box[1] == pytest.approx(160, abs=4)
    assert first.to_dict()["frames"] == 10 and first.plate.text and seen == sorted(seen)


def test_a_find_in_a_single_frame_is_dropped(tmp_path, pipeline):
    frames = [np.full((240, 320, 3), 40, np.uint8) for _ in range(10)]
    frames[4][60:80, 100:160] = 255
    write_video(tmp_path / "flash.avi", frames)
    assert read_video(tmp_path / "flash.avi", pipeline, every=0.1) == []
    assert len(read_video(tmp_path / "flash.avi", pipeline, every=0.1, least_frames=1)) == 1


def test_what_is_no_video_is_one_clear_error(tmp_path, pipeline):
    (tmp_path / "text.mp4").write_bytes(b"no video")
    with pytest.raises(PlateImageError, match="not a video"):
        read_video(tmp_path / "text.mp4", pipeline)
    with pytest.raises(PlateImageError, match="no file"):
        read_video(tmp_path / "missing.mp4", pipeline)


def test_a_pipeline_without_a_detector_cannot_read_a_video(video, small_weights):
    with pytest.raises(ValueError, match="detector"):
        read_video(video, PlatePipeline.from_pretrained(small_weights))


def test_a_car_is_read_before_the_video_ends(tmp_path):
    places = [[(10 + 9 * k, 60)] if k < 10 else [(250 - 5 * (k - 10), 160)] for k in range(40)]
    seen = []
    cars = video_plates(street(tmp_path / "two.avi", places), Reader(), progress=seen.append)
    assert next(cars).start == 0
    assert 0.5 < seen[-1] < 0.8  # its last sighting is at 0.8 s of 4, and it is missed for two seconds
    assert next(cars).start == pytest.approx(1.0) and seen[-1] > 0.9
    assert next(cars, None) is None


def test_a_car_behind_a_pillar_stays_one_car(tmp_path):
    def hidden(x):  # the part of the plate that a pillar from 130 to 190 leaves to be seen: (x, width)
        left, right = (x, min(x + 60, 130)) if x < 130 else (max(x, 190), x + 60)
        return [(left, right - left)] if right - left > 8 else []

    frames = []
    for k in range(40):
        frame = np.full((240, 320, 3), 40, np.uint8)
        for x, width in hidden(6 * k - 60):
            frame[100:120, max(0, x) : x + width] = 255
        frames.append(frame)
    write_video(tmp_path / "pillar.avi", frames)
    (car,) = read_video(tmp_path / "pillar.avi", Reader(), every=0.2)
    assert car.start < 1.5 and car.end > 3.5


def test_cars_that_cross_stay_two_cars(tmp_path):
    places = [[(10 + 8 * k, 100)] + [(250 - 8 * k, 108)] * (abs(k - 15) > 4) for k in range(30)]  # the nearer hides it
    cars = read_video(street(tmp_path / "cross.avi", places), Reader(), every=0.1)
    paths = sorted((car.corners[0, 0, 0], car.corners[-1, 0, 0]) for car in cars)
    assert len(cars) == 2 and paths[0][1] > 200 and paths[1][1] < 60


def test_what_a_progress_callback_raises_ends_the_reading(video):
    def stop(share):
        if share > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        read_video(video, Reader(), progress=stop)


@pytest.mark.parametrize(("legibility", "rows"), [("good", [60, 200]), ("poor", [60])])
def test_what_never_moves_counts_only_when_it_is_read_well(tmp_path, legibility, rows):
    places = [[(10 + 8 * k, 60), (240 + k % 2, 200)] for k in range(25)]  # a car; and a clock, found a pixel aside
    found = read_video(street(tmp_path / "clock.avi", places), Reader(legibility), every=0.1)
    assert sorted(round(car.plate.box[1], -1) for car in found) == rows


def test_what_is_seen_for_less_than_a_second_or_moves_late_may_be_read_badly(tmp_path):
    short = street(tmp_path / "short.avi", [[(200, 200)] if k < 9 else [] for k in range(20)])
    assert len(read_video(short, Reader("poor"), every=0.1)) == 1
    late = street(tmp_path / "late.avi", [[(100 + max(0, k - 20) * 5, 100)] for k in range(25)])
    assert len(read_video(late, Reader("poor"), every=0.1)) == 1


def test_between_two_sightings_a_plate_is_on_the_line_between_them(video):
    first, _ = read_video(video, Reader())
    assert len(first.seconds) == len(first.corners) == first.frames
    assert first.corners_at(0.5)[0] == pytest.approx((10 + 9 * 5, 60), abs=2)
    assert first.corners_at(first.end + 0.01) is None and "corners_at" not in first.to_dict()
    assert not {"sightings", "seconds"} & set(first.to_dict())


def test_a_marked_video_differs_where_the_plates_are_and_nowhere_else(tmp_path):
    path = street(tmp_path / "street.avi", [[(10 + 9 * k, 120)] if k < 15 else [] for k in range(30)])
    cars, target = read_video(path, Reader()), tmp_path / "marked.mp4"
    marked_video(path, cars, target)
    before, after = ([frame.astype(int) for _, frame, _ in frames_of(file, 0)] for file in (path, target))
    assert len(before) == len(after) == 30 and before[0].shape == after[0].shape
    changes = [np.abs(a - b).max(2) > 60 for a, b in zip(before, after)]
    for k in (0, 5, 14):  # the second lies between two sightings
        rows, columns = np.nonzero(changes[k])
        assert 100 < rows.min() + 20 and rows.max() < 145 and columns.min() > 3 + 9 * k and columns.max() < 80 + 9 * k
        assert len(rows) > 100
    assert not any(change.any() for change in changes[16:])


def test_no_more_than_the_longest_is_marked_and_odd_sizes_lose_a_line(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "odd.avi"), cv2.VideoWriter.fourcc(*"FFV1"), 10, (321, 241))
    for _ in range(10):
        writer.write(np.zeros((241, 321, 3), np.uint8))
    writer.release()
    marked_video(tmp_path / "odd.avi", [], tmp_path / "marked.mp4", longest=0.5)
    frames = [frame for _, frame, _ in frames_of(tmp_path / "marked.mp4", 0)]
    assert len(frames) == 6 and frames[0].shape[:2] in ((240, 320), (241, 321))


def test_what_cannot_be_marked_is_one_clear_error(tmp_path, video):
    with pytest.raises(PlateImageError, match="no file"):
        marked_video(tmp_path / "missing.mp4", [], tmp_path / "marked.mp4")
    with pytest.raises(OSError, match="marked.mp4"):
        marked_video(video, [], tmp_path / "no folder" / "marked.mp4")


def test_marked_videos_are_written_beside_marked_photos(video, tmp_path):
    with ResultWriter(marked=tmp_path / "marked") as writer:
        for rows in read_files([video], Reader()):
            writer.add(rows)
    assert len(list(frames_of(tmp_path / "marked" / "street.mp4", 0))) == 30
