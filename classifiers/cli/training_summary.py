"""Share what the training commands read from options, show and print."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from classifiers.bundle.bundle import TRAIN_METRICS, VALIDATION_METRICS, BundleNotWritable
from classifiers.evaluation.intervals import MIN_ROWS, TOO_FEW, mean_of, share_of
from data.console import handle_errors, per_cent
from data.errors import StorageError


@contextmanager
def training_errors(stopped: str) -> Iterator[None]:
    """End a training with one sentence and an exit code on an error; see `handle_errors`."""
    with handle_errors(ValueError, stopped=stopped):
        try:
            yield
        except BundleNotWritable as error:
            raise StorageError(str(error)) from error


def print_summary(
    manifest: dict[str, Any],
    files: dict[str, bytes],
    out: Path,
    networks: Sequence[Sequence[dict[str, Any]]],
) -> None:
    """Print a new bundle's figures on training and on validation rows, and what was kept.

    Parameters
    ----------
    manifest : dict
        What `classifiers.bundle.bundle` keeps.
    files : dict of str to bytes
        The bundle's, with its metrics.
    out : Path
        The bundle's folder.
    networks : list of list of Line
        The curves.
    """
    training, validation = (json.loads(files[name]) for name in (TRAIN_METRICS, VALIDATION_METRICS))
    table = Table("", title=f"{manifest['model']}, seed {manifest['seed']}")
    for name in ("training rows", "validation rows"):
        table.add_column(name, justify="right")
    for name in manifest["metrics"]:
        cells = (_cell(name, metrics) for metrics in (training, validation))
        table.add_row(name.replace("_", " "), *cells)
    Console().print(table)
    if validation["n_images"] >= MIN_ROWS:
        print(_report_of(validation))
    for number, lines in enumerate(networks, 1):
        print(_kept(f"Network {number}" if len(networks) > 1 else "The network", lines))
    data = manifest["data"]
    print(
        f"Trained on {data['n_train']:,} faces and checked on {data['n_validation']:,} in "
        f"{manifest['training_seconds']:.0f} s. The bundle is in {out}, with its settings, curves "
        "and metrics."
    )


def _cell(name: str, metrics: dict[str, Any]) -> str:
    """Return a metric as text, as sure as its rows are many."""
    n, value = metrics["n_images"], metrics[name]
    shares = {"accuracy": n, "coverage": n, "selective_accuracy": n * (metrics["coverage"] or 0)}
    if name in shares:
        return share_of(value, round(shares[name]))
    if name == "ece":
        return f"{value:.3f}" if n >= MIN_ROWS else TOO_FEW
    return mean_of(value, n)


def _report_of(metrics: dict[str, Any]) -> str:
    """Return scikit-learn's report of each class and of the averages."""
    from sklearn.metrics import classification_report

    confusion = np.array(metrics["confusion"])
    label, predicted = np.indices(confusion.shape).reshape(2, -1).repeat(confusion.ravel(), axis=1)
    numbers = range(len(confusion))
    return classification_report(
        label, predicted, labels=numbers, target_names=metrics["classes"], digits=3, zero_division=0
    )


def _kept(name: str, lines: Sequence[dict[str, Any]]) -> str:
    """Return which epoch of a network was kept."""
    from classifiers.training.curves import best_epoch

    kept = best_epoch(lines)
    accuracy = kept["validation_accuracy"]
    of = "the last" if accuracy is None else f"the best on validation rows, {per_cent(accuracy)}"
    return f"{name} was trained for {len(lines)} epochs; epoch {kept['epoch']} was kept, {of}."
