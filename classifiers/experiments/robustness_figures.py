"""What the lines of a robustness measurement add up to."""

import statistics
from collections.abc import Sequence
from typing import Any

from classifiers.experiments.corruptions import CORRUPTIONS, SEVERITIES
from classifiers.experiments.robustness_runs import CLEAN, LABELLED
from data.errors import DataError
from data.labels import canonical


def figures(
    lines: Sequence[dict[str, Any]], labels: Sequence[str], models: Sequence[str]
) -> dict[str, Any]:
    """Count found faces, right answers, and answers where there is no face.

    Parameters
    ----------
    lines : sequence of dict
        What `classifiers.experiments.robustness_runs.run_jobs` returns, the labelled pictures
        first.
    labels : sequence of str
        Class of each labelled picture.
    models : sequence of str
        Names of the models, in the order of the answers.

    Returns
    -------
    dict
        ``models``; ``images`` and ``unreadable``, counts; ``clean``: ``found``, the share of
        images in which a face is found, and ``accuracy``, of each model, where an image without
        is an error; ``corruptions``: name, unit, amounts and the same figures, a list over the
        strengths; ``non_faces``: kind, ``pictures``, to how many an expression was given
        ``as_photo`` and ``as_close_up``, and of how many photos each model was ``sure``.

    Raises
    ------
    DataError
        If none of the labelled pictures can be read.
    """
    labelled = [line for line in lines if line["kind"] == LABELLED]
    pairs = [
        (line["answers"], canonical(label))
        for line, label in zip(labelled, labels, strict=True)
        if not line["reason"]
    ]
    if not pairs:
        raise DataError(f"None of the {len(labelled)} images can be read; name others.")
    corruptions = []
    for corruption in CORRUPTIONS:
        rows = [
            _row([(answers[corruption.name][strength], label) for answers, label in pairs], models)
            for strength in range(SEVERITIES)
        ]
        corruptions.append(
            {
                "name": corruption.name,
                "unit": corruption.unit,
                "amounts": list(corruption.amounts),
                "found": [row["found"] for row in rows],
                "accuracy": {model: [row["accuracy"][model] for row in rows] for model in models},
            }
        )
    return {
        "models": list(models),
        "images": len(pairs),
        "unreadable": len(labelled) - len(pairs),
        "clean": _row([(answers[CLEAN], label) for answers, label in pairs], models),
        "corruptions": corruptions,
        "non_faces": _non_faces(lines, models),
    }


def _row(answers: Sequence[tuple[list, str]], models: Sequence[str]) -> dict[str, Any]:
    """Return the share of found faces and each model's of right answers."""
    accuracy = {
        model: _share([bool(given) and canonical(given[n][0]) == label for given, label in answers])
        for n, model in enumerate(models)
    }
    return {"found": _share([bool(given) for given, _ in answers]), "accuracy": accuracy}


def _share(flags: Sequence[bool]) -> float:
    return round(statistics.mean(flags), 5)


def _non_faces(lines: Sequence[dict[str, Any]], models: Sequence[str]) -> list[dict[str, Any]]:
    """Count the answers to pictures without a face, kind by kind."""
    others = [line for line in lines if line["kind"] != LABELLED and not line["reason"]]
    rows = []
    for kind in dict.fromkeys(line["kind"] for line in others):
        given = [line["answers"] for line in others if line["kind"] == kind]
        photos = [answers["photo"] for answers in given if answers["photo"]]
        rows.append(
            {
                "kind": kind,
                "pictures": len(given),
                "as_photo": len(photos),
                "as_close_up": sum(bool(answers["close-up"]) for answers in given),
                "sure": {model: sum(a[n][1] for a in photos) for n, model in enumerate(models)},
            }
        )
    return rows
