"""Write, read and plot the training curves: a JSON line of metrics after each epoch.

An epoch that was interrupted before its checkpoint was written has two lines: the last counts.
"""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from classifiers.models.base import Line

CURVES = "curves.jsonl"

NETWORK_FOLDER = "network-{}"
"""Name of the folder in a run's folder with the checkpoint and curves of one network."""

Curves = list[list[Line]]
"""The lines of each network."""


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


def read_run(run: Path) -> Curves:
    """Return the lines of each network of a run."""
    return [read_curves(curves) for curves in curves_of(run)]


def networks_of(lines: Iterable[Line]) -> Curves:
    """Return the lines of each network of a training, each of which begins with epoch 1."""
    networks: Curves = []
    for line in lines:
        if line["epoch"] == 1:
            networks.append([])
        networks[-1].append(line)
    return networks


def best_epoch(lines: Sequence[Line]) -> Line:
    """Return the line of the epoch that was kept: the best, or the last without validation."""
    if lines[-1]["validation_accuracy"] is None:
        return lines[-1]
    return max(lines, key=lambda line: line["validation_accuracy"])


def to_csv(networks: Curves) -> bytes:
    """Return the lines of all networks as CSV."""
    rows = [
        {"network": number, **line} for number, lines in enumerate(networks, 1) for line in lines
    ]
    return pd.DataFrame(rows).to_csv(index=False).encode()


def training_seconds(run: Path) -> float:
    """Return how long all epochs took, without pauses of a stopped training."""
    return round(sum(line["seconds"] for lines in read_run(run) for line in lines), 1)


def plot_curves(networks: Curves) -> Figure:
    """Plot loss and accuracy over the epochs, a colour for each network.

    Parameters
    ----------
    networks : list of list of Line

    Returns
    -------
    matplotlib.figure.Figure
        Training is dashed, validation solid; a dot marks the epoch that was kept.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for number, lines in enumerate(networks):
            epochs, kept = [line["epoch"] for line in lines], best_epoch(lines)
            for key, style in ((name, "--"), (f"validation_{name}", "-")):
                values = [math.nan if line[key] is None else line[key] for line in lines]
                label = None if number else key.removesuffix(name).strip("_") or "training"
                axes.plot(epochs, values, style, color=f"C{number}", label=label)
            if kept[f"validation_{name}"] is not None:
                axes.plot(kept["epoch"], kept[f"validation_{name}"], "o", color=f"C{number}")
        axes.set(xlabel="epoch", title=name)
        axes.grid(alpha=0.3)
        axes.legend()
    return figure
