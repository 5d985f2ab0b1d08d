"""Hold models against one another: ``python -m classifiers compare BUNDLE... --images FOLDER``."""

import json
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classifiers.bundle.bundle import BundleError
from classifiers.cli.options import DetectorOption, WorkersOption
from classifiers.evaluation.intervals import mean_of, share_of
from classifiers.inference.predictor import Predictor
from data.console import exit_if_unreadable, handle_errors, per_cent
from data.errors import DataError
from landmarks.detection.registry import Detector

CHANCE = 0.05
"""Above this p-value a difference is said to be perhaps chance."""


def main(
    bundles: Annotated[
        list[str],
        typer.Argument(metavar="BUNDLE...", help="Two or more bundles' folders or shipped names."),
    ],
    images: Annotated[
        Path, typer.Option(help="Folder of class folders, CSV, or folder of features.")
    ] = Path("data/sample"),
    split: Annotated[
        str, typer.Option(help="Split to compare on; 'all' for every image. Default: test.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the faces in: a stopped or second run goes on there."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Leave out classes that a model lacks.")
    ] = False,
    workers: WorkersOption = 0,
    detector: DetectorOption = "mesh",
) -> None:
    """Compare models on the same labelled images, each face found once.

    Exit code 1: something doesn't fit; 2: more than 1 % of the images can't be read, the figures
    are printed all the same; 3: an I/O error.

    Example: python -m classifiers compare fused build/model --images photos/
    """
    with handle_errors(BundleError), ExitStack() as stack:
        if len(bundles) < 2:
            raise DataError(f"Expected two or more bundles, got {len(bundles)}; name another.")
        predictors = [Predictor(bundle) for bundle in bundles]
        place = out or Path(stack.enter_context(TemporaryDirectory()))
        compared = _compare(predictors, images, place, split, ignore_unknown, workers, detector)
        for name, model in zip(bundles, compared["models"], strict=True):
            model["name"] = name
    if as_json:
        typer.echo(json.dumps(compared, indent=2))
    else:
        show(Console(highlight=False), compared)
    exit_if_unreadable(compared, "mend or remove them.")


def show(console: Console, compared: dict[str, Any]) -> None:
    """Print what `classifiers.evaluation.compare.compare` returns, a column for each model."""
    models = compared["models"]
    ignored = f", {compared['n_ignored']:,} of other classes left out"
    title = f"{compared['n_images']:,} images{ignored if compared['n_ignored'] else ''}"
    table = Table("", title=title)
    for model in models:
        table.add_column(escape(model["name"]), justify="right")
    n = compared["n_images"]
    answered = [(model["accuracy_when_answered"], model["n_answered"]) for model in models]
    table.add_row("accuracy", *(share_of(model["accuracy"], n) for model in models))
    table.add_row("accuracy when answered", *(share_of(*model) for model in answered))
    table.add_row("macro f1", *(mean_of(model["macro_f1"], n) for model in models))
    for name, n in compared["n_of_class"].items():
        shares = (share_of(model["recall"][name], n) for model in models)
        table.add_row(f"recall {escape(name)}", *shares)
    agreeing = (per_cent(model["agreement"][0]) for model in models)
    table.add_row(f"as {escape(models[0]['name'])} answers", *agreeing)
    table.add_row("ms a face", *(_ms(model["ms_per_face"]) for model in models))
    console.print(table)
    first, second = (model["name"] for model in models[:2])
    test = compared["mcnemar"]
    console.print(
        f"Only {first} is right on {test['only_first']:,} images, only {second} on "
        f"{test['only_second']:,}: p = {test['p']:.2g} by McNemar's exact test, "
        + ("which may be chance." if test["p"] > CHANCE else "which is hardly chance."),
        markup=False,
        soft_wrap=True,
    )


def _compare(
    predictors: list[Predictor],
    images: Path,
    place: Path,
    split: str,
    ignore_unknown: bool,
    workers: int,
    detector: Detector,
) -> dict[str, Any]:
    """Find the faces and compare."""
    # Only here: they bring scikit-learn and pandas, for which no other sub-command should wait.
    from classifiers.evaluation.compare import compare
    from classifiers.evaluation.inputs import features_of

    folder, split, source = features_of(images, place, split, workers or None, "loky", detector)
    return compare(predictors, folder, split, source, ignore_unknown)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
