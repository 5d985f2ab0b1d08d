import numpy as np
import pytest

from landmarks.detection.detector import shared_detector
from landmarks.detection.tta_crops import TTA_CROPS, crop_at, is_consistent, mean_mesh


@pytest.fixture(scope="module")
def points(portrait):
    return shared_detector().detect(portrait)[0].points.astype(float)


def test_further_crops_of_a_face_show_the_same_face(portrait, points):
    assert is_consistent(portrait, points)


@pytest.mark.parametrize("shift", [(90, 60, 0), (0, 300, 0)])
def test_further_crops_of_another_place_show_another_face_or_none(portrait, points, shift):
    assert not is_consistent(portrait, points + shift)


def test_the_further_crops_are_their_own_mirror_image_as_a_set():
    flipped = {(-turn, scale, -right, down) for turn, scale, right, down in TTA_CROPS}
    assert flipped == {(turn, scale, right, down) for turn, scale, right, down in TTA_CROPS}


def test_the_mean_of_four_meshes_lies_near_that_of_two(portrait, points):
    apart = np.linalg.norm(mean_mesh(portrait, points) - points, axis=1).mean()
    assert 0 < apart < 1.5  # pixels of a face 93 pixels wide


def test_a_crop_shows_the_face_upright_in_its_middle(portrait, points):
    crop = crop_at(portrait, points)
    assert crop.pixels.shape == (256, 256, 3)
    middle = crop.to_image(np.array([[128.0, 128.0, 0.0]]))[0, :2]
    np.testing.assert_allclose(middle, points[:, :2].mean(axis=0), atol=1e-6)
