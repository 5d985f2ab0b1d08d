"""Trials of a recipe, a JSON line each: what one change of it does to the validation rows."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.metrics import measure

RARE = "disgust"
"""The class that FER2013 has fewest faces of, whose recall stands in each line."""

Line = dict[str, Any]


def line_of(
    table: str, change: str, y: np.ndarray, proba: np.ndarray, classes: list[str], seconds: float
) -> Line:
    """Measure a trial's answers.

    Parameters
    ----------
    table, change : str
        Table that shows the line, and what differs from the table's first one.
    y : ndarray of str, shape (n,)
        Classes of the validation rows.
    proba : ndarray of float, shape (n, k)
    classes : list of str
        Of the k columns.
    seconds : float
        How long the training took.

    Returns
    -------
    dict
        Shares of 0 to 1, rounded to four decimals.
    """
    figures = measure(y, proba, classes)
    rare = figures["per_class"].get(RARE, {}).get("recall")
    return {
        "table": table,
        "change": change,
        "validation_accuracy": round(figures["accuracy"], 4),
        "macro_f1": round(figures["macro_f1"], 4),
        "training_seconds": round(seconds),
        **({} if rare is None else {f"recall_of_{RARE}": round(rare, 4)}),
    }


def read_trials(path: Path) -> list[Line]:
    """Read the trials, one JSON object a line; no file means no trials.

    Raises
    ------
    ValueError
        If a line is not a JSON object.
    """
    if not path.exists():
        return []
    trials = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            trial = json.loads(line)
        except ValueError:
            trial = None
        if not isinstance(trial, dict):
            raise ValueError(f"expected a JSON object in line {number} of {path}; mend that line")
        trials.append(trial)
    return trials


def append_line(out: Path, line: Line) -> None:
    """Add a line, whole or not at all, and print it."""
    partial = out.with_name(out.name + ".part")
    lines = [*read_trials(out), line]
    partial.write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    os.replace(partial, out)
    print(json.dumps(line), flush=True)
