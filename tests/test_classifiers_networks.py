import numpy as np
import pytest

from classifiers.models.base import balanced_shares, logits


def test_logits_of_a_network_worked_out_by_hand():
    layers = [
        (np.array([[1.0, -1.0]]), np.array([0.0, 0.5])),
        (np.array([[2.0], [3.0]]), np.array([1.0])),
    ]
    np.testing.assert_allclose(logits(layers, np.array([[2.0], [-1.0]])), [[5.0], [5.5]])


def test_balanced_shares_give_each_class_the_same_chance():
    shares = balanced_shares(np.array([0, 0, 0, 1]))
    assert shares[3] == pytest.approx(0.5)
    assert shares.sum() == pytest.approx(1)
