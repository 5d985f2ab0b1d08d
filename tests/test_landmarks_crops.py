import cv2
import numpy as np
import pytest

from landmarks.face_crop import SIDE, WINDOW, face_crop
from landmarks.mesh import CANONICAL, REGIONS, mirrored
from tests.helpers.golden_faces import POINTS, golden_images

MOUTH = (SIDE / 2, 40.0)
INSIDE = slice(10, SIDE - 10)
"""Rows and columns of a crop that lie well inside the composites."""


def face_points(size=100.0, middle=(300.0, 200.0), degrees=0.0):
    """Return the mean face in an image, turned clockwise."""
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size
    xy = CANONICAL[:, :2] @ matrix.T + middle
    return np.column_stack([xy, CANONICAL[:, 2] * size])


def dot_at(points, region, shape=(500, 700), radius=6):
    """Return a black image with a white dot in the middle of a region's points."""
    image = np.zeros((*shape, 3), np.uint8)
    centre = points[REGIONS[region], :2].mean(axis=0)
    return cv2.circle(image, tuple(np.rint(centre).astype(int).tolist()), radius, (255,) * 3, -1)


def centre_of_light(crop):
    ys, xs = np.mgrid[: crop.shape[0], : crop.shape[1]] + 0.5
    return np.array([(xs * crop).sum(), (ys * crop).sum()]) / crop.sum()


@pytest.mark.parametrize("degrees", [0, 30, -75, 180])
@pytest.mark.parametrize("size", [30.0, 100.0])
def test_the_mouth_comes_to_one_place(size, degrees):
    points = face_points(size, degrees=degrees)
    crop = face_crop(dot_at(points, "mouth"), points)
    assert crop.shape == (SIDE, SIDE)
    assert crop.dtype == np.uint8
    np.testing.assert_allclose(centre_of_light(crop), MOUTH, atol=1.0)


def test_all_of_a_face_is_in_the_window():
    points = face_points()
    margin = (SIDE - WINDOW) / 2
    for index in (10, 152, 234, 454):  # top of the forehead, chin, both cheeks
        image = np.zeros((500, 700, 3), np.uint8)
        place = tuple(np.rint(points[index, :2]).astype(int).tolist())
        light = centre_of_light(face_crop(cv2.circle(image, place, 5, (255,) * 3, -1), points))
        assert (light > margin).all(), index
        assert (light < SIDE - margin).all(), index


def golden_face(name):
    with np.load(POINTS) as stored:
        return dict(golden_images())[name], stored[name]


def moved(image, points, scale, degrees, shift, size):
    """Return an image and its points turned, scaled and shifted into one of another size."""
    matrix = np.array([[np.cos(degrees), -np.sin(degrees)], [np.sin(degrees), np.cos(degrees)]])
    matrix = np.column_stack([matrix * scale, shift])
    # OpenCV counts from the middle of the first pixel, points from its corner.
    by_middle = matrix.copy()
    by_middle[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    xy = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return cv2.warpAffine(image, by_middle, size, flags=way), np.column_stack([xy, points[:, 2]])


@pytest.mark.parametrize("name", ["happy", "sad"])
def test_a_photo_is_framed_as_the_small_picture_of_a_data_set(name):
    image, points = golden_face(f"test/{name}/{name}_01.png")
    share = 48 / image.shape[0]
    small = cv2.resize(image, (48, 48), interpolation=cv2.INTER_AREA)
    photo, places = moved(image, points, 5.0, np.deg2rad(20), (600, 100), (1600, 1300))
    of_small, of_photo = face_crop(small, points * share), face_crop(photo, places)
    assert of_small[INSIDE, INSIDE].std() > 25
    gap = of_small.astype(int) - of_photo.astype(int)
    assert np.abs(gap[INSIDE, INSIDE]).mean() < 5
    astray = of_small.astype(int) - np.roll(of_photo, 2, axis=0).astype(int)
    assert np.abs(astray[INSIDE, INSIDE]).mean() > 8


def test_a_large_face_is_averaged():
    points = face_points(400.0, (700.0, 700.0))
    checks = (np.indices((1400, 1400)).sum(axis=0) % 2 * 255).astype(np.uint8)
    crop = face_crop(np.repeat(checks[:, :, None], 3, axis=2), points)
    assert np.abs(crop[10:-10, 10:-10].astype(int) - 127).max() < 12


def test_the_mirror_image_gives_the_mirrored_crop():
    image, points = golden_face("astronaut")
    mirror = face_crop(image[:, ::-1], mirrored(points, image.shape[1]))
    gap = np.abs(face_crop(image, points)[:, ::-1].astype(int) - mirror.astype(int))
    assert gap.mean() < 1


def test_without_points_an_image_is_framed_as_data_sets_do():
    points = face_points(14.5, (24.0, 27.4))
    image = dot_at(points, "mouth", (48, 48), 2)
    np.testing.assert_allclose(centre_of_light(face_crop(image, None)), MOUTH, atol=1.0)
    larger = cv2.resize(image, (480, 480), interpolation=cv2.INTER_CUBIC)
    np.testing.assert_allclose(centre_of_light(face_crop(larger, None)), MOUTH, atol=1.0)


def test_beyond_the_image_its_edge_goes_on():
    image = np.full((48, 48, 3), 200, np.uint8)
    assert face_crop(image, face_points(14.0, (5.0, 40.0))).min() == 200


def test_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match="one place"):
        face_crop(np.zeros((48, 48, 3), np.uint8), np.ones((468, 3)))
