"""Measure a model on labelled images: ``python -m classifiers.cli.evaluate IMAGES MODEL OUT``.

From the images on: faces are found as ``make features`` finds them, in workers, and kept in
``OUT/features``, so that a stopped run goes on. A folder that ``make features`` wrote is read as
it is.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from classifiers.bundle.bundle import BundleError
from classifiers.evaluation.evaluate import evaluate
from classifiers.evaluation.inputs import features_of
from classifiers.evaluation.report import write_report
from classifiers.evaluation.report_table import text_of
from classifiers.inference.predictor import Predictor
from data.errors import DataError, StorageError
from landmarks.detection.registry import Detector, DetectorError

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
    detector: Annotated[
        Detector, typer.Option(help="What looks for faces; mtcnn is installed when asked for.")
    ] = "mesh",
) -> None:
    """Write OUT/report.json and its pictures, and print the figures.

    Exit code 1: something doesn't fit; 2: more than 1 % of the images are unreadable, the report
    is written all the same; 3: OUT can't be written.
    """
    try:
        predictor = Predictor(model, mirror)
        folder, split, source = features_of(images, out, split, workers or None, backend, detector)
        report = evaluate(predictor, folder, split, ignore_unknown, source)
        # the name alone: a report may be published, and where a disk keeps its images may not
        report = {"source": images.absolute().name, **report}
        write_report(out, report)
    except StorageError as error:
        _end(str(error), NO_STORAGE)
    except (BundleError, DataError, DetectorError) as error:
        _end(str(error), BAD_INPUT)
    except OSError as error:
        _end(f"Can't write to {out}: {error.strerror or error}; name another OUT.", NO_STORAGE)
    except KeyboardInterrupt:
        _end("Stopped. Run the same command again to go on from here.", STOPPED)
    print(text_of(report))
    print(f"The report is in {out}.")
    if report["n_unreadable"] > MOST_UNREADABLE * report["n_images"]:
        _end(
            f"{report['n_unreadable']:,} of {report['n_images']:,} images can't be read; the "
            f"column reason in {folder} names each. Mend or remove them.",
            UNREADABLE,
        )


def _end(sentence: str, code: int) -> None:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(main)
