"""Write a paragraph for a methods section: ``python -m classifiers methods FACES.JSON``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from data.console import handle_errors
from data.errors import DataError


def main(
    path: Annotated[
        Path, typer.Argument(metavar="FACES.JSON", help="The JSON beside a table of faces.")
    ],
) -> None:
    """Print how a table was made, as a paper's methods section says it.

    Exit code 1: the file is not the JSON that image or video wrote beside a table.

    Example: python -m classifiers methods faces.json
    """
    with handle_errors():
        try:
            print(paragraph(json.loads(path.read_text("utf-8"))))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"Expected the JSON that image or video writes beside a table, got {path}; name "
                "that."
            ) from error


def paragraph(made: dict[str, Any]) -> str:
    """Return the paragraph for what `classifiers.cli.metadata` wrote."""
    versions, classes = made["versions"], made["classes"]
    sentences = [
        f"Facial expressions were read with Mien {made['mien']} (model {made['model']} "
        f"{made['model_version']}, trained on {made['trained_on']}; Python {versions['python']}).",
        f"MediaPipe Face Mesh {versions['mediapipe']} (Kartynnik et al., 2019) placed 468 "
        f"landmarks on each face, the mean of {_number(made['meshes'], 'mesh', 'es')}.",
        f"The model gives a calibrated confidence for each of {', '.join(classes[:-1])} and "
        f"{classes[-1]}; a prediction below {made['uncertain_threshold']:.3f} is uncertain.",
        *_settings(made),
        "Measures of head pose and of parts of the face are distances of landmarks after a rigid "
        "alignment to the mean face by least squares (Kabsch, 1976), over the distance of the "
        "outer corners of the eyes; they are no scores of action units.",
        _counts(made["counts"]),
    ]
    return " ".join(sentences)


def _settings(made: dict[str, Any]) -> Iterator[str]:
    """Yield what the options changed."""
    if made["detector"] != "mesh":
        yield f"Faces were detected with {made['detector']}."
    if isinstance(made["prior"], str):
        yield f"The shares of the classes were set to {made['prior']}."
    if made["neutral"]:
        photos = _number(len(made["neutral"]), "photograph")
        yield f"Confidences are relative to {photos} of the person's neutral face."
    if made.get("video", {}).get("baseline"):
        start, end = made["video"]["baseline"]
        yield f"Confidences are relative to each track's face from {start:g} to {end:g} s."
    if "video" in made:
        fps, every, tau = (made["video"][name] for name in ("fps", "every", "smoothing"))
        rate = f"at most {fps:g} frames a second" if fps else "every frame"
        nth = f", of them one in {every}" if every > 1 else ""
        averaged = f"averaged over time (exponentially, tau {tau:g} s)" if tau else "not averaged"
        yield f"We read {rate}{nth}; confidences were {averaged}."


def _counts(counts: dict[str, int]) -> str:
    """Say how many photos or frames had a face."""
    what, whole = "photographs", "photographs"
    if "videos" in counts:
        what, whole = f"frames of {_number(counts['videos'], 'video')}", "videos"
    uncertain = counts["uncertain"] / counts["faces"] if counts["faces"] else 0.0
    return (
        f"Of {counts['images']:,} {what}, {counts['found']:,} showed a face and "
        f"{counts['missed']:,} none; {counts['unreadable']:,} {whole} could not be read as a "
        f"whole. Of {counts['faces']:,} faces {uncertain:.1%} were uncertain."
    )


def _number(count: int, noun: str, plural: str = "s") -> str:
    """Return a number with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else plural}"
