import numpy as np
import pytest
import torch

from classifiers.training import fused, tensors
from classifiers.training.fused import train_fused
from tests.helpers.small_fused import CLASSES, rows, small_network, small_training


@pytest.mark.slow
def test_from_rows_to_a_model_that_answers(tmp_path):
    made = rows(60, votes=4)
    held_out = np.arange(50) >= 38
    stops = np.flatnonzero(held_out)[::2]
    network, training = small_network(1), small_training(epochs=25)
    lines = []
    data = made, held_out, stops, tmp_path, network, training, 2, "cpu"
    model = train_fused(*data, lines.append)
    assert model.classes == CLASSES
    assert [member.network.config.n_votes for member in model.models] == [4, 4]
    assert [line["epoch"] for line in lines] == 2 * list(range(1, 26))
    one, other = (member.network.head.weight for member in model.models)
    assert not torch.equal(one, other)
    proba = model.predict_proba(made.points, made.crops, made.has_points)
    answers = np.array(CLASSES)[proba.argmax(axis=1)]
    assert (answers == made.y)[:50][held_out].mean() > 0.8
    again = train_fused(*data)
    np.testing.assert_array_equal(
        again.predict_proba(made.points, made.crops, made.has_points), proba
    )


def test_validation_rows_neither_train_nor_shape_the_preparation(tmp_path, monkeypatch):
    made = rows(24)
    held_out = np.arange(20) % 3 == 0
    seen = {}

    def train_network(train, stops, *others):
        seen.update(train=train.crops.numpy(), stops=stops.crops.numpy())
        raise KeyboardInterrupt

    def arrays_of(rows, classes, fitted_on, *size):
        seen["fitted_on"] = fitted_on
        return tensors.arrays_of(rows, classes, fitted_on, *size)

    monkeypatch.setattr(fused, "train_network", train_network)
    monkeypatch.setattr(fused, "arrays_of", arrays_of)
    with pytest.raises(KeyboardInterrupt):
        train_fused(made, held_out, np.array([3, 9]), tmp_path, small_network(1))
    trains = np.append(~held_out, [True] * 4)
    np.testing.assert_array_equal(seen["fitted_on"], trains)
    np.testing.assert_array_equal(seen["train"], made.crops[trains])
    np.testing.assert_array_equal(seen["stops"], made.crops[[3, 9]])


def test_rows_of_no_landmarks_are_refused(tmp_path):
    made = rows(12, missed=12)
    with pytest.raises(ValueError, match="Expected training rows with landmarks"):
        train_fused(made, np.zeros(0, bool), np.arange(3), tmp_path, small_network(1))
