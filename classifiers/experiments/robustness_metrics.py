"""Summarize what models predict for corrupted images and for images without a face."""

import statistics
from collections.abc import Sequence
from typing import Any

from classifiers.experiments.corruptions import CORRUPTIONS, SEVERITIES
from classifiers.experiments.non_faces import PHOTO, TIGHT_CROP
from classifiers.experiments.robustness_runs import CLEAN, LABELLED
from data.errors import DataError
from data.labels import canonical


def summarize(
    results: Sequence[dict[str, Any]], labels: Sequence[str], models: Sequence[str]
) -> dict[str, Any]:
    """Count found faces, right predictions, and expressions given where there is no face.

    Parameters
    ----------
    results : sequence of dict
        What `classifiers.experiments.robustness_runs.run_jobs` returns, the labelled images first.
    labels : sequence of str
        Class of each labelled image.
    models : sequence of str
        Names of the models, in the order of the predictions.

    Returns
    -------
    dict
        ``models``; ``images`` and ``unreadable``, counts; ``clean``: ``found``, the share of
        images in which a face is found, and ``accuracy`` of each model, where an image without
        a found face is an error; ``corruptions``: name, unit, amounts and the same metrics, a list
        over the severities; ``non_faces``: kind, number of ``images``, to how many an expression
        was given ``as_photo`` and ``as_tight_crop``, and on how many photos each model was
        ``certain``.

    Raises
    ------
    DataError
        If none of the labelled images can be read.
    """
    labelled = [result for result in results if result["kind"] == LABELLED]
    pairs = [
        (result["predictions"], canonical(label))
        for result, label in zip(labelled, labels, strict=True)
        if not result["reason"]
    ]
    if not pairs:
        raise DataError(f"None of the {len(labelled)} images can be read; name others.")
    corruptions = []
    for kind in CORRUPTIONS:
        rows = [
            _row([(given[kind.name][severity], label) for given, label in pairs], models)
            for severity in range(SEVERITIES)
        ]
        row = {"name": kind.name, "unit": kind.unit, "amounts": list(kind.amounts)}
        row["found"] = [row["found"] for row in rows]
        row["accuracy"] = {model: [row["accuracy"][model] for row in rows] for model in models}
        corruptions.append(row)
    return {
        "models": list(models),
        "images": len(pairs),
        "unreadable": len(labelled) - len(pairs),
        "clean": _row([(given[CLEAN], label) for given, label in pairs], models),
        "corruptions": corruptions,
        "non_faces": _non_faces(results, models),
    }


def _row(predictions: Sequence[tuple[list, str]], models: Sequence[str]) -> dict[str, Any]:
    """Return the share of found faces and each model's accuracy."""
    accuracy = {
        model: _share(
            [bool(given[n]) and canonical(given[n][0]) == label for given, label in predictions]
        )
        for n, model in enumerate(models)
    }
    return {"found": _share([any(given) for given, _ in predictions]), "accuracy": accuracy}


def _share(flags: Sequence[bool]) -> float:
    return round(statistics.mean(flags), 5)


def _non_faces(results: Sequence[dict[str, Any]], models: Sequence[str]) -> list[dict[str, Any]]:
    """Count the expressions given to images without a face, kind by kind."""
    others = [result for result in results if result["kind"] != LABELLED and not result["reason"]]
    rows = []
    for kind in dict.fromkeys(result["kind"] for result in others):
        given = [result["predictions"] for result in others if result["kind"] == kind]
        photos = [predictions[PHOTO] for predictions in given if any(predictions[PHOTO])]
        rows.append(
            {
                "kind": kind,
                "images": len(given),
                "as_photo": len(photos),
                "as_tight_crop": sum(any(predictions[TIGHT_CROP]) for predictions in given),
                "certain": {
                    model: sum(bool(photo[n] and photo[n][1]) for photo in photos)
                    for n, model in enumerate(models)
                },
            }
        )
    return rows
