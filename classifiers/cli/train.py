"""Train a classifier on feature CSVs: ``python -m classifiers.cli.train TABLE --out OUT``."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from classifiers.bundle.bundle import check_place, save_bundle
from classifiers.cli.training_summary import names_of, print_summary, training_errors
from classifiers.models.calibration import PRIORS
from classifiers.models.pipeline import N_COMPONENTS
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.dataset import BALANCES
from classifiers.training.landmarks import CLASSIFIERS, train
from classifiers.training.read_dataset import hold_out, read_rows
from data import __version__
from data.console import progress_bar

Model = Enum("Model", {name: name for name in CLASSIFIERS})
Prior = Enum("Prior", {name: name for name in PRIORS})
Balance = Enum("Balance", {name: name for name in BALANCES})


def main(
    table: Annotated[list[Path], typer.Argument(help="Folder of make features, or its CSVs.")],
    out: Annotated[Path, typer.Option(help="Folder for the bundle.")],
    model: Annotated[Model, typer.Option(help="Which MLP.")] = Model.sklearn,
    classes: Annotated[
        str, typer.Option(help="Classes to train, with commas between; all if left out.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same model.")] = 0,
    balance: Annotated[Balance, typer.Option(help="What is done about rare classes.")] = (
        Balance.none
    ),
    data_name: Annotated[
        str, typer.Option(help="The data set's name, for the model card.")
    ] = "not named",
    prior: Annotated[
        Prior, typer.Option(help="Shares of the classes that the model is served for.")
    ] = Prior.training,
    drop_outliers: Annotated[
        bool, typer.Option(help="Leave out the rows that make audit lists.")
    ] = False,
    refit: Annotated[
        bool, typer.Option(help="Train again on all rows, once validation rows gave the figures.")
    ] = False,
) -> None:
    """Train on the split train (or on all rows, if there are no splits) and write a bundle."""
    options = TrainOptions(
        name=out.absolute().name,
        version=__version__,
        model=model.value,
        balance=balance.value,
        seed=seed,
        data_name=data_name,
        prior=prior.value,
        refit=refit,
    )
    with training_errors(stopped="Stopped; nothing was written."):
        check_place(out)
        manifest = _train_and_save(table, out, classes, options, drop_outliers)
    print_summary(manifest, out)
    if manifest["n_components"] < N_COMPONENTS:
        print(
            f"There are fewer rows than {N_COMPONENTS} principal components: "
            f"{manifest['n_components']} were kept."
        )


def _train_and_save(
    table: list[Path], out: Path, classes: str, options: TrainOptions, drop_outliers: bool
) -> dict:
    """Read, train with a progress bar, and write; return the manifest."""
    rows = read_rows(table, names_of(classes), drop_outliers)
    held_out = hold_out(rows, options.seed)
    with progress_bar() as bar:
        task = bar.add_task("Preparing features", total=None)

        def progress(epoch: int, most: int, accuracy: float | None) -> None:
            text = "Epochs" if accuracy is None else f"Epochs, validation {accuracy:.1%}"
            bar.update(task, description=text, completed=epoch, total=most)

        manifest, files = train(rows, held_out, options, progress)
    save_bundle(out, manifest, files)
    return manifest


if __name__ == "__main__":
    typer.run(main)
