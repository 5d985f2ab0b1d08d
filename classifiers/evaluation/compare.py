"""Compare several models on the same labelled images.

The largest face of an image counts; an image without a prediction is an error.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from classifiers.evaluation.evaluate import describe, match_classes, predict_rows, read_split
from classifiers.evaluation.metrics import measure
from classifiers.inference.predictor import Predictor
from data.labels import canonical
from landmarks.images import Reason


def compare(
    predictors: Sequence[Predictor],
    folder: Path,
    split: str,
    images: Path,
    ignore_unknown: bool = False,
) -> dict[str, Any]:
    """Measure models on a feature folder.

    Parameters
    ----------
    predictors : sequence of Predictor
        Two or more.
    folder : Path
        A folder that ``make features`` wrote.
    split : str
        A split of its images, or `classifiers.evaluation.evaluate.ALL`.
    images : Path
        What the features were made of, for models that take pixels.
    ignore_unknown : bool
        Leave out images of classes that one of the models doesn't have, instead of refusing.

    Returns
    -------
    dict
        The counts ``n_images``, ``n_missed`` (no face found), ``n_unreadable`` and ``n_ignored``,
        and ``n_of_class``;
        ``models``, for each model `model_metrics`, ``ms_per_face`` and ``agreement``, a value for
        each model, see `agreement`; and ``mcnemar`` of the first two models.

    Raises
    ------
    DataError
        If the folder doesn't fit, or holds classes that a model doesn't have.
    """
    everything = read_split(predictors, folder, split)
    table = everything
    for predictor in predictors:
        names = match_classes(table["label"], predictor.classes, ignore_unknown)
        table = table[table["label"].isin(names)]
    labels = np.array([canonical(label) for label in table["label"]])
    models, predicted = [], []
    for predictor in predictors:
        proba, points, crops = predict_rows(predictor, table, images)
        classes = [canonical(name) for name in predictor.classes]
        predicted.append(predicted_classes(proba, classes))
        speed = describe(predictor, points, crops)["ms_per_face"]
        models.append(model_metrics(labels, proba, classes) | {"ms_per_face": speed})
    for model, own in zip(models, predicted, strict=True):
        model["agreement"] = [agreement(own, other) for other in predicted]
    n_missed = int((table["reason"] == Reason.NO_FACE).sum())
    return {
        "split": split,
        "n_images": len(table),
        "n_missed": n_missed,
        "n_unreadable": int((table["success"] != 1).sum()) - n_missed,
        "n_ignored": len(everything) - len(table),
        "n_of_class": Counter(sorted(labels.tolist())),
        "models": models,
        "mcnemar": mcnemar(predicted[0] == labels, predicted[1] == labels),
    }


def model_metrics(labels: np.ndarray, proba: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Return the metrics of one model.

    Parameters
    ----------
    labels : ndarray of str, shape (n,)
        Each one of `classes`.
    proba : ndarray of float, shape (n, k), range 0..1
        NaN in the rows of images without a prediction.
    classes : sequence of str, length k

    Returns
    -------
    dict
        ``accuracy`` of all images, ``accuracy_when_answered`` and ``macro_f1`` of the
        ``n_answered`` images with a prediction, and ``recall`` of each class that occurs, over
        all its images.
    """
    metrics = measure(labels, proba, classes)
    recalls = {
        name: row["recall_with_misses"] for name, row in metrics["per_class"].items() if row["n"]
    }
    return {
        "accuracy": metrics["accuracy_with_misses"],
        "accuracy_when_answered": metrics["accuracy"],
        "n_answered": metrics["n_found"],
        "macro_f1": metrics["macro_f1"],
        "recall": recalls,
    }


def predicted_classes(proba: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Return the class of the largest confidence in each row, ``""`` in rows of NaN."""
    finite = np.isfinite(proba).all(axis=1)
    best = np.where(finite[:, None], proba, 0).argmax(axis=1)
    return np.where(finite, np.array(classes)[best], "")


def agreement(one: np.ndarray, other: np.ndarray) -> float | None:
    """Return the share of equal predictions among the images that both models predict."""
    both = (one != "") & (other != "")
    return float((one == other)[both].mean()) if both.any() else None


def mcnemar(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """Test whether two models are right equally often on the same images.

    McNemar's test, Psychometrika 12 (1947), in its exact form: where only one of them is right,
    it would be either with a chance of one half.

    Parameters
    ----------
    first, second : ndarray of bool, shape (n,)
        Whether each model is right.

    Returns
    -------
    dict
        ``only_first`` and ``only_second``, the images that only one of them has right, and ``p``,
        the two-sided probability of so uneven a pair of counts if there were no difference.
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    n_uneven = only_first + only_second
    p = float(binomtest(only_first, n_uneven, 0.5).pvalue) if n_uneven else 1.0
    return {"only_first": only_first, "only_second": only_second, "p": p}
