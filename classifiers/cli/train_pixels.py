"""Train a model that looks at pixels: ``python -m classifiers.cli.train_pixels TABLE IMAGES``.

Fused, the same without landmarks, or one of the backbones known from ImageNet. After each epoch
the run can be stopped, and the same command goes on with it.
"""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from classifiers.bundle.bundle import check_place, save_bundle
from classifiers.cli.training_summary import names_of, print_summary, training_errors
from classifiers.models.backbones import BACKBONES
from classifiers.models.calibration import PRIORS
from classifiers.training.backbone_weights import Weights, find_weights
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.curves import curves_of, plot_curves, read_curves
from classifiers.training.loop import DEVICES
from classifiers.training.pixels import NETWORKS, recipe_of, train_pixel_model
from classifiers.training.read_dataset import hold_out
from classifiers.training.read_pixel_dataset import read_fused_rows
from classifiers.training.recipe import BALANCES
from data import __version__
from data.console import progress_bar, warn
from data.files import atomic_write, storage_errors

Model = Enum("Model", {name: name for name in (*NETWORKS, *BACKBONES)})
Balance = Enum("Balance", {name: name for name in BALANCES})
Prior = Enum("Prior", {name: name for name in PRIORS})
Device = Enum("Device", {name: name for name in DEVICES})


def main(
    table: Annotated[list[Path], typer.Argument(help="Folder of make features.")],
    images: Annotated[Path, typer.Argument(help="The images that the features were made of.")],
    out: Annotated[Path, typer.Option(help="Folder for the bundle.")],
    model: Annotated[
        Model, typer.Option(help="Pixels and landmarks together, or a network on pixels alone.")
    ] = Model.fused,
    classes: Annotated[
        str, typer.Option(help="Classes to train, with commas between; all if left out.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn at random.")] = 0,
    balance: Annotated[Balance, typer.Option(help="What is done about rare classes.")] = (
        Balance.none
    ),
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the faces; 78, backbones 20.")
    ] = None,
    votes: Annotated[
        Path | None, typer.Option(help="CSV of a crowd's votes, such as FER+'s, to learn as well.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Auto: the GPU where there is one.")] = Device.auto,
    weights: Annotated[
        str,
        typer.Option(
            help="A backbone's: file of a state_dict or safetensors, or random; ImageNet's from "
            "torchvision if left out."
        ),
    ] = "",
    average: Annotated[
        int, typer.Option(min=1, help="Networks to train and to average; not of a backbone.")
    ] = 1,
    prior: Annotated[
        Prior, typer.Option(help="Shares of the classes that the model is served for.")
    ] = Prior.training,
    data_name: Annotated[
        str, typer.Option(help="The data set's name, for the model card.")
    ] = "not named",
) -> None:
    """Train on the split train (or on all rows, if there are no splits) and write a bundle.

    Checkpoint, curves and their picture are kept beside it, in OUT-run.
    """
    options = TrainOptions(
        name=out.absolute().name,
        version=__version__,
        model=model.value,
        balance=balance.value,
        seed=seed,
        data_name=data_name,
        prior=prior.value,
        epochs=epochs,
        device=device.value,
        n_networks=average,
    )
    run = out.with_name(f"{options.name}-run")
    wanted = names_of(classes)
    stopped = f"Stopped; the same command goes on from the last epoch in {run}."
    with training_errors(stopped), storage_errors(run):
        check_place(out)
        start = _weights(model.value, weights, votes, average)
        manifest = _train_and_save(table, images, out, run, wanted, votes, options, start)
    print_summary(manifest, out)


def _weights(model: str, weights: str, votes: Path | None, average: int) -> Weights | None:
    """Return the weights that a backbone starts from, and print what they are."""
    if model not in BACKBONES:
        if weights:
            raise ValueError(
                f"Expected WEIGHTS with {', '.join(BACKBONES)}, got them with {model}, which "
                "starts from random ones; leave them out."
            )
        return None
    if votes is not None:
        raise ValueError(
            f"Expected VOTES with {' or '.join(NETWORKS)}, got them with {model}, which doesn't "
            "learn them; leave them out."
        )
    if average > 1:
        raise ValueError(
            f"Expected AVERAGE with {' or '.join(NETWORKS)}, got it with {model}, of which one "
            "is trained; leave it out."
        )
    found = find_weights(model, weights)
    warn(found.note)
    return found


def _train_and_save(
    table: list[Path],
    images: Path,
    out: Path,
    run: Path,
    classes: list[str],
    votes: Path | None,
    options: TrainOptions,
    weights: Weights | None,
) -> dict:
    """Read, train with a progress bar, and write; return the manifest."""
    with progress_bar() as bar:
        task = bar.add_task("Reading faces", total=None)
        fused, rows = read_fused_rows(table, images, classes, votes)
        held_out = hold_out(rows, options.seed)
        bar.update(task, description="Preparing features")

        total = options.n_networks * recipe_of(options).epochs
        done = _epochs_trained(run)

        def progress(line: dict[str, float]) -> None:
            nonlocal done
            done += 1
            text = f"Epochs, validation {line['validation_accuracy']:.1%}"
            bar.update(task, description=text, completed=done, total=total)

        manifest, files = train_pixel_model(fused, rows, held_out, options, run, weights, progress)
    save_bundle(out, manifest, files)
    _write_curves(run)
    return manifest


def _epochs_trained(run: Path) -> int:
    """Return how many epochs a run that goes on has behind it."""
    return sum(len(read_curves(curves)) for curves in curves_of(run) if curves.is_file())


def _write_curves(run: Path) -> None:
    """Draw the run's course beside its numbers."""
    with atomic_write(run / "curves.png") as file:
        plot_curves(run).savefig(file)


if __name__ == "__main__":
    typer.run(main)
