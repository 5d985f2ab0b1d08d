import numpy as np
import pytest
from scipy.special import softmax

from classifiers.models.calibration import (
    MAX_THRESHOLD,
    Calibration,
    calibrated,
    fit_calibration,
    served_prior,
    uncertain_threshold,
    with_prior,
)


def common(scale, n_classes):
    return Calibration(np.full(n_classes, scale), np.zeros(n_classes))


def draw(n, n_classes=4):
    """Probabilities, and classes that were drawn by them."""
    random = np.random.default_rng(0)
    honest = softmax(random.normal(0, 1.5, (n, n_classes)), axis=1)
    codes = (honest.cumsum(axis=1) < random.random((n, 1))).sum(axis=1).clip(max=n_classes - 1)
    return honest, codes


def test_scale_one_changes_nothing_and_a_low_one_softens():
    proba = np.array([[0.7, 0.2, 0.1]])
    np.testing.assert_allclose(calibrated(proba, common(1, 3)), proba)
    softer = calibrated(proba, common(1 / 3, 3))
    assert softer.max() < 0.7
    assert softer.argmax() == 0
    assert softer.sum() == pytest.approx(1)


def test_a_probability_of_zero_stays_finite():
    assert np.isfinite(calibrated(np.array([[1.0, 0.0]]), common(0.5, 2))).all()


def test_finds_what_made_the_model_too_sure_of_some_classes():
    honest, codes = draw(20000)
    wrong = calibrated(honest, Calibration(np.array([2.0, 2, 1, 1]), np.array([0.5, 0, 0, -0.5])))
    mended = calibrated(wrong, fit_calibration(wrong[None], codes))
    shares = np.bincount(codes) / len(codes)
    assert np.abs(wrong.mean(axis=0) - shares).max() > 0.03
    np.testing.assert_allclose(mended.mean(axis=0), shares, atol=0.005)
    losses = [-np.log(proba[np.arange(20000), codes]).mean() for proba in (wrong, mended, honest)]
    assert losses[1] - losses[2] < 0.1 * (losses[0] - losses[2])


def test_a_few_rows_move_the_classes_together():
    honest, codes = draw(30)
    few = fit_calibration(honest[None], codes)
    assert np.ptp(np.log(few.scale)) < 1
    assert np.abs(few.bias).max() < 1
    alike = fit_calibration(np.repeat(honest, 1000, 0)[None], np.repeat(codes, 1000))
    assert np.ptp(alike.bias) > 2 * np.ptp(few.bias)


def test_threshold_gains_what_is_asked():
    confidence = np.linspace(0.5, 1, 200)
    proba = np.column_stack([confidence, 1 - confidence])
    codes = (np.random.default_rng(0).random(200) > confidence).astype(int)
    threshold = uncertain_threshold(proba, codes, min_gain=0.10)
    certain = confidence >= threshold
    right = codes == 0
    assert right[certain].mean() >= right.mean() + 0.10
    lower = confidence >= np.sort(confidence[confidence < threshold])[-1]
    assert right[lower].mean() < right.mean() + 0.10


def test_nothing_is_uncertain_where_confidence_tells_nothing():
    assert uncertain_threshold(np.tile([0.6, 0.4], (4, 1)), np.array([1, 1, 1, 0])) == 0.0


def test_a_few_rows_that_are_all_right_make_no_certainties():
    codes = np.arange(18) % 3
    proba = np.full((18, 3), 0.05) + 0.85 * np.eye(3)[codes]
    calibration = fit_calibration(np.stack([proba, proba]), codes)
    assert calibration.scale.max() < 2
    proba = calibrated(proba, calibration)
    assert proba.max() < 0.99
    assert uncertain_threshold(proba, codes) == MAX_THRESHOLD


@pytest.mark.parametrize(
    ("prior", "expected"),
    [("training", [0.8, 0.2]), ("roots", [2 / 3, 1 / 3]), ("uniform", [0.5, 0.5])],
)
def test_the_served_prior_lies_between_training_and_uniform(prior, expected):
    np.testing.assert_allclose(served_prior(np.array([0.8, 0.2]), prior), expected)


def test_another_prior_is_what_bayes_rule_makes_of_the_confidences():
    shares, prior = np.array([0.8, 0.2]), np.array([0.5, 0.5])
    proba = np.array([[0.8, 0.2], [0.5, 0.5]])
    moved = calibrated(proba, with_prior(common(1.0, 2), shares, prior))
    np.testing.assert_allclose(moved, [[0.5, 0.5], [0.2, 0.8]])


def test_a_prior_keeps_confidences_honest_where_the_classes_come_as_it_says():
    honest, codes = draw(40000, 2)
    kept = (codes == 1) | (np.arange(len(codes)) % 4 == 0)  # three of four of class 0 are gone
    shares = np.bincount(codes) / len(codes)
    prior = np.bincount(codes[kept]) / kept.sum()
    moved = calibrated(honest, with_prior(common(1.0, 2), shares, prior))[kept]
    np.testing.assert_allclose(moved.mean(axis=0), prior, atol=0.01)
