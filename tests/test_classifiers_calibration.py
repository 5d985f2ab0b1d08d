import numpy as np
import pytest
from scipy.special import softmax

from classifiers.calibration import fit_temperature, tempered, unsure_threshold


def test_temperature_one_changes_nothing_and_a_high_one_softens():
    proba = np.array([[0.7, 0.2, 0.1]])
    np.testing.assert_allclose(tempered(proba, 1.0), proba)
    softer = tempered(proba, 3.0)
    assert softer.max() < 0.7
    assert softer.argmax() == 0
    assert softer.sum() == pytest.approx(1)


def test_a_probability_of_zero_stays_finite():
    assert np.isfinite(tempered(np.array([[1.0, 0.0]]), 2.0)).all()


def test_finds_the_temperature_that_made_the_model_too_sure():
    random = np.random.default_rng(0)
    honest = softmax(random.normal(0, 1.5, (20000, 4)), axis=1)
    codes = (honest.cumsum(axis=1) < random.random((20000, 1))).sum(axis=1).clip(max=3)
    assert fit_temperature(tempered(honest, 0.5)[None], codes) == pytest.approx(2.0, abs=0.1)


def test_threshold_gains_what_is_asked():
    confidence = np.linspace(0.5, 1, 200)
    proba = np.column_stack([confidence, 1 - confidence])
    codes = (np.random.default_rng(0).random(200) > confidence).astype(int)
    threshold = unsure_threshold(proba, codes, surer_by=0.10)
    sure = confidence >= threshold
    right = codes == 0
    assert right[sure].mean() >= right.mean() + 0.10
    lower = confidence >= np.sort(confidence[confidence < threshold])[-1]
    assert right[lower].mean() < right.mean() + 0.10


def test_nothing_is_unsure_where_confidence_tells_nothing():
    assert unsure_threshold(np.tile([0.6, 0.4], (4, 1)), np.array([1, 1, 1, 0])) == 0.0
