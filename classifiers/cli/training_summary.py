"""What the training commands share: what they are told, and what they show and print."""

import sys
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

BAD_INPUT, NO_STORAGE, STOPPED = 1, 3, 130


def names_of(classes: str) -> list[str]:
    """Return the classes that an option names, with commas between."""
    return [name.strip() for name in classes.split(",") if name.strip()]


def epochs_bar() -> Progress:
    """Return a progress bar on stderr that is gone when the training is done."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def end(sentence: str, code: int) -> NoReturn:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


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
    for name, value in metrics.items():
        table.add_row(name.replace("_", " "), f"{value:.3f}" if name == "ece" else f"{value:.1%}")
    Console().print(table)
    print(
        f"Trained on {data['n_train']:,} faces and checked on {data['n_validation']:,} in "
        f"{manifest['training_seconds']:.0f} s. The bundle is in {out}."
    )
