import numpy as np
import pytest

from classifiers.inference.shifts import (
    RELATIVE,
    SCALE,
    Relative,
    neutral_shift,
    prior_shift,
    shifted,
)

CLASSES = ("angry", "happy", "neutral")
RESTING = np.array([[0.5, 0.1, 0.4]])  # an angry look at rest
WHOLE = Relative(1.0, 4.0)


def test_the_own_neutral_face_is_neutral_and_nothing_else_in_particular():
    proba = shifted(RESTING, neutral_shift(RESTING, CLASSES, WHOLE))
    np.testing.assert_allclose(proba, [[1 / 6, 1 / 6, 4 / 6]])


@pytest.mark.parametrize("relative", RELATIVE.values())
def test_the_bias_is_taken_away_as_often_as_the_weight_says(relative):
    smile = np.array([[0.3, 0.5, 0.2]])
    powers = (smile * ([1, 1, relative.odds] / RESTING) ** relative.weight) ** SCALE
    moved = shifted(smile, neutral_shift(RESTING, CLASSES, relative), SCALE)
    np.testing.assert_allclose(moved, powers / powers.sum())


@pytest.mark.parametrize("relative", RELATIVE.values())
@pytest.mark.parametrize("least", [1e-2, 1e-4, 1e-8, 1e-12])
def test_the_own_neutral_face_is_neutral_however_certain_its_confidences(relative, least):
    for proba in ([least, least, 1 - 2 * least], [1 - 2 * least, least, least]):
        resting = np.array([proba])
        moved = shifted(resting, neutral_shift(resting, CLASSES, relative), SCALE)
        assert CLASSES[moved.argmax()] == "neutral"


def test_what_grows_over_the_neutral_face_counts():
    shift = neutral_shift(RESTING, CLASSES, WHOLE)
    slight_smile = np.array([[0.5, 0.3, 0.2]])
    assert CLASSES[slight_smile.argmax()] == "angry"
    assert CLASSES[shifted(slight_smile, shift).argmax()] == "happy"


def test_several_neutral_photographs_count_alike():
    both = np.array([[0.5, 0.1, 0.4], [0.1, 0.5, 0.4]])
    shifts = [neutral_shift(row[None], CLASSES, WHOLE) for row in both]
    np.testing.assert_allclose(neutral_shift(both, CLASSES, WHOLE), np.mean(shifts, axis=0))


def test_confidences_stay_confidences():
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    moved = shifted(proba, neutral_shift(RESTING, CLASSES, WHOLE))
    np.testing.assert_allclose(moved.sum(axis=1), 1)
    assert np.isfinite(shifted(np.eye(3), neutral_shift(np.eye(3), CLASSES, WHOLE))).all()


@pytest.mark.parametrize(
    ("classes", "proba", "says"),
    [
        (("angry", "happy", "sad"), RESTING, "Expected a model of the class neutral"),
        (CLASSES, np.empty((0, 3)), "Expected a neutral face"),
    ],
)
def test_what_can_not_be_is_one_sentence(classes, proba, says):
    with pytest.raises(ValueError, match=says):
        neutral_shift(proba, classes, WHOLE)


def test_a_prior_is_what_bayes_rule_makes_of_the_confidences():
    served = [0.5, 0.3, 0.2]
    moved = shifted(np.array([served]), prior_shift("uniform", served, CLASSES))
    np.testing.assert_allclose(moved, [[1 / 3] * 3])
    own = dict(zip(CLASSES, [1, 1, 2], strict=True))
    moved = shifted(np.array([served]), prior_shift(own, served, CLASSES))
    np.testing.assert_allclose(moved, [[0.25, 0.25, 0.5]])


@pytest.mark.parametrize(
    "prior", ["flat", {"angry": 1.0}, dict.fromkeys(CLASSES, 0.0), dict.fromkeys(CLASSES, np.nan)]
)
def test_another_prior_is_one_sentence(prior):
    with pytest.raises(ValueError, match="Expected"):
        prior_shift(prior, [0.5, 0.3, 0.2], CLASSES)
