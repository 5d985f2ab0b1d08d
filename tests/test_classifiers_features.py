import numpy as np
import pytest
import torch

from classifiers.models.features import N_COORDINATES, N_FEATURES, features
from landmarks.alignment import roll
from landmarks.mesh import CANONICAL, mirrored
from tests.helpers.small_model import faces


def test_a_row_holds_the_aligned_points_and_the_turn():
    X = features(CANONICAL[None])
    assert X.shape == (1, N_FEATURES)
    assert X.dtype == np.float32
    np.testing.assert_allclose(X[0, :N_COORDINATES], CANONICAL.ravel(), atol=1e-5)
    np.testing.assert_allclose(X[0, N_COORDINATES:].reshape(3, 3), np.eye(3), atol=1e-5)


def test_place_and_size_change_nothing():
    points, _ = faces(4)
    np.testing.assert_allclose(features(points * 3 + 50), features(points), atol=1e-5)


def test_a_turned_head_changes_the_turn_alone():
    points, _ = faces(3)
    turn = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]], dtype=np.float32)
    straight, turned = features(points), features(points @ turn.T)
    np.testing.assert_allclose(turned[:, :N_COORDINATES], straight[:, :N_COORDINATES], atol=1e-4)
    assert np.abs(turned[:, N_COORDINATES:] - straight[:, N_COORDINATES:]).max() > 0.4


def test_a_mirrored_face_has_mirrored_points():
    points, _ = faces(2)
    aligned = features(points)[:, :N_COORDINATES].reshape(2, -1, 3)
    flipped = features(mirrored(points, 48.0))[:, :N_COORDINATES].reshape(2, -1, 3)
    np.testing.assert_allclose(flipped, mirrored(aligned), atol=1e-4)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_torch_computes_what_numpy_computes(n):
    points, _ = faces(5)
    points = points[:n]
    np.testing.assert_allclose(
        features(torch.from_numpy(points)).numpy(), features(points), atol=1e-6
    )


@pytest.mark.parametrize("degrees", [-170, -90, -30, 0, 45, 120])
def test_the_roll_is_the_turn_in_the_image_plane(degrees):
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = CANONICAL.copy()
    points[:, :2] = 30 * points[:, :2] @ matrix.T + 100
    assert np.degrees(roll(points)) == pytest.approx(degrees, abs=1e-3)
