import numpy as np
import pytest

from classifiers.inference.neutral import NEUTRAL_CONFIDENCE, neutral_shift, relative_to_neutral

CLASSES = ("angry", "happy", "neutral")
RESTING = np.array([[0.5, 0.1, 0.4]])  # an angry look at rest


def test_the_own_neutral_face_is_neutral_and_nothing_else_in_particular():
    proba = relative_to_neutral(RESTING, neutral_shift(RESTING, CLASSES))
    other = (1 - NEUTRAL_CONFIDENCE) / 2
    np.testing.assert_allclose(proba, [[other, other, NEUTRAL_CONFIDENCE]])


def test_what_grows_over_the_neutral_face_counts():
    shift = neutral_shift(RESTING, CLASSES)
    slight_smile = np.array([[0.5, 0.3, 0.2]])
    assert CLASSES[slight_smile.argmax()] == "angry"
    assert CLASSES[relative_to_neutral(slight_smile, shift).argmax()] == "happy"


def test_several_neutral_photographs_count_alike():
    both = np.array([[0.5, 0.1, 0.4], [0.1, 0.5, 0.4]])
    shifts = [neutral_shift(row[None], CLASSES) for row in both]
    np.testing.assert_allclose(neutral_shift(both, CLASSES), np.mean(shifts, axis=0))


def test_confidences_stay_confidences():
    proba = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    moved = relative_to_neutral(proba, neutral_shift(RESTING, CLASSES))
    np.testing.assert_allclose(moved.sum(axis=1), 1)
    assert np.isfinite(relative_to_neutral(np.eye(3), neutral_shift(np.eye(3), CLASSES))).all()


@pytest.mark.parametrize(
    ("classes", "proba", "says"),
    [
        (("angry", "happy", "sad"), RESTING, "Expected a model of the class neutral"),
        (CLASSES, np.empty((0, 3)), "Expected a neutral face"),
    ],
)
def test_what_can_not_be_is_one_sentence(classes, proba, says):
    with pytest.raises(ValueError, match=says):
        neutral_shift(proba, classes)
