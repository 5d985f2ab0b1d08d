"""Write the landmarks of every image as CSVs: ``python -m data features IMAGES OUT``."""

import os
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import ProgressColumn, Task
from rich.table import Table
from rich.text import Text

from data.console import GOES_ON, MAX_UNREADABLE, UNREADABLE, exit_with, handle_errors, progress_bar
from data.features.extraction import extract_features
from data.sources import warn_other_files
from landmarks.detection.registry import Detector
from landmarks.images import Reason

# A stop tears the workers down at once, about which their tracker would warn after our sentence.
os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")


class Rate(ProgressColumn):
    """Images a second since this run began."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing before the first chunk is done."""
        return Text(f"{task.speed:,.0f} images/s" if task.speed else "")


def main(
    images: Annotated[Path, typer.Argument(help="Folder of class folders or of photos, or CSV.")],
    out: Annotated[Path, typer.Argument(help="Folder for the CSVs.")],
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    backend: Annotated[
        str, typer.Option(help="joblib backend, such as loky; dask or ray: a running cluster.")
    ] = "loky",
    scheduler: Annotated[str, typer.Option(help="The cluster's address.")] = "",
    detector: Annotated[
        Detector, typer.Option(help="What detects faces; mtcnn is installed when asked for.")
    ] = "mesh",
) -> None:
    """Find the faces of all images and write their landmarks; run again to go on after a stop.

    Exit code 1: something doesn't fit; 2: more than 1 % of the images can't be read; 3: an I/O
    error.

    Example: python -m data features photos/ build/features --workers 2
    """
    started = time.monotonic()
    with handle_errors(stopped=GOES_ON):
        done = _with_progress(
            images,
            out,
            workers=workers or None,
            backend=backend,
            scheduler=scheduler,
            detector=detector,
        )
        warn_other_files(images)
    _print_summary(done, out, time.monotonic() - started)
    if done["unreadable"] > MAX_UNREADABLE * done["images"]:
        reasons = ", ".join(f"{n} {r}" for r, n in done["reasons"].items() if r != Reason.NO_FACE)
        exit_with(
            f"{done['unreadable']:,} of {done['images']:,} images can't be used ({reasons}); the "
            f"column reason in {out} names each. Mend or remove them.",
            UNREADABLE,
        )


def _with_progress(images: Path, out: Path, **settings: Any) -> dict[str, Any]:
    """Extract with a progress bar on stderr."""
    with progress_bar(Rate()) as bar:
        task = bar.add_task("Reading the list of images", total=None)

        def progress(done: int, total: int) -> None:
            first = bar.tasks[task].total is None
            bar.update(task, description="Finding faces", total=total)
            # Starting anew keeps what an earlier run did out of the rate.
            bar.reset(task, completed=done) if first else bar.update(task, completed=done)

        return extract_features(images, out, progress=progress, **settings)


def _print_summary(done: dict[str, Any], out: Path, seconds: float) -> None:
    """Print a line per split and class, and one of all."""
    table = Table("split", "class")
    for name in ("images", "found", "missed", "unreadable"):
        table.add_column(name, justify="right")
    for split, labels in done["splits"].items():
        for label, counts in labels.items():
            table.add_row(split, label, *(f"{n:,}" for n in counts.values()))
    Console().print(table)
    totals = ", ".join(f"{done[name]:,} {name}" for name in ("found", "missed", "unreadable"))
    print(f"{done['images']:,} images in {seconds:.0f} s: {totals}. Landmarks are in {out}.")
