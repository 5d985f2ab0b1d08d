"""Train a model that looks at pixels: ``python -m classifiers.train_fused TABLE IMAGES --out OUT``.

After each epoch the run can be stopped, and the same command goes on with it.
"""

import os
import sys
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from classifiers.bundle import BundleError, BundleNotWritable, check_place, save_bundle
from classifiers.fused_bundle import NETWORKS, FusedChoices, train_fused
from classifiers.fused_fit import draw_curves
from classifiers.fused_recipe import BALANCES, TrainingConfig
from classifiers.fused_rows import read_fused_rows
from classifiers.fused_training import CURVES, DEVICES
from classifiers.rows import hold_out
from classifiers.summary import print_summary
from data import __version__
from data.errors import DataError

BAD_INPUT, NO_STORAGE, STOPPED = 1, 3, 130

Model = Enum("Model", {name: name for name in NETWORKS})
Balance = Enum("Balance", {name: name for name in BALANCES})
Device = Enum("Device", {name: name for name in DEVICES})
DEFAULTS = TrainingConfig()


def main(
    table: Annotated[list[Path], typer.Argument(help="Folder of make features.")],
    images: Annotated[Path, typer.Argument(help="The images that the features were made of.")],
    out: Annotated[Path, typer.Option(help="Folder for the bundle.")],
    model: Annotated[
        Model, typer.Option(help="Pixels and landmarks together, or pixels alone.")
    ] = Model.fused,
    classes: Annotated[
        str, typer.Option(help="Classes to train, with commas between; all if left out.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")] = 0,
    balance: Annotated[Balance, typer.Option(help="What is done about rare classes.")] = (
        Balance.none
    ),
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the faces.")] = DEFAULTS.epochs,
    votes: Annotated[
        Path | None, typer.Option(help="CSV of a crowd's votes, such as FER+'s, to learn as well.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Auto: the GPU where there is one.")] = Device.auto,
    data_name: Annotated[
        str, typer.Option(help="The data set's name, for the model card.")
    ] = "not named",
) -> None:
    """Train on the split train (or on all rows, if there are no splits) and write a bundle.

    Checkpoint, curves and their picture are kept beside it, in OUT-run.
    """
    training = replace(DEFAULTS, epochs=epochs, seed=seed, balance=balance.value)
    name = out.absolute().name
    choices = FusedChoices(name, __version__, model.value, training, device.value, data_name)
    run = out.with_name(f"{name}-run")
    wanted = [part.strip() for part in classes.split(",") if part.strip()]
    try:
        check_place(out)
        manifest = _train_and_save(table, images, out, run, wanted, votes, choices)
    except BundleNotWritable as error:
        _end(str(error), NO_STORAGE)
    except (BundleError, DataError, ValueError) as error:
        _end(str(error), BAD_INPUT)
    except OSError as error:
        _end(f"Can't write to {run}: {error.strerror or error}; name another OUT.", NO_STORAGE)
    except KeyboardInterrupt:
        _end(f"Stopped; the same command goes on from the last epoch in {run}.", STOPPED)
    print_summary(manifest, out)


def _train_and_save(
    table: list[Path],
    images: Path,
    out: Path,
    run: Path,
    classes: list[str],
    votes: Path | None,
    choices: FusedChoices,
) -> dict:
    """Read, train with a progress bar, and write; return the manifest."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading faces", total=None)
        fused, rows = read_fused_rows(table, images, classes, votes)
        held_out = hold_out(rows, choices.training.seed)
        bar.update(task, description="Preparing features")

        def progress(line: dict[str, float]) -> None:
            text = f"Epochs, validation {line['validation_accuracy']:.1%}"
            total = choices.training.epochs
            bar.update(task, description=text, completed=line["epoch"], total=total)

        manifest, files = train_fused(fused, rows, held_out, choices, run, progress)
    save_bundle(out, manifest, files)
    _write_curves(run)
    return manifest


def _write_curves(run: Path) -> None:
    """Draw the run's course beside its numbers."""
    partial = run / ".curves.png"
    draw_curves(run / CURVES).savefig(partial)
    os.replace(partial, run / "curves.png")


def _end(sentence: str, code: int) -> None:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(main)
