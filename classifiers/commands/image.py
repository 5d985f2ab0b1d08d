"""Read the expressions in photos: ``python -m classifiers image PHOTO... [--json]``."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.bar import Bar
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classifiers.bundle import DEFAULT_BUNDLE, BundleError
from classifiers.predictor import FaceReading, Predictor, Reading
from landmarks.images import FOLDER_FORMATS, ImageError

BAR_WIDTH = 30  # characters that a confidence of 1 takes


def main(
    photos: Annotated[
        list[Path], typer.Argument(metavar="PHOTO...", help="Photos, or folders of photos.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    model: Annotated[
        str,
        typer.Option(help="A bundle's folder, or one of landmarks, fused, auto."),
    ] = DEFAULT_BUNDLE,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which regions of the face moved the answer.")
    ] = False,
) -> None:
    """Print every face in every PHOTO with its box, expression and confidences.

    Exit code 0: every photo was read, with or without a face; 1: something could not be read.

    Example: python -m classifiers image holiday.jpg photos/ --json
    """
    try:
        predictor = Predictor(model)
        paths = photos_in(photos)
    except (BundleError, ValueError) as error:
        _complain(str(error))
        raise typer.Exit(1) from None
    console = Console(highlight=False)
    answers, failed = [], False
    for path in paths:
        try:
            reading = predictor.predict(path)
        except (ImageError, OSError) as error:
            failed = True
            _complain(str(error))
            answers.append({"image": str(path), "faces": [], "reason": reason_of(error)})
            continue
        if as_json:
            answers.append(reading.to_json(str(path), explain=explain))
        else:
            show(console, path, reading, explain)
    if as_json:
        typer.echo(json.dumps({"images": answers}, indent=2))
    raise typer.Exit(1 if failed else 0)


def photos_in(paths: list[Path]) -> list[Path]:
    """Return `paths` with each folder replaced by the images below it, in order of name.

    Parameters
    ----------
    paths : list of Path
        Photos and folders. A photo need not exist: reading it will say so.

    Returns
    -------
    list of Path
        Photos only.

    Raises
    ------
    ValueError
        If a folder holds no image.
    """
    found = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES)
        if not inside:
            raise ValueError(f"expected images in the folder {path}, found none; name a photo")
        found.extend(inside)
    return found


def reason_of(error: Exception) -> str:
    """Return the one word that the JSON gives for a photo that could not be read."""
    return getattr(error, "reason", "unreadable")


def verdict(face: FaceReading) -> str:
    """Return the expression in words: "happy", or "unsure: happy or neutral"."""
    return f"unsure: {face.expression} or {face.second}" if face.unsure else face.expression


def show(console: Console, path: Path, reading: Reading, explain: bool) -> None:
    """Print one photo's faces for a person, with a bar for each confidence."""
    console.print(
        f"[bold]{escape(str(path))}[/]  {reading.width} x {reading.height}, "
        f"read by {escape(reading.model)}"
    )
    if not reading.faces:
        console.print("  no face found\n")
    for number, face in enumerate(reading.faces, 1):
        x, y, width, height = face.face.box
        box = f"{width} x {height} pixels at ({x}, {y})"
        console.print(f"  face {number}, {box}: [bold]{verdict(face)}[/]")
        console.print(_bars(face))
        if explain:
            console.print(_explanation(face))
        console.print()


def _bars(face: FaceReading) -> Table:
    """Draw the confidences as labelled bars, in the order of the classes."""
    grid = Table.grid(padding=(0, 1))
    for name, value in face.confidences.items():
        style = "bold" if name == face.expression else ""
        bar = Bar(1, 0, value, width=BAR_WIDTH, color="cyan")
        grid.add_row("   ", f"[{style}]{name}[/]" if style else name, bar, f"{value:6.1%}")
    return grid


def _explanation(face: FaceReading) -> Table:
    """List the regions by how much they moved the answer's confidence."""
    grid = Table.grid(padding=(0, 1))
    grid.add_row("   ", f"what moved {face.expression} (points of confidence)")
    moved = sorted(face.explanation().items(), key=lambda pair: -abs(pair[1]))
    for region, change in moved:
        grid.add_row("   ", f"  {region:8} {100 * change:+6.1f}")
    return grid


def _complain(sentence: str) -> None:
    print(f"image: {sentence}", file=sys.stderr)


SUFFIXES = frozenset(
    suffix for suffix, name in Image.registered_extensions().items() if name in FOLDER_FORMATS
)
