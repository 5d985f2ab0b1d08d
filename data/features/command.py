"""``make features``: the landmarks of every image of a source, as CSVs."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from data.errors import DataError, StorageError
from data.features.extraction import extract_features
from landmarks.detection.registry import Detector, DetectorError

MOST_UNREADABLE = 0.01
"""Share of unreadable images above which the command says so and ends with code 2."""

# A stop tears the workers down at once, about which their tracker would warn after our sentence.
os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")

BAD_INPUT, UNREADABLE, NO_STORAGE, STOPPED = 1, 2, 3, 130


class Rate(ProgressColumn):
    """Images a second since this run began."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing before the first chunk is done."""
        return Text(f"{task.speed:,.0f} images/s" if task.speed else "")


def features(
    images: Annotated[Path, typer.Argument(help="Folder of class folders, or CSV.")],
    out: Annotated[Path, typer.Argument(help="Folder for the CSVs.")],
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    backend: Annotated[
        str, typer.Option(help="joblib backend, such as loky; dask or ray: a running cluster.")
    ] = "loky",
    scheduler: Annotated[str, typer.Option(help="The cluster's address.")] = "",
    detector: Annotated[
        Detector, typer.Option(help="What looks for faces; mtcnn is installed when asked for.")
    ] = "mesh",
) -> None:
    """Find the faces of all images and write their landmarks; run again to go on after a stop."""
    started = time.monotonic()
    try:
        done = _with_progress(
            images,
            out,
            workers=workers or None,
            backend=backend,
            scheduler=scheduler,
            detector=detector,
        )
    except StorageError as error:
        _end(str(error), NO_STORAGE)
    except (DataError, DetectorError) as error:
        _end(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        _end("Stopped. Run the same command again to go on from here.", STOPPED)
    _print_summary(done, out, time.monotonic() - started)
    if done["unreadable"] > MOST_UNREADABLE * done["images"]:
        reasons = ", ".join(f"{n} {r}" for r, n in done["reasons"].items() if r != "no-face")
        _end(
            f"{done['unreadable']:,} of {done['images']:,} images can't be used ({reasons}); the "
            f"column reason in {out} names each. Mend or remove them.",
            UNREADABLE,
        )


def _with_progress(images: Path, out: Path, **settings: Any) -> dict[str, Any]:
    """Extract with a progress bar on stderr."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), Rate())
    screen = Console(stderr=True)
    shown = {"console": screen, "transient": True, "disable": not screen.is_terminal}
    bar = Progress(*columns, TimeRemainingColumn(), **shown)
    with bar:
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


def _end(sentence: str, code: int) -> None:
    """Say why on stderr and leave with a code."""
    print(sentence, file=sys.stderr)
    raise typer.Exit(code)


if __name__ == "__main__":
    typer.run(features)
