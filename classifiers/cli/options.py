"""Define the options that several sub-commands take."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from classifiers.cli.outputs import Format
from classifiers.inference.predictor import Predictor
from data.errors import DataError
from landmarks.detection.registry import Detector
from landmarks.images import ImageError
from landmarks.video.reader import VideoReader

ModelOption = Annotated[
    str, typer.Option(help="A bundle's folder, or one of landmarks, fused, auto.")
]
DetectorOption = Annotated[
    Detector, typer.Option(help="What detects faces; mtcnn is installed when asked for.")
]
ModelsOption = Annotated[
    list[str], typer.Option(help="A bundle's folder, or landmarks or fused; for each model.")
]
WorkersOption = Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")]
CameraOption = Annotated[str, typer.Option(help="A camera's number, or a video in its place.")]
FacesOption = Annotated[int, typer.Option(min=1, help="Most faces to follow at a time.")]
SmoothingOption = Annotated[
    float, typer.Option(min=0, help="Seconds to average over (tau); 0: none.")
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", help="Of the table: CSV, JSON lines, an object a row, or Parquet."),
]
PointsOption = Annotated[bool, typer.Option("--points", help="Add the 468 points to the table.")]
MinConfidenceOption = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, help="Confidence below which a prediction is uncertain; else the model's."
    ),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace results that are there already.")
]
NeutralOption = Annotated[
    list[Path],
    typer.Option(
        help="Photo of the person's neutral face, to read the others relative to, or a video and "
        "a second of it, talk.mp4@2.5; may be repeated."
    ),
]
PriorOption = Annotated[
    str,
    typer.Option(
        help="Shares of the classes among the faces: uniform, or happy=0.5,sad=0.2 and so on."
    ),
]


def open_predictor(
    model: str,
    detector: Detector,
    prior: str = "",
    neutral: Sequence[Path] = (),
    min_confidence: float | None = None,
) -> Predictor:
    """Load a model as the options of a command ask for it.

    Raises
    ------
    DataError
        If prior or neutral photographs don't fit.
    """
    try:
        predictor = Predictor(
            model, detector=detector, prior=_parse_prior(prior), min_confidence=min_confidence
        )
        return predictor.relative_to(map(_neutral_image, neutral)) if neutral else predictor
    except ImageError as error:
        raise DataError(f"Can't read a neutral photograph: {error}") from error
    except ValueError as error:
        raise DataError(str(error)) from error


def _neutral_image(path: Path) -> Path | np.ndarray:
    """Return a photo's path as it is, and the frame that ``talk.mp4@2.5`` names.

    Raises
    ------
    ValueError
        If the video can't be read or is shorter.
    """
    named = re.fullmatch(r"(.+)@(\d+\.?\d*)", str(path))
    if path.exists() or not named:
        return path
    with VideoReader(named[1]) as video:
        for frame in video.frames():
            if frame.seconds >= float(named[2]):
                return frame.rgb
    raise ValueError(f"Expected a second of the video {named[1]}, got {named[2]}, beyond its end.")


def _parse_prior(text: str) -> dict[str, float] | str | None:
    """Return the prior that the text of an option names."""
    if "=" not in text:
        return text or None
    pairs = (part.partition("=") for part in text.split(","))
    try:
        return {name.strip(): float(share) for name, _, share in pairs}
    except ValueError as error:
        raise ValueError(
            f"Expected shares such as happy=0.5,sad=0.2 as prior, got {text!r}."
        ) from error
