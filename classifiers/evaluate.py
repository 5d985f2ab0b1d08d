"""Measure a model on labelled images: ``python -m classifiers.evaluate IMAGES MODEL OUT``.

From the images on: faces are found as ``make features`` finds them, in workers, and kept in
``OUT/features``, so that a stopped run goes on. A folder that ``make features`` wrote is read as
it is.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from classifiers.bundle import BundleError
from classifiers.evaluation import ALL, evaluate, manifest_of
from classifiers.predictor import Predictor
from classifiers.report import write_report
from classifiers.report_table import show
from data.errors import DataError, StorageError
from data.extraction import extract_features
from data.readers import read_images, split_name
from data.rows import MANIFEST

BAD_INPUT, UNREADABLE, NO_STORAGE, STOPPED = 1, 2, 3, 130
MOST_UNREADABLE = 0.01


def main(
    images: Annotated[
        Path, typer.Argument(help="Folder of class folders, CSV, or folder of features.")
    ],
    model: Annotated[str, typer.Argument(help="A bundle's folder, or a shipped one's name.")],
    out: Annotated[Path, typer.Argument(help="Folder for the report.")],
    split: Annotated[
        str, typer.Option(help="Split to measure; 'all' for every image. Default: test.")
    ] = "",
    ignore_unknown: Annotated[
        bool, typer.Option("--ignore-unknown", help="Leave out classes that the model lacks.")
    ] = False,
    mirror: Annotated[
        bool, typer.Option(help="Average over the face and its mirror image.")
    ] = True,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    backend: Annotated[str, typer.Option(help="joblib backend, such as loky.")] = "loky",
) -> None:
    """Write OUT/report.json and its pictures, and print the figures.

    Exit code 1: something doesn't fit; 2: more than 1 % of the images are unreadable, the report
    is written all the same; 3: OUT can't be written.
    """
    try:
        predictor = Predictor(model, mirror)
        folder, split, source = features_of(images, out, split, workers or None, backend)
        report = evaluate(predictor, folder, split, ignore_unknown, source)
        # the name alone: a report may be published, and where a disk keeps its images may not
        report = {"source": images.absolute().name, **report}
        write_report(out, report)
    except StorageError as error:
        _end(str(error), NO_STORAGE)
    except (BundleError, DataError) as error:
        _end(str(error), BAD_INPUT)
    except OSError as error:
        _end(f"Can't write to {out}: {error.strerror or error}; name another OUT.", NO_STORAGE)
    except KeyboardInterrupt:
        _end("Stopped. Run the same command again to go on from here.", STOPPED)
    show(Console(highlight=False), report)
    print(f"The report is in {out}.")
    if report["n_unreadable"] > MOST_UNREADABLE * report["n_images"]:
        _end(
            f"{report['n_unreadable']:,} of {report['n_images']:,} images can't be read; the "
            f"column reason in {folder} names each. Mend or remove them.",
            UNREADABLE,
        )


def features_of(
    images: Path, out: Path, split: str, workers: int | None, backend: str
) -> tuple[Path, str, Path]:
    """Return a feature folder of the images, made if need be, and the split of it to measure.

    Parameters
    ----------
    images : Path
        A feature folder, or what `data.readers.read_images` reads.
    out : Path
        Features are made in its sub-folder ``features``.
    split : str
        What the user asked for, ``""`` for the default.
    workers, backend
        As for `data.extraction.extract_features`.

    Returns
    -------
    folder : Path
        A folder made for one split holds nothing else.
    split : str
        The split or `ALL`.
    source : Path
        What the features were made of; the folder itself where that isn't known.

    Raises
    ------
    DataError, StorageError
        As `data.extraction.extract_features` does, or if there is no such split.
    """
    if (images / MANIFEST).is_file():
        return images, choose_split(manifest_of(images)["splits"], split), images
    split = choose_split({ref.split for ref in read_images(images)}, split)
    source = _split_folder(images, split)
    folder = out / "features"
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Finding faces")
        extract_features(
            source,
            folder,
            workers,
            backend,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    return folder, split, source


def choose_split(splits, wanted: str) -> str:
    """Return the split to measure: the wanted one, else test, else the only one.

    Raises
    ------
    DataError
        If there is no such split, or several and none called test.
    """
    wanted = split_name(wanted) if wanted else ""
    names = ", ".join(sorted(splits))
    if wanted:
        if wanted != ALL and wanted not in splits:
            raise DataError(f"Expected a split {wanted}, found {names}; name one of these or all.")
        return wanted
    if "test" in splits:
        return "test"
    if len(splits) > 1:
        raise DataError(f"Expected a split test, found {names}; name one of these or all.")
    return next(iter(splits))


def _split_folder(images: Path, split: str) -> Path:
    """Return the folder of one split, so that the others' images aren't searched for faces."""
    if not images.is_dir() or split == ALL:
        return images
    folders = [f for f in images.iterdir() if f.is_dir() and split_name(f.name) == split]
    return folders[0] if len(folders) == 1 else images


def _end(sentence: str, code: int) -> None:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(main)
