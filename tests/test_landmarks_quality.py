import cv2
import numpy as np
import pytest

from landmarks.detection.detector import Face, shared_detector
from landmarks.mesh import CANONICAL
from landmarks.quality import quality_of


def face_at(x, y, height):
    """Return a mean face whose box begins at (x, y)."""
    flat = (CANONICAL - CANONICAL.min(axis=0)) / np.ptp(CANONICAL[:, 1])
    return Face((flat * height + [x, y, 0]).astype(np.float32))


def noise(height=200, width=300):
    return np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)


def test_a_face_within_its_image_is_not_clipped():
    face = face_at(20, 30, 100)
    quality = quality_of(noise(), face)
    assert (quality.clipped_box, quality.clipped) == (face.box, False)
    assert quality.face_share == face.box[3] / 200
    assert quality.score is quality.dispersion is None


@pytest.mark.parametrize(
    ("x", "y", "sides"),
    [(-20, 30, (0, 30)), (20, -30, (20, 0)), (280, 30, (280, 30)), (20, 150, (20, 150))],
)
def test_a_box_that_reaches_out_is_clipped_to_the_image(x, y, sides):
    face = face_at(x, y, 100)
    quality = quality_of(noise(), face)
    left, top, width, height = quality.clipped_box
    assert quality.clipped
    assert (left, top) == sides
    assert left + width == min(300, face.box[0] + face.box[2])
    assert top + height == min(200, face.box[1] + face.box[3])


def test_a_face_beside_the_image_has_no_box_there_and_is_no_error():
    quality = quality_of(noise(), face_at(400, 300, 50))
    assert quality.clipped_box[2:] == (0, 0)


def test_blur_and_few_pixels_lower_the_sharpness(portrait):
    (face,) = shared_detector().detect(portrait)
    sharp = quality_of(portrait, face).sharpness
    assert quality_of(cv2.GaussianBlur(portrait, (0, 0), 3), face).sharpness < sharp / 3
    small = cv2.resize(portrait, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    assert quality_of(small, Face(face.points / 4)).sharpness < sharp / 3
    large = cv2.resize(portrait, None, fx=4, fy=4)
    again = quality_of(large, Face(face.points * 4)).sharpness
    assert again == pytest.approx(sharp, rel=0.5)


def test_brightness_is_the_mean_grey_level_of_the_box():
    image = np.zeros((200, 300, 3), np.uint8)
    image[30:150, 20:150] = 90
    assert quality_of(image, face_at(25, 35, 80)).brightness == pytest.approx(90, abs=0.5)


def test_score_and_dispersion_are_the_detectors(portrait):
    one, two = (shared_detector().detect(portrait, meshes)[0] for meshes in (1, 2))
    assert 0.5 < one.score <= 1
    assert one.dispersion is None
    assert 0 < two.dispersion < 0.15
    (tight,) = shared_detector().detect(cv2.resize(portrait[40:200, 150:310], (64, 64)))
    assert tight.score is None
    assert tight.dispersion > 0
