"""Print a prediction in the terminal: the box, the expression, a bar for each confidence."""

from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classifiers.inference.predictions import FacePrediction, ImagePrediction
from data.console import printable

BAR_WIDTH = 30  # characters that a confidence of 1 takes


def show(console: Console, path: Path, prediction: ImagePrediction, explain: bool) -> None:
    """Print one photo's faces for a person, with each region's contribution if asked."""
    show_head(console, path, prediction)
    for number, face in enumerate(prediction.faces, 1):
        console.print(headline(number, face))
        console.print(_bars(face))
        if explain:
            console.print(f"    contributions to {escape(face.expression)} (percentage points)")
            console.print(contribution_table(face))
        console.print()


def show_head(console: Console, path: Path, prediction: ImagePrediction) -> None:
    """Print what photo was read by which model, and whether it has no face."""
    console.print(
        f"[bold]{escape(printable(str(path)))}[/]  {prediction.width} x {prediction.height}, "
        f"read by {escape(prediction.model)}"
    )
    if not prediction.faces:
        console.print("  no face found\n")


def headline(number: int, face: FacePrediction) -> str:
    """Return the line above a face's confidences, in rich's markup."""
    x, y, width, height = face.face.box
    box = f"{width} x {height} pixels at ({x}, {y})"
    return f"  face {number}, {box}: [bold]{escape(face.verdict)}[/]"


def contribution_table(face: FacePrediction) -> Table:
    """List the regions by their contributions to the confidence, in percentage points."""
    grid = Table.grid(padding=(0, 1))
    contributions = sorted(face.explanation().items(), key=lambda pair: -abs(pair[1]))
    for region, change in contributions:
        side = "for" if change > 0 else "against"
        grid.add_row("     ", f"{region:8}", f"{100 * change:+6.1f}", side)
    return grid


def _bars(face: FacePrediction) -> Table:
    """Draw the confidences as labelled bars, in the order of the classes."""
    grid = Table.grid(padding=(0, 1))
    for name, value in face.confidences.items():
        label = escape(name)
        label = f"[bold]{label}[/]" if name == face.expression else label
        grid.add_row("   ", label, Bar(1, 0, value, width=BAR_WIDTH, color="cyan"), f"{value:6.1%}")
    return grid
