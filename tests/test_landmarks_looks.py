import numpy as np
import pytest

from landmarks import looks
from landmarks.detector import shared_finder
from landmarks.looks import LOOK_CONFIDENCE, Look, Sighting, look_at
from landmarks.views import N_VIEWS


@pytest.fixture(scope="module")
def points(portrait):
    return shared_finder().find(portrait)[0].points.astype(float)


def sighting(image, points):
    return Sighting(points, (Look.at(look_at(image, points), LOOK_CONFIDENCE),))


def test_a_face_is_steady(portrait, points):
    first = sighting(portrait, points)
    again = first.looked_again(portrait)
    assert (len(first.views), len(again.views)) == (2, N_VIEWS)
    assert all(np.linalg.norm(view - points, axis=1).mean() < 5 for view in again.views)
    assert again.is_steady


@pytest.mark.parametrize("shift", [(90, 60, 0), (0, 300, 0)])
def test_a_face_elsewhere_or_nowhere_is_not(portrait, points, shift):
    assert not sighting(portrait, points + shift).looked_again(portrait).is_steady


def test_a_face_is_looked_at_again_once(portrait, points, monkeypatch):
    again = sighting(portrait, points).looked_again(portrait)
    monkeypatch.setattr(looks, "mesh_points", lambda *_: pytest.fail("looked"))
    assert again.looked_again(portrait) is again
