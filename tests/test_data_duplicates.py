import cv2
import numpy as np
import pytest

from data.duplicates import MAX_MESH_DISTANCE, group_by_mesh
from landmarks.alignment import align, radius
from landmarks.mesh import CANONICAL, mirrored


def faces(n, std, seed=0):
    """Faces in pixels that differ from the mean face by `std` radii at each coordinate."""
    noise = np.random.default_rng(seed).normal(0, std, (n, *CANONICAL.shape))
    return ((CANONICAL / radius(CANONICAL) + noise) * 20 + 24).astype(np.float32)


def unknown(points):
    return [""] * len(points)


@pytest.fixture
def different():
    return faces(40, 0.06)


def test_different_faces_stay_apart(different):
    assert len(set(group_by_mesh(different, unknown(different)))) == 40


def test_a_photograph_cropped_turned_and_mirrored_anew_is_known_again(different):
    turn = cv2.getRotationMatrix2D((24, 24), 9, 1.3)[:, :2]
    turned = different[:1] * 1.3
    turned[..., :2] = different[:1, :, :2] @ turn.T + (5, -3)
    points = np.concatenate([different, turned, mirrored(different[1:2], 48)])
    groups = group_by_mesh(points, unknown(points))
    assert groups[40] == groups[0]
    assert groups[41] == groups[1]
    assert len(set(groups)) == 40


def test_the_limit_is_the_distance_of_the_aligned_points(different):
    nudge = np.random.default_rng(1).normal(0, 1, different[0].shape)
    nudge *= 20 / radius(nudge)
    for share, copies in ((0.7, True), (1.6, False)):
        points = np.stack([different[0], different[0] + share * MAX_MESH_DISTANCE * nudge]).astype(
            np.float32
        )
        one, other = align(points)[0]
        assert (np.sqrt(((one - other) ** 2).sum(1).mean()) < MAX_MESH_DISTANCE) == copies
        first, second = group_by_mesh(points, ["", ""])
        assert (first == second) == copies


def test_equal_pixels_are_copies_whatever_the_points(different):
    hashes = unknown(different)
    hashes[3] = hashes[30] = hashes[17] = "ab"
    groups = group_by_mesh(different, hashes)
    assert groups[3] == groups[30] == groups[17]
    assert len(set(groups)) == 38


def test_copies_of_copies_belong_together(different):
    step = np.random.default_rng(2).normal(0, 1, different[0].shape)
    step *= 0.8 * MAX_MESH_DISTANCE * 20 / radius(step)
    chain = np.stack([different[0] + k * step for k in range(4)]).astype(np.float32)
    assert len(set(group_by_mesh(chain, unknown(chain)))) == 1
