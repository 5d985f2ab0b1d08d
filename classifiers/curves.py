"""The course of a training: a line of numbers after each epoch, what they add up to, and a picture.

An epoch that was cut off before its checkpoint was written comes twice: the last counts.
"""

import json
from pathlib import Path

from matplotlib.figure import Figure

CURVES = "curves.jsonl"

SHOWN = ("loss", "validation_accuracy")

Line = dict[str, float]
"""``epoch``, ``loss``, ``validation_accuracy``, ``lr`` and the ``seconds`` that the epoch took."""


def append_line(curves: Path, line: Line) -> None:
    """Append an epoch's line."""
    with curves.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def read_curves(curves: Path) -> list[Line]:
    """Return the line of each epoch, in their order."""
    lines = [json.loads(line) for line in curves.read_text("utf-8").splitlines()]
    return list({line["epoch"]: line for line in lines}.values())


def training_seconds(curves: Path) -> float:
    """Return how long all epochs took, however often the training was stopped between them."""
    return round(sum(line["seconds"] for line in read_curves(curves)), 1)


def draw_curves(curves: Path) -> Figure:
    """Draw loss and validation accuracy over the epochs.

    Parameters
    ----------
    curves : Path
        The JSON lines that `classifiers.fused_training.train_network` wrote.

    Returns
    -------
    matplotlib.figure.Figure
    """
    lines = read_curves(curves)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), SHOWN, strict=True):
        axes.plot([line["epoch"] for line in lines], [line[name] for line in lines])
        axes.set(xlabel="epoch", title=name.replace("_", " "))
        axes.grid(alpha=0.3)
    return figure
