"""Write, read and plot the training curves: a JSON line of metrics after each epoch.

An epoch that was interrupted before its checkpoint was written has two lines: the last counts.
"""

import json
import math
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

CURVES = "curves.jsonl"

PLOTTED = ("loss", "validation_accuracy")

NETWORK_FOLDER = "network-{}"
"""Name of the folder in a run's folder with the checkpoint and curves of one network."""

Line = dict[str, Any]
"""``epoch``, ``loss``, ``validation_accuracy``, ``lr`` and the ``seconds`` that the epoch took.

The accuracy is None where no rows validate.
"""


def folder_of(run: Path, number: int) -> Path:
    """Return the folder of a run's network, counted from 0."""
    return run / NETWORK_FOLDER.format(number + 1)


def curves_of(run: Path) -> list[Path]:
    """Return the curves of a run's networks, in their order."""
    numbers = range(sum(1 for _ in run.glob(NETWORK_FOLDER.format("*"))))
    return [folder_of(run, number) / CURVES for number in numbers]


def append_line(curves: Path, line: Line) -> None:
    """Append an epoch's line."""
    with curves.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def read_curves(curves: Path) -> list[Line]:
    """Return the line of each epoch, in their order."""
    lines = [json.loads(line) for line in curves.read_text("utf-8").splitlines()]
    return list({line["epoch"]: line for line in lines}.values())


def training_seconds(run: Path) -> float:
    """Return how long all epochs took, without pauses of a stopped training."""
    lines = [line for curves in curves_of(run) for line in read_curves(curves)]
    return round(sum(line["seconds"] for line in lines), 1)


def plot_curves(run: Path) -> Figure:
    """Plot loss and validation accuracy over the epochs, a line for each network.

    Parameters
    ----------
    run : Path
        Folder of a run, with the JSON lines that `classifiers.training.loop.train_network` wrote.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), PLOTTED, strict=True):
        for curves in curves_of(run):
            lines = read_curves(curves)
            values = [math.nan if line[name] is None else line[name] for line in lines]
            axes.plot([line["epoch"] for line in lines], values)
        axes.set(xlabel="epoch", title=name.replace("_", " "))
        axes.grid(alpha=0.3)
    return figure
