import numpy as np
import pytest

from classifiers.explain import explain, region_weights
from landmarks.mesh import CANONICAL, REGIONS
from tests.small_model import CLASSES, faces, small_pipeline


def test_each_point_is_shared_out_whole():
    weights = region_weights()
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-5)
    assert weights.min() >= 0
    for row, region in zip(weights, REGIONS.values(), strict=True):
        assert row[region].mean() > 0.5


@pytest.mark.parametrize("name", ["happy", "sad"])
def test_the_mouth_that_was_pulled_is_what_moved_the_answer(name):
    points, y = faces(3, seed=3)
    changes = explain(
        small_pipeline().predict_proba, points[y == name][0], CANONICAL, CLASSES.index(name)
    )
    assert list(changes) == list(REGIONS)
    assert max(changes, key=changes.get) == "mouth"
    others = [abs(change) for region, change in changes.items() if region != "mouth"]
    assert changes["mouth"] > 2 * max(others)


def test_a_face_at_rest_is_moved_by_nothing():
    changes = explain(small_pipeline().predict_proba, CANONICAL * 30, CANONICAL, 1)
    assert max(map(abs, changes.values())) < 0.01


def test_the_turn_of_the_head_is_put_back():
    turn = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]], dtype=np.float32)
    seen = []

    def predict_proba(points):
        seen.append(points)
        return np.zeros((len(points), 1))

    explain(predict_proba, (CANONICAL @ turn.T) * 40 + 7, CANONICAL, 0)
    np.testing.assert_allclose(seen[0][0], CANONICAL @ turn.T, atol=1e-3)
