"""Compute the metrics of predictions from labels and confidences.

A row of NaN is an image without a prediction (no face, or unreadable). It is left out of every
metric but those named ``..._with_misses``, where it is an error.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import (
    confusion_matrix,
    precision_recall_fscore_support,
)

ECE_BINS = 15
"""Bins of equal width, as in Guo et al. 2017."""


def measure(
    y_true: Sequence[str] | np.ndarray,
    proba: np.ndarray,
    classes: Sequence[str],
    copies: np.ndarray | None = None,
    threshold: float | None = None,
) -> dict:
    """Return all metrics of one evaluation, ready for JSON.

    Parameters
    ----------
    y_true : sequence of str, length n
        The label of each image, each one of `classes`.
    proba : ndarray of float, shape (n, k), range 0..1
        Confidences, one row per image and one column per class in the order of `classes`.
        Rows of NaN are misses: images without a found face.
    classes : sequence of str, length k
        The names of the columns.
    copies : ndarray of bool, shape (n,), optional
        True for images of which the training rows hold an identical copy.
    threshold : float, optional
        The confidence below which a prediction counts as uncertain.

    Returns
    -------
    dict
        ``accuracy``, ``balanced_accuracy`` (mean recall), ``macro_f1``, ``weighted_f1``, ``ece``
        and the other averages over found faces; ``accuracy_with_misses`` over all images;
        ``per_class``, ``confusion`` (rows are labels, columns predictions), ``reliability`` and
        the counts. Averages run over the classes that `y_true` holds. A metric with nothing
        to count is None.

    Raises
    ------
    ValueError
        If the shapes disagree, nothing is given, or a label is not among `classes`.
    """
    y, proba, classes = _validated(y_true, proba, classes)
    found = np.isfinite(proba).all(axis=1)
    predicted = np.full(len(y), -1)
    predicted[found] = proba[found].argmax(axis=1)
    right = predicted == y
    metrics = {
        "classes": list(classes),
        "n_images": len(y),
        "n_found": int(found.sum()),
        "accuracy": _mean(right[found]),
        "accuracy_with_misses": _mean(right),
        **_class_metrics(y, predicted, found, classes),
        **_copy_metrics(right, found, copies),
    }
    confidence = proba[found].max(axis=1) if found.any() else np.empty(0)
    metrics["reliability"] = reliability_curve(confidence, right[found])
    metrics["ece"] = expected_calibration_error(confidence, right[found])
    if threshold is not None:
        metrics.update(selective_metrics(confidence, right[found], threshold))
    return metrics


def reliability_curve(
    confidence: np.ndarray, right: np.ndarray, bins: int = ECE_BINS
) -> list[dict]:
    """Return count, mean confidence and accuracy of the predictions in each confidence bin.

    Parameters
    ----------
    confidence : ndarray of float, shape (n,), range 0..1
        The confidence of the predicted class: the largest of its row.
    right : ndarray of bool, shape (n,)
        Whether the predicted class is the label.
    bins : int
        Bins of equal width over 0..1; bin m holds confidences in (m / bins, (m + 1) / bins].

    Returns
    -------
    list of dict
        ``lower``, ``upper``, ``n``, ``confidence``, ``accuracy`` of each bin; the means of an
        empty bin are None.
    """
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = []
    for m in range(bins):
        inside = index == m
        rows.append(
            {
                "lower": m / bins,
                "upper": (m + 1) / bins,
                "n": int(inside.sum()),
                "confidence": _mean(confidence[inside]),
                "accuracy": _mean(right[inside]),
            }
        )
    return rows


def expected_calibration_error(
    confidence: np.ndarray, right: np.ndarray, bins: int = ECE_BINS
) -> float | None:
    """Return the expected calibration error: the mean gap between confidence and accuracy.

    Formula: sum over bins of n_bin / n * abs(accuracy_bin - confidence_bin), equation 3 of Guo,
    Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Parameters
    ----------
    confidence, right, bins
        As in `reliability_curve`.

    Returns
    -------
    float or None
        0 (a confidence of .7 is right 7 times in 10) to 1; None without any prediction.
    """
    if len(confidence) == 0:
        return None
    filled = [row for row in reliability_curve(confidence, right, bins) if row["n"]]
    gaps = sum(row["n"] * abs(row["accuracy"] - row["confidence"]) for row in filled)
    return float(gaps / len(confidence))


def selective_metrics(confidence: np.ndarray, right: np.ndarray, threshold: float) -> dict:
    """Return the metrics of selective prediction: below `threshold` a prediction is uncertain.

    Parameters
    ----------
    confidence, right
        As in `reliability_curve`.
    threshold : float, range 0..1
        Predictions with at least this confidence are not uncertain.

    Returns
    -------
    dict
        ``uncertain_threshold``; ``coverage``, the share of found faces whose prediction is not
        uncertain; and ``selective_accuracy``, the accuracy on these.
    """
    certain = confidence >= threshold
    return {
        "uncertain_threshold": float(threshold),
        "coverage": _mean(certain),
        "selective_accuracy": _mean(right[certain]),
    }


def _validated(y_true, proba, classes) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return labels as column numbers, and confidences and classes in their final types."""
    classes = tuple(classes)
    proba = np.asarray(proba, dtype=float)
    if len(y_true) == 0:
        raise ValueError("expected at least one image to measure, got none")
    if proba.shape != (len(y_true), len(classes)):
        raise ValueError(
            f"expected confidences of shape {(len(y_true), len(classes))} "
            f"(images, classes), got {proba.shape}"
        )
    unknown = sorted(set(y_true) - set(classes))
    if unknown:
        raise ValueError(f"expected labels among {', '.join(classes)}, got {', '.join(unknown)}")
    column = {name: number for number, name in enumerate(classes)}
    return np.array([column[name] for name in y_true]), proba, classes


