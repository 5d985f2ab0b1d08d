import numpy as np
import pytest

from classifiers.inference.smoothing import Smoother


def test_smoothing_is_the_same_at_any_frame_rate():
    """A step from one class to the other has come to 1 - 1/e after tau seconds."""
    for rate in (5, 20, 100):
        smoother = Smoother(tau=0.4)
        smoother.smooth([7], np.array([[1.0, 0.0]]), 0.0)
        for k in range(1, round(0.4 * rate) + 1):
            proba = smoother.smooth([7], np.array([[0.0, 1.0]]), k / rate)
        assert proba == pytest.approx(np.array([[np.exp(-1), 1 - np.exp(-1)]]))


def test_smoothing_keeps_faces_apart_and_starts_with_the_first_answer():
    smoother = Smoother(tau=1.0)
    first = np.array([[0.8, 0.2], [0.1, 0.9]])
    assert smoother.smooth([1, 2], first, 0.0) == pytest.approx(first)
    swapped = smoother.smooth([2, 1], first[::-1], 0.5)
    assert swapped == pytest.approx(first[::-1])


def test_no_smoothing_leaves_answers_as_they_are():
    smoother = Smoother(tau=0)
    for seconds, proba in enumerate(([[1.0, 0.0]], [[0.0, 1.0]])):
        assert smoother.smooth([1], np.array(proba), seconds).tolist() == proba


def test_smoothing_forgets_faces_that_are_gone():
    smoother = Smoother(tau=0.1)
    for number in range(1000):
        smoother.smooth([number], np.array([[1.0]]), float(number))
    assert len(smoother._means) < 5
