"""The course of a training: a line of numbers after each epoch, what they add up to, and a picture.

An epoch that was cut off before its checkpoint was written comes twice: the last counts.
"""

import json
from pathlib import Path

from matplotlib.figure import Figure

CURVES = "curves.jsonl"

SHOWN = ("loss", "validation_accuracy")

COUNTED = "network-{}"
"""Name of the folder, in that of a run, which holds the checkpoint and curves of one network."""

Line = dict[str, float]
"""``epoch``, ``loss``, ``validation_accuracy``, ``lr`` and the ``seconds`` that the epoch took."""


def folder_of(run: Path, number: int) -> Path:
    """Return the folder of a run's network, counted from 0."""
    return run / COUNTED.format(number + 1)


def curves_of(run: Path) -> list[Path]:
    """Return the curves of a run's networks, in their order."""
    numbers = range(sum(1 for _ in run.glob(COUNTED.format("*"))))
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
    """Return how long all epochs took, however often the training was stopped between them."""
    lines = [line for curves in curves_of(run) for line in read_curves(curves)]
    return round(sum(line["seconds"] for line in lines), 1)


def draw_curves(run: Path) -> Figure:
    """Draw loss and validation accuracy over the epochs, a line a network.

    Parameters
    ----------
    run : Path
        Folder of a run, with the JSON lines that `classifiers.training.loop.train_network` wrote.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), SHOWN, strict=True):
        for curves in curves_of(run):
            lines = read_curves(curves)
            axes.plot([line["epoch"] for line in lines], [line[name] for line in lines])
        axes.set(xlabel="epoch", title=name.replace("_", " "))
        axes.grid(alpha=0.3)
    return figure