def _class_metrics(y, predicted, found, classes) -> dict:
    """Return the metrics of each class, their averages and the confusion matrix."""
    y_found, predicted_found = y[found], predicted[found]
    if not found.any():  # scikit-learn refuses to count nothing
        none = np.zeros(len(classes))
        scores, n_found = dict.fromkeys(("precision", "recall", "f1"), none), none.astype(int)
        confusion = np.zeros((len(classes), len(classes)), dtype=int)
    else:
        numbers = np.arange(len(classes))
        *columns, n_found = precision_recall_fscore_support(
            y_found, predicted_found, labels=numbers, zero_division=0
        )
        scores = dict(zip(("precision", "recall", "f1"), columns, strict=True))
        confusion = confusion_matrix(y_found, predicted_found, labels=numbers)
    per_class = {
        name: {
            **{key: float(v[k]) if n_found[k] else None for key, v in scores.items()},
            "recall_with_misses": _mean(predicted[y == k] == k),
            "n": int((y == k).sum()),
            "n_found": int(n_found[k]),
        }
        for k, name in enumerate(classes)
    }
    return {
        **_averages(scores, n_found),
        "per_class": per_class,
        "confusion": confusion.tolist(),
    }


def _averages(scores: dict[str, np.ndarray], n_found: np.ndarray) -> dict:
    """Return plain and weighted means over the classes that have faces."""
    present = n_found > 0
    averages = {}
    for name, values in scores.items():
        averages[f"macro_{name}"] = _mean(values[present])
        averages[f"weighted_{name}"] = _mean(values[present], n_found[present])
    averages["balanced_accuracy"] = averages["macro_recall"]
    return averages


def _copy_metrics(right, found, copies) -> dict:
    """Return accuracies on the images of which the training rows hold no identical copy."""
    if copies is None:
        return {
            "n_copies": None,
            "accuracy_without_copies": None,
            "accuracy_with_misses_without_copies": None,
        }
    fresh = ~np.asarray(copies, dtype=bool)
    return {
        "n_copies": int((~fresh).sum()),
        "accuracy_without_copies": _mean(right[found & fresh]),
        "accuracy_with_misses_without_copies": _mean(right[fresh]),
    }


def _mean(values, weights=None) -> float | None:
    """Return the mean as a plain float, None of nothing."""
    return float(np.average(values, weights=weights)) if len(values) else None
