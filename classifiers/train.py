"""Train a classifier on feature CSVs: ``python -m classifiers.train TABLE --out OUT``."""

import json
import sys
from collections.abc import Sequence
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from classifiers.bundle import BundleError, BundleNotWritable, check_place, save_bundle
from classifiers.pipeline import N_COMPONENTS
from classifiers.training import BALANCES, CLASSIFIERS, Choices, Rows, train
from data import __version__
from data.emotions import canonical
from data.errors import DataError
from data.readers import NO_SPLIT
from data.rows import MANIFEST, PIXELS
from data.splits import groups_of, validation_split
from data.table import points_of, read_pixels, read_table, read_views
from landmarks.detector import MESH_VERSION

BAD_INPUT, NO_STORAGE, STOPPED = 1, 3, 130
TRAIN = "train"
VALIDATION_SHARE = 0.1
FEWEST_OF_A_CLASS = 2
IMAGE_KEY = ["split", "label", "image"]

Model = Enum("Model", {name: name for name in CLASSIFIERS})
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
) -> None:
    """Train on the split train (or on all rows, if there are no splits) and write a bundle."""
    choices = Choices(out.absolute().name, __version__, model.value, balance.value, seed, data_name)
    try:
        check_place(out)
        manifest = _train_and_save(table, out, classes, choices)
    except BundleNotWritable as error:
        _end(str(error), NO_STORAGE)
    except (BundleError, DataError, ValueError) as error:
        _end(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        _end("Stopped; nothing was written.", STOPPED)
    _print_summary(manifest, out)


def read_rows(table: Sequence[Path], classes: Sequence[str] = ()) -> Rows:
    """Read the rows to train on: the largest face of each image of the split train.

    Parameters
    ----------
    table : sequence of Path
        Folders that ``make features`` wrote, or CSVs in them.
    classes : sequence of str, optional
        Classes to keep; any of a class's names is understood.

    Returns
    -------
    Rows

    Raises
    ------
    DataError
        If a CSV doesn't fit, there is no split train among splits, a class is unknown, or there
        are too few rows or classes.
    """
    rows = read_table(table)
    # Views are stored for the successful rows alone.
    place = rows["success"].cumsum() - 1
    rows = rows[(rows["success"] == 1) & rows["split"].isin(_splits_to_train(rows["split"]))]
    rows = rows.sort_values([*IMAGE_KEY, "face"], kind="stable").drop_duplicates(IMAGE_KEY)
    rows = rows[rows["label"].isin(_labels_to_train(rows["label"], classes))]
    _check_counts(rows["label"])
    mesh = {_mesh_of(path) for path in table}
    if len(mesh) > 1:
        raise DataError(f"Expected features of one mesh, got {' and '.join(sorted(mesh))}.")
    labels, pixels = rows["label"].to_numpy(str), _pixels_of(rows, table)
    views = _views_of(table, place[rows.index].to_numpy())
    return Rows(points_of(rows), labels, pixels, mesh.pop(), views)


def hold_out(rows: Rows, seed: int) -> np.ndarray:
    """Choose validation rows, bool (n,), so that no picture has a copy on both sides."""
    # Where the pictures' hashes aren't known, identical pictures still have identical points.
    hashes = [
        pixels or blake2b(points.tobytes(), digest_size=8).hexdigest()
        for pixels, points in zip(rows.pixels, rows.points, strict=True)
    ]
    return validation_split(rows.y, groups_of(hashes), VALIDATION_SHARE, seed)


def _train_and_save(table: list[Path], out: Path, classes: str, choices: Choices) -> dict:
    """Read, train with a progress bar, and write; return the manifest."""
    wanted = [name.strip() for name in classes.split(",") if name.strip()]
    rows = read_rows(table, wanted)
    held_out = hold_out(rows, choices.seed)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Preparing features", total=None)

        def progress(epoch: int, most: int, accuracy: float | None) -> None:
            text = "Epochs" if accuracy is None else f"Epochs, validation {accuracy:.1%}"
            bar.update(task, description=text, completed=epoch, total=most)

        manifest, files = train(rows, held_out, choices, progress)
    save_bundle(out, manifest, files)
    return manifest


def _views_of(table: Sequence[Path], places: np.ndarray) -> np.ndarray | None:
    """Return the views of the chosen faces, or None where some table has none."""
    views = [read_views(path) for path in table]
    if any(one.shape[1] == 0 for one in views):
        return None
    return np.concatenate(views)[places]


def _splits_to_train(splits: pd.Series) -> set[str]:
    """Return the splits whose rows train."""
    found = set(splits.unique())
    if TRAIN in found:
        return {TRAIN}
    if found <= {NO_SPLIT, ""}:
        return found
    raise DataError(
        f"Expected rows of the split {TRAIN}, got {', '.join(sorted(found))} only; "
        "name a table with training rows."
    )


def _labels_to_train(labels: pd.Series, classes: Sequence[str]) -> set[str]:
    """Return the labels that the wanted classes stand for, or all."""
    found = set(labels.unique())
    if not classes:
        return found
    by_meaning = {canonical(label): label for label in sorted(found)}
    unknown = [name for name in classes if canonical(name) not in by_meaning]
    if unknown:
        raise DataError(
            f"Expected classes among {', '.join(sorted(found))}, got {', '.join(unknown)}; "
            "name others in CLASSES."
        )
    return {by_meaning[canonical(name)] for name in classes}


def _check_counts(labels: pd.Series) -> None:
    """Refuse fewer than two classes, and classes that can't be learned and checked."""
    counts = labels.value_counts().sort_index()
    if len(counts) < 2:
        found = ", ".join(counts.index) or "none"
        raise DataError(f"Expected faces of two classes or more, got one class or none: {found}.")
    few = counts[counts < FEWEST_OF_A_CLASS]
    if len(few):
        raise DataError(
            f"Expected {FEWEST_OF_A_CLASS} faces or more of each class, got {few.iloc[0]} of "
            f"{few.index[0]}; add images or leave the class out with CLASSES."
        )


def _folder_of(path: Path, name: str) -> Path | None:
    """Return the feature folder a table path belongs to, known by a file in it."""
    folders = (path, *path.absolute().parents[:2])
    return next((folder for folder in folders if (folder / name).is_file()), None)


def _mesh_of(path: Path) -> str:
    """Return the mesh version a table was made with; today's, where nothing says."""
    folder = _folder_of(path, MANIFEST)
    if folder is None:
        return MESH_VERSION
    return json.loads((folder / MANIFEST).read_text("utf-8"))["mesh"]


def _pixels_of(rows: pd.DataFrame, table: Sequence[Path]) -> np.ndarray:
    """Return the pixel hash of each row's image, ``""`` where it isn't known."""
    folders = {_folder_of(path, PIXELS) for path in table} - {None}
    if not folders:
        return np.full(len(rows), "", dtype=str)
    known = pd.concat([read_pixels(folder) for folder in sorted(folders)])
    hashes = known.drop_duplicates(IMAGE_KEY).set_index(IMAGE_KEY)["pixels"]
    keys = pd.MultiIndex.from_frame(rows[IMAGE_KEY])
    return hashes.reindex(keys).fillna("").to_numpy(str)


def _print_summary(manifest: dict, out: Path) -> None:
    """Print the figures on the validation rows."""
    data, metrics = manifest["data"], manifest["metrics"]
    table = Table("on validation rows", title=f"{manifest['model']}, seed {manifest['seed']}")
    table.add_column("", justify="right")
    for name, value in metrics.items():
        table.add_row(name.replace("_", " "), f"{value:.3f}" if name == "ece" else f"{value:.1%}")
    Console().print(table)
    if manifest["n_components"] < N_COMPONENTS:
        print(
            f"There are fewer rows than {N_COMPONENTS} principal components: "
            f"{manifest['n_components']} were kept."
        )
    print(
        f"Trained on {data['n_train']:,} faces and checked on {data['n_validation']:,} in "
        f"{manifest['training_seconds']:.0f} s. The bundle is in {out}."
    )


def _end(sentence: str, code: int) -> None:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(main)
