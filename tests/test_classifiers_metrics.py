import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluation.metrics import (
    ECE_BINS,
    expected_calibration_error,
    measure,
    reliability_curve,
)

CLASSES = ("angry", "happy", "sad")
MISS = [np.nan] * 3


@pytest.fixture
def figures():
    """Six images: three right, one wrong, one right copy, one missed."""
    y_true = ["happy", "happy", "sad", "angry", "angry", "sad"]
    proba = np.array(
        [
            [0.1, 0.8, 0.1],
            [0.6, 0.3, 0.1],  # wrong
            [0.1, 0.1, 0.8],
            [0.9, 0.1, 0.0],
            [0.5, 0.3, 0.2],  # the copy
            MISS,
        ]
    )
    copies = np.array([0, 0, 0, 0, 1, 0], dtype=bool)
    return measure(y_true, proba, CLASSES, copies, threshold=0.7)


def test_averages(figures):
    assert figures["n_images"] == 6
    assert figures["n_found"] == 5
    assert figures["accuracy"] == pytest.approx(4 / 5)
    assert figures["accuracy_with_misses"] == pytest.approx(4 / 6)
    assert figures["balanced_accuracy"] == pytest.approx((1 + 0.5 + 1) / 3)
    f1 = {"angry": 2 * (2 / 3) / (2 / 3 + 1), "happy": 2 / 3, "sad": 1.0}
    assert figures["macro_f1"] == pytest.approx(sum(f1.values()) / 3)
    assert figures["weighted_f1"] == pytest.approx((2 * f1["angry"] + 2 * f1["happy"] + 1) / 5)


def test_per_class_recall_counts_found_faces_and_its_twin_counts_all(figures):
    sad = figures["per_class"]["sad"]
    assert sad == {
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "recall_with_misses": 0.5,
        "n": 2,
        "n_found": 1,
    }


def test_confusion_has_labels_down_and_answers_across(figures):
    assert figures["confusion"] == [[2, 0, 0], [1, 1, 0], [0, 0, 1]]


def test_without_copies(figures):
    assert figures["n_copies"] == 1
    assert figures["accuracy_without_copies"] == pytest.approx(3 / 4)
    assert figures["accuracy_with_misses_without_copies"] == pytest.approx(3 / 5)


def test_uncertain_answers_are_left_out_of_the_sure_ones(figures):
    assert figures["coverage"] == pytest.approx(3 / 5)
    assert figures["selective_accuracy"] == 1.0


def test_figures_are_json(figures):
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.97, 0.55, 0.55])
    right = np.array([True, True, True, False])
    # bin 15: |1 - .96| of two answers; bin 9: |.5 - .55| of two answers
    assert expected_calibration_error(confidence, right) == pytest.approx(0.5 * 0.04 + 0.5 * 0.05)


def test_bins_are_closed_above_as_in_the_paper():
    curve = reliability_curve(np.array([0.2, 0.2001, 1.0, 0.0]), np.ones(4, dtype=bool), bins=5)
    assert [row["n"] for row in curve] == [2, 1, 0, 0, 1]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_error_is_a_share_and_bins_lose_nobody(answers):
    confidence = np.array([c for c, _ in answers])
    right = np.array([r for _, r in answers])
    assert 0 <= expected_calibration_error(confidence, right) <= 1
    curve = reliability_curve(confidence, right)
    assert len(curve) == ECE_BINS
    assert sum(row["n"] for row in curve) == len(answers)


def test_a_class_without_images_has_no_recall_and_is_in_no_average():
    figures = measure(["happy", "sad"], np.array([[0, 1, 0], [0, 0, 1.0]]), CLASSES)
    assert figures["per_class"]["angry"]["recall"] is None
    assert figures["balanced_accuracy"] == 1.0
    assert figures["macro_f1"] == 1.0
    assert figures["accuracy_without_copies"] is None


def test_nothing_found_is_no_crash():
    figures = measure(["happy", "sad"], np.array([MISS, MISS]), CLASSES, threshold=0.5)
    assert figures["accuracy"] is None
    assert figures["ece"] is None
    assert figures["coverage"] is None
    assert figures["accuracy_with_misses"] == 0.0
    json.dumps(figures, allow_nan=False)


@pytest.mark.parametrize(
    ("y_true", "proba", "sentence"),
    [
        ([], np.empty((0, 3)), "at least one image"),
        (["happy"], np.ones((1, 2)), r"expected confidences of shape \(1, 3\)"),
        (["joy"], np.ones((1, 3)), "expected labels among angry, happy, sad, got joy"),
    ],
)
def test_refuses_what_does_not_fit(y_true, proba, sentence):
    with pytest.raises(ValueError, match=sentence):
        measure(y_true, proba, CLASSES)
