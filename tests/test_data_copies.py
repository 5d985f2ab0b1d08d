import cv2
import numpy as np
import pytest

from data.duplicates import NEAR, same_photograph
from landmarks.alignment import align, radius
from landmarks.mesh import CANONICAL, mirrored


def faces(n, spread, seed=0):
    """Faces in pixels that differ from the mean face by `spread` radii at each coordinate."""
    noise = np.random.default_rng(seed).normal(0, spread, (n, *CANONICAL.shape))
    return ((CANONICAL / radius(CANONICAL) + noise) * 20 + 24).astype(np.float32)


def unknown(points):
    return [""] * len(points)


@pytest.fixture
def strangers():
    return faces(40, 0.06)


def test_strangers_stay_apart(strangers):
    assert len(set(same_photograph(strangers, unknown(strangers)))) == 40


def test_a_photograph_cropped_turned_and_mirrored_anew_is_known_again(strangers):
    turn = cv2.getRotationMatrix2D((24, 24), 9, 1.3)[:, :2]
    turned = strangers[:1] * 1.3
    turned[..., :2] = strangers[:1, :, :2] @ turn.T + (5, -3)
    points = np.concatenate([strangers, turned, mirrored(strangers[1:2], 48)])
    groups = same_photograph(points, unknown(points))
    assert groups[40] == groups[0]
    assert groups[41] == groups[1]
    assert len(set(groups)) == 40


def test_the_limit_is_the_distance_of_the_aligned_points(strangers):
    nudge = np.random.default_rng(1).normal(0, 1, strangers[0].shape)
    nudge *= 20 / radius(nudge)
    for share, copies in ((0.7, True), (1.6, False)):
        points = np.stack([strangers[0], strangers[0] + share * NEAR * nudge]).astype(np.float32)
        one, other = align(points)[0]
        assert (np.sqrt(((one - other) ** 2).sum(1).mean()) < NEAR) == copies
        first, second = same_photograph(points, ["", ""])
        assert (first == second) == copies


def test_equal_pixels_are_copies_whatever_the_points(strangers):
    hashes = unknown(strangers)
    hashes[3] = hashes[30] = hashes[17] = "ab"
    groups = same_photograph(strangers, hashes)
    assert groups[3] == groups[30] == groups[17]
    assert len(set(groups)) == 38


def test_copies_of_copies_belong_together(strangers):
    step = np.random.default_rng(2).normal(0, 1, strangers[0].shape)
    step *= 0.8 * NEAR * 20 / radius(step)
    chain = np.stack([strangers[0] + k * step for k in range(4)]).astype(np.float32)
    assert len(set(same_photograph(chain, unknown(chain)))) == 1
