"""Videos: linking, fusing, and what is no video."""

import cv2
import numpy as np
import pytest
import torch

from lpgan_demo.files.video import frames_of, read_video
from lpgan_demo.inference.detection import PlateDetector
from lpgan_demo.inference.pipeline import PlatePipeline
from lpgan_demo.results import PlateImageError


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
    pipeline.detector = PlateDetector(Squares())
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
