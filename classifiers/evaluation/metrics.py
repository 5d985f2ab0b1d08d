"""Numbers that say how good predictions are: one function of labels and confidences.

A row whose confidences are NaN is an image without an answer (no face, or unreadable). Such a
row is left out of every figure but those named ``..._with_misses``, where it is an error.
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
    y_true: Sequence[str],
    proba: np.ndarray,
    classes: Sequence[str],
    copies: np.ndarray | None = None,
    threshold: float | None = None,
) -> dict:
    """Return every figure of one evaluation, ready for JSON.

    Parameters
    ----------
    y_true : sequence of str, length n
        The label of each image, each one of `classes`.
    proba : ndarray of float, shape (n, k), range 0..1
        Confidences, one row per image and one column per class in the order of `classes`.
        Rows of NaN are misses: images in which no face was found.
    classes : sequence of str, length k
        The names of the columns.
    copies : ndarray of bool, shape (n,), optional
        True for images of which training saw an identical copy.
    threshold : float, optional
        The confidence below which an answer counts as unsure.

    Returns
    -------
    dict
        ``accuracy``, ``balanced_accuracy`` (mean recall), ``macro_f1``, ``weighted_f1``, ``ece``
        and the other averages over found faces; ``accuracy_with_misses`` over all images;
        ``per_class``, ``confusion`` (rows are labels, columns answers), ``reliability`` and
        the counts. Averages run over the classes that `y_true` holds. A figure with nothing
        to count is None.

    Raises
    ------
    ValueError
        If the shapes disagree, nothing is given, or a label is not among `classes`.
    """
    y, proba, classes = _validated(y_true, proba, classes)
    found = np.isfinite(proba).all(axis=1)
    answers = np.full(len(y), -1)
    answers[found] = proba[found].argmax(axis=1)
    right = answers == y
    figures = {
        "classes": list(classes),
        "n_images": len(y),
        "n_found": int(found.sum()),
        "accuracy": _mean(right[found]),
        "accuracy_with_misses": _mean(right),
        **_class_metrics(y, answers, found, classes),
        **_copy_metrics(right, found, copies),
    }
    confidence = proba[found].max(axis=1) if found.any() else np.empty(0)
    figures["reliability"] = reliability_curve(confidence, right[found])
    figures["ece"] = expected_calibration_error(confidence, right[found])
    if threshold is not None:
        figures.update(selective_metrics(confidence, right[found], threshold))
    return figures


def reliability_curve(
    confidence: np.ndarray, right: np.ndarray, bins: int = ECE_BINS
) -> list[dict]:
    """Count, mean confidence and accuracy of the answers in each confidence bin.

    Parameters
    ----------
    confidence : ndarray of float, shape (n,), range 0..1
        The confidence of the answer that was given: the largest of its row.
    right : ndarray of bool, shape (n,)
        Whether that answer is the label.
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
        0 (a confidence of .7 is right 7 times in 10) to 1; None without any answer.
    """
    if len(confidence) == 0:
        return None
    filled = [row for row in reliability_curve(confidence, right, bins) if row["n"]]
    gaps = sum(row["n"] * abs(row["accuracy"] - row["confidence"]) for row in filled)
    return float(gaps / len(confidence))


def selective_metrics(confidence: np.ndarray, right: np.ndarray, threshold: float) -> dict:
    """Say what is gained by calling every answer below `threshold` unsure.

    Parameters
    ----------
    confidence, right
        As in `reliability_curve`.
    threshold : float, range 0..1
        Answers with at least this confidence count as sure.

    Returns
    -------
    dict
        ``unsure_threshold``; ``coverage``, the share of found faces that get a sure answer; and
        ``selective_accuracy``, the accuracy of those.
    """
    sure = confidence >= threshold
    return {
        "unsure_threshold": float(threshold),
        "coverage": _mean(sure),
        "selective_accuracy": _mean(right[sure]),
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


def _class_metrics(y, answers, found, classes) -> dict:
    """Figures per class, their averages and the confusion matrix, by scikit-learn."""
    y_found, answers_found = y[found], answers[found]
    if not found.any():  # scikit-learn refuses to count nothing
        none = np.zeros(len(classes))
        scores, n_found = dict.fromkeys(("precision", "recall", "f1"), none), none.astype(int)
        confusion = np.zeros((len(classes), len(classes)), dtype=int)
    else:
        numbers = np.arange(len(classes))
        *columns, n_found = precision_recall_fscore_support(
            y_found, answers_found, labels=numbers, zero_division=0
        )
        scores = dict(zip(("precision", "recall", "f1"), columns, strict=True))
        confusion = confusion_matrix(y_found, answers_found, labels=numbers)
    per_class = {
        name: {
            **{key: float(v[k]) if n_found[k] else None for key, v in scores.items()},
            "recall_with_misses": _mean(answers[y == k] == k),
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
    """Plain and weighted means over the classes that have faces."""
    present = n_found > 0
    figures = {}
    for name, values in scores.items():
        figures[f"macro_{name}"] = _mean(values[present])
        figures[f"weighted_{name}"] = _mean(values[present], n_found[present])
    figures["balanced_accuracy"] = figures["macro_recall"]
    return figures


def _copy_metrics(right, found, copies) -> dict:
    """Accuracies over the images of which training saw no identical copy."""
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
