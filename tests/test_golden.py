import numpy as np
import pytest

from classifiers.inference.predictor import Predictor
from landmarks.detection.detector import shared_detector
from tests.helpers.golden_faces import POINTS, golden_images

IMAGES = dict(golden_images())

TOLERANCE = 0.3
"""Pixels; the same model rounds otherwise on another processor."""

CLEAR = {
    "test/happy/happy_01.png": "happy",
    "test/surprise/surprise_01.png": "surprise",
    "test/neutral/neutral_01.png": "neutral",
    "test/angry/angry_01.png": "angry",
    "astronaut": "happy",
}


@pytest.fixture(scope="module")
def stored():
    with np.load(POINTS) as file:
        return dict(file)


@pytest.fixture(scope="module")
def predictor():
    return Predictor()


@pytest.mark.parametrize("name", IMAGES)
def test_points(name, stored):
    faces = shared_detector().detect(IMAGES[name])
    assert len(faces) == 1
    np.testing.assert_allclose(faces[0].points, stored[name], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(("name", "expression"), CLEAR.items())
def test_expression(name, expression, predictor):
    (face,) = predictor.predict(IMAGES[name]).faces
    assert face.expression == expression
