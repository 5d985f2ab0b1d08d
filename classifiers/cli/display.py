"""A reading in the terminal: the box, the expression, a bar for each confidence."""

from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classifiers.inference.predictions import FaceReading, Reading
from data.console import printable

BAR_WIDTH = 30  # characters that a confidence of 1 takes


def show(console: Console, path: Path, reading: Reading, explain: bool) -> None:
    """Print one photo's faces for a person, with what moved each answer if asked."""
    show_head(console, path, reading)
    for number, face in enumerate(reading.faces, 1):
        console.print(headline(number, face))
        console.print(_bars(face))
        if explain:
            console.print(f"    what moved {escape(face.expression)} (points of confidence)")
            console.print(moved_table(face))
        console.print()


def show_head(console: Console, path: Path, reading: Reading) -> None:
    """Print what photo was read by which model, and whether it has no face."""
    console.print(
        f"[bold]{escape(printable(str(path)))}[/]  {reading.width} x {reading.height}, "
        f"read by {escape(reading.model)}"
    )
    if not reading.faces:
        console.print("  no face found\n")


def headline(number: int, face: FaceReading) -> str:
    """Return the line above a face's figures, in rich's markup."""
    x, y, width, height = face.face.box
    box = f"{width} x {height} pixels at ({x}, {y})"
    return f"  face {number}, {box}: [bold]{escape(face.verdict)}[/]"


def moved_table(face: FaceReading) -> Table:
    """List the regions by how much they moved the answer's confidence, in points of it."""
    grid = Table.grid(padding=(0, 1))
    moved = sorted(face.explanation().items(), key=lambda pair: -abs(pair[1]))
    for region, change in moved:
        side = "for" if change > 0 else "against"
        grid.add_row("     ", f"{region:8}", f"{100 * change:+6.1f}", side)
    return grid


def _bars(face: FaceReading) -> Table:
    """Draw the confidences as labelled bars, in the order of the classes."""
    grid = Table.grid(padding=(0, 1))
    for name, value in face.confidences.items():
        label = escape(name)
        label = f"[bold]{label}[/]" if name == face.expression else label
        grid.add_row("   ", label, Bar(1, 0, value, width=BAR_WIDTH, color="cyan"), f"{value:6.1%}")
    return grid
