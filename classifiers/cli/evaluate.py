"""Measure a model on labelled images: ``python -m classifiers evaluate IMAGES MODEL OUT``.

From the images on: faces are found as ``make features`` finds them, in workers, and kept in
``OUT/features``, so that a stopped run goes on. A folder that ``make features`` wrote is read as
it is.
"""

from pathlib import Path
from typing import Annotated

import typer

from classifiers.bundle.bundle import BundleError
from classifiers.cli.options import DetectorOption, WorkersOption
from classifiers.inference.predictor import Predictor
from data.console import GOES_ON, exit_if_unreadable, handle_errors
from data.files import storage_errors


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
        bool,
        typer.Option("--mirror/--no-mirror", help="Average over the face and its mirror image."),
    ] = True,
    workers: WorkersOption = 0,
    backend: Annotated[str, typer.Option(help="joblib backend, such as loky.")] = "loky",
    detector: DetectorOption = "mesh",
    subject: Annotated[
        str,
        typer.Option(
            metavar="REGEX",
            help="Take faces relative to the same person's neutral photos; the first group in an "
            "image's name is the person, such as '(S[0-9]+)_'.",
        ),
    ] = "",
) -> None:
    """Measure a model on labelled images, in OUT/report.html and the files that it is made of.

    Exit code 1: something doesn't fit; 2: more than 1 % of the images are unreadable, the report
    is written all the same; 3: OUT can't be written.

    Example: python -m classifiers evaluate photos/ fused build/evaluation
    """
    # Only here: they bring scikit-learn and pandas, for which no other sub-command should wait.
    from classifiers.evaluation.evaluate import evaluate
    from classifiers.evaluation.inputs import features_of
    from classifiers.evaluation.report import write_report
    from classifiers.evaluation.report_table import text_of

    with handle_errors(BundleError, stopped=GOES_ON), storage_errors(out):
        predictor = Predictor(model, mirror)
        folder, split, source = features_of(images, out, split, workers or None, backend, detector)
        measured = evaluate(predictor, folder, split, ignore_unknown, source, subject)
        # the name alone: a report may be published, and where a disk keeps its images may not
        report = {"source": images.absolute().name, **measured.report}
        write_report(out, report, measured.predictions, None if source == folder else source)
    print(text_of(report))
    print(f"The report is in {out / 'report.html'}.")
    exit_if_unreadable(report, f"the column reason in {folder} names each. Mend or remove them.")
