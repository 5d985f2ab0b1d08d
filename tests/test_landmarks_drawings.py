import cv2
import numpy as np
import pytest

from classifiers.experiments.drawings import THINGS, drawing
from landmarks.detection import detector
from landmarks.detection.detector import shared_detector
from landmarks.detection.drawings import is_drawing
from landmarks.face_crop import face_crop
from landmarks.images import read_image
from tests.helpers.paths import ROOT

SIDE_OF_PHOTO = 256


def drawn(count, seed=7):
    return [drawing(SIDE_OF_PHOTO, np.random.default_rng([seed, n]), n) for n in range(count)]


def test_drawings_are_many_and_the_same_again():
    first, again = drawn(2 * len(THINGS)), drawn(2 * len(THINGS))
    np.testing.assert_array_equal(first, again)
    assert len({one.tobytes() for one in first}) == len(first)
    assert first[0].shape == (SIDE_OF_PHOTO, SIDE_OF_PHOTO, 3)


@pytest.mark.slow
def test_no_drawn_face_is_found(monkeypatch):
    photos = drawn(2 * len(THINGS))
    found = [bool(shared_detector().detect(photo)) for photo in photos]
    assert sum(found) == 0
    # They do pass for faces where nobody looks at their pixels.
    monkeypatch.setattr(detector, "is_drawing", lambda crop: False)
    assert sum(bool(shared_detector().detect(photo)) for photo in photos) > len(photos) / 3


@pytest.mark.parametrize("split", ["train", "test"])
def test_no_composite_is_taken_for_drawn(split):
    for path in sorted((ROOT / "data/sample" / split).glob("*/*_0[1-4].png")):
        photo = cv2.resize(read_image(path), (SIDE_OF_PHOTO, SIDE_OF_PHOTO))
        (face,) = shared_detector().detect(photo)
        assert not is_drawing(face_crop(photo, face.points)), path
