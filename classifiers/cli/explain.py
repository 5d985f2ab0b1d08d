"""Explain a prediction: ``python -m classifiers explain PHOTO``."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classifiers.bundle.bundle import DEFAULT_BUNDLE, BundleError
from classifiers.cli.display import contribution_table, headline, show_head
from classifiers.cli.options import DetectorOption, ModelOption, OverwriteOption
from classifiers.cli.outputs import IMAGES, check_output, save_image
from classifiers.inference.annotate import annotate, annotations_of
from classifiers.inference.predictor import Predictor
from data.console import UNREADABLE, exit_with, handle_errors
from landmarks.images import ImageError, read_image


def main(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="A photo.")],
    output_image: Annotated[
        Path | None, typer.Option(help="PNG or JPEG: the photo, its regions coloured.")
    ] = None,
    model: ModelOption = DEFAULT_BUNDLE,
    detector: DetectorOption = "mesh",
    overwrite: OverwriteOption = False,
) -> None:
    """Show the contribution of each region of a face to the confidence.

    A contribution is in percentage points: how much of the confidence goes when the region is put
    to where a neutral face has it. On the picture, blue regions raise the confidence and orange
    ones lower it. Exit code 1: something doesn't fit; 2: the photo can't be read; 3: an I/O error.

    Example: python -m classifiers explain portrait.jpg --output-image why.png
    """
    with handle_errors(BundleError):
        if output_image:
            check_output(output_image, {os.path.realpath(photo)}, overwrite, IMAGES)
        predictor = Predictor(model, detector=detector)
        try:
            rgb = read_image(photo)
        except ImageError as error:
            exit_with(str(error), UNREADABLE)
        prediction = predictor.predict(rgb).explained()
        if output_image:
            annotations = annotations_of(prediction, explain=True)
            save_image(annotate(rgb, annotations, enlarge_small_faces=True), output_image)
    console = Console(highlight=False)
    show_head(console, photo, prediction)
    for number, face in enumerate(prediction.faces, 1):
        console.print(headline(number, face))
        console.print(contribution_table(face))
