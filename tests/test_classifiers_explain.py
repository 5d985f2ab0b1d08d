import numpy as np
import pytest

from classifiers.inference.attribution import (
    NeutralBaseline,
    explain,
    region_pixels,
    region_weights,
)
from landmarks.face_crop import SIDE
from landmarks.mesh import CANONICAL, REGIONS
from tests.helpers.small_model import CLASSES, faces, small_pipeline


def answer(points, _):
    return small_pipeline().predict_proba(points)


def test_each_point_is_shared_out_whole():
    weights = region_weights()
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-5)
    assert weights.min() >= 0
    for row, region in zip(weights, REGIONS.values(), strict=True):
        assert row[region].mean() > 0.5


@pytest.mark.parametrize("name", ["happy", "sad"])
def test_the_mouth_that_was_pulled_is_what_moved_the_answer(name):
    points, y = faces(3, seed=3)
    changes = explain(answer, points[y == name][0], NeutralBaseline(CANONICAL), CLASSES.index(name))
    assert list(changes) == list(REGIONS)
    assert max(changes, key=changes.get) == "mouth"
    others = [abs(change) for region, change in changes.items() if region != "mouth"]
    assert changes["mouth"] > 2 * max(others)


def test_a_neutral_face_has_no_contributions():
    changes = explain(answer, CANONICAL * 30, NeutralBaseline(CANONICAL), 1)
    assert max(map(abs, changes.values())) < 0.01


def test_the_turn_of_the_head_is_put_back():
    turn = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]], dtype=np.float32)
    seen = []

    def predict_proba(points, _):
        seen.append(points)
        return np.zeros((len(points), 1))

    explain(predict_proba, (CANONICAL @ turn.T) * 40 + 7, NeutralBaseline(CANONICAL), 0)
    np.testing.assert_allclose(seen[0][0], CANONICAL @ turn.T, atol=1e-3)


def test_pixels_of_a_region_are_put_to_rest_with_it():
    crop = np.full((SIDE, SIDE), 90, np.uint8)
    crop[::2] = 110
    rest = np.tile(np.uint8([[0], [200]]), (SIDE // 2, SIDE))
    points, seen = CANONICAL * 40 + 70, []

    def predict_proba(_, crops):
        seen.append(crops)
        return np.arange(len(crops))[:, None] * -0.1

    changes = explain(predict_proba, points, NeutralBaseline(CANONICAL, rest), 0, crop)
    assert list(changes.values()) == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    np.testing.assert_array_equal(seen[0][0], crop)
    for moved, weights in zip(seen[0][1:], region_pixels(points), strict=True):
        np.testing.assert_array_equal(moved[weights == 0], crop[weights == 0])
        # the neutral stripes, in the crop's own contrast, lie the other way round
        np.testing.assert_array_equal(moved[weights > 0.999], 200 - crop[weights > 0.999])


def test_region_pixels_lie_where_the_region_is():
    masks = region_pixels(CANONICAL * 30 + 40)
    assert masks.sum(axis=0).max() < 1.8
    rows = np.arange(SIDE)[:, None]
    heights = (masks * rows).sum(axis=(1, 2)) / masks.sum(axis=(1, 2))
    height = dict(zip(REGIONS, heights, strict=True))
    assert height["brows"] < height["eyes"] < height["nose"] < height["mouth"]
