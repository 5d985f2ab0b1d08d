"""Share what the training commands read from options, show and print."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from classifiers.bundle.bundle import BundleNotWritable
from classifiers.evaluation.intervals import MIN_ROWS, TOO_FEW, mean_of, share_of
from data.console import handle_errors
from data.errors import StorageError


@contextmanager
def training_errors(stopped: str) -> Iterator[None]:
    """End a training with one sentence and an exit code on an error; see `handle_errors`."""
    with handle_errors(ValueError, stopped=stopped):
        try:
            yield
        except BundleNotWritable as error:
            raise StorageError(str(error)) from error


def print_summary(manifest: dict[str, Any], out: Path) -> None:
    """Print a new bundle's figures on the validation rows.

    Parameters
    ----------
    manifest : dict
        What `classifiers.bundle.bundle` keeps.
    out : Path
        The bundle's folder.
    """
    data, metrics = manifest["data"], manifest["metrics"]
    table = Table("on validation rows", title=f"{manifest['model']}, seed {manifest['seed']}")
    table.add_column("", justify="right")
    n = data["n_validation"]
    shares = {"accuracy": n, "coverage": n, "selective_accuracy": n * metrics.get("coverage", 1)}
    for name, value in metrics.items():
        if name in shares:
            text = share_of(value, round(shares[name]))
        elif name == "ece":
            text = f"{value:.3f}" if n >= MIN_ROWS else TOO_FEW
        else:
            text = mean_of(value, n)
        table.add_row(name.replace("_", " "), text)
    Console().print(table)
    print(
        f"Trained on {data['n_train']:,} faces and checked on {data['n_validation']:,} in "
        f"{manifest['training_seconds']:.0f} s. The bundle is in {out}."
    )
