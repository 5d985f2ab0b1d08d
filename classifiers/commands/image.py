"""Read the expressions in photos: ``python -m classifiers image PHOTO...``."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from classifiers.bundle import DEFAULT_BUNDLE
from classifiers.commands.ending import (
    MOST_UNREADABLE,
    STOPPED,
    UNREADABLE,
    BadInput,
    complain,
    end,
    sentences,
)
from classifiers.commands.outputs import PICTURES, Sheet, check_picture, check_sheet
from classifiers.commands.photos import Photo, find_photos
from classifiers.commands.reading_photos import Job, Outcome, read_photos
from classifiers.commands.showing import show
from classifiers.predictor import Predictor
from classifiers.reading_rows import columns, rows_of

COUNTS = ("expression", "count", "share", "unsure")


def main(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO...", help="Photos, folders of photos, or globs in quotes."),
    ],
    output_image: Annotated[
        Path | None, typer.Option(help="Folder for a copy of each photo, drawn on.")
    ] = None,
    output_csv: Annotated[Path | None, typer.Option(help="CSV with a row for each face.")] = None,
    counts: Annotated[
        Path | None, typer.Option(help="CSV with how often each expression occurs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say which regions of the face moved the answer.")
    ] = False,
    mesh: Annotated[bool, typer.Option("--mesh", help="Draw the mesh on the copies.")] = False,
    model: Annotated[
        str, typer.Option(help="A bundle's folder, or one of landmarks, fused, auto.")
    ] = DEFAULT_BUNDLE,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read photos.")] = 1,
) -> None:
    """Read every face in every photo: box, expression and confidences.

    Prints them, or writes them where an option names a place. Exit code 1: something doesn't fit;
    2: more than 1 % of the photos can't be read, the results are written all the same; 3: the disk
    refuses. Only results of earlier runs are written over.

    Example: python -m classifiers image photos/ --output-csv faces.csv --output-image seen/
    """
    with sentences():
        if mesh and output_image is None:
            raise BadInput("--mesh draws on copies of the photos: name --output-image, too.")
        found = find_photos(photos, output_image)
        predictor = Predictor(model)
        classes = predictor.manifest["classes"]
        _check_places(found, output_csv, counts, columns(classes))
        jobs = _jobs(found, output_image, mesh, explain)
        places = [place for place in (output_csv, counts, output_image) if place]
        with ExitStack() as stack:
            sheet = output_csv and stack.enter_context(Sheet(output_csv, columns(classes)))
            results = Results(classes, sheet, as_json, explain, quiet=bool(places))
            with _progress(len(jobs), hidden=not (places or as_json)) as bar:
                task = bar.add_task("Reading photos", total=len(jobs))
                try:
                    for outcome in read_photos(predictor, jobs, workers):
                        results.add(outcome)
                        bar.advance(task)
                except KeyboardInterrupt:
                    end(_stopped(results.n_photos, len(jobs), sheet), STOPPED)
        if counts:
            with Sheet(counts, COUNTS) as count_sheet:
                count_sheet.add(results.counted())
    results.print_rest(places)
    _end_unreadable(results)


class Results:
    """Takes what became of each photo to where it belongs, and counts.

    Parameters
    ----------
    classes : sequence of str
    sheet : Sheet or None
        Takes the rows.
    as_json, explain : bool
        What is printed: one JSON document at the end, and whether with explanations.
    quiet : bool
        Whether a summary is enough, because results are written.
    """

    def __init__(
        self,
        classes: Sequence[str],
        sheet: Sheet | None,
        as_json: bool,
        explain: bool,
        quiet: bool,
    ):
        self.classes, self.sheet = classes, sheet
        self.as_json, self.explain, self.quiet = as_json, explain, quiet
        self.n_photos = self.n_faces = self.n_unreadable = self.n_faceless = 0
        self.expressions, self.unsure = Counter(), Counter()
        self._elements: list[dict[str, Any]] = []
        self._console = Console(highlight=False)

    def add(self, outcome: Outcome) -> None:
        """Take one photo's outcome."""
        name, reading = str(outcome.path), outcome.reading
        self._count(outcome)
        if outcome.sentence:
            complain(outcome.sentence)
        if self.sheet:
            self.sheet.add(rows_of(name, reading, outcome.reason, self.classes))
        if self.as_json:
            unreadable = {"image": name, "faces": [], "reason": outcome.reason}
            element = reading.to_json(name, explain=self.explain) if reading else unreadable
            self._elements.append(element)
        elif reading and not self.quiet:
            show(self._console, outcome.path, reading, self.explain)

    def counted(self) -> Iterator[tuple[str, int, float, int]]:
        """Yield each expression, how many faces show it, their share, how many of them unsure."""
        for name in self.classes:
            count = self.expressions[name]
            yield name, count, count / max(self.n_faces, 1), self.unsure[name]

    def print_rest(self, places: Sequence[Path]) -> None:
        """Print what comes at the end."""
        if self.as_json:
            typer.echo(json.dumps({"images": self._elements}, indent=2))
        elif places:
            shown = ", ".join(f"{name} {n:,}" for name, n in self.expressions.most_common())
            self._console.print(
                f"{self.n_photos:,} photos, {self.n_faces:,} faces"
                f"{f' ({shown})' if shown else ''}, {self.n_faceless:,} without a face, "
                f"{self.n_unreadable:,} unreadable. Results are in "
                f"{' and '.join(map(str, places))}.",
                markup=False,
                soft_wrap=True,
            )

    def _count(self, outcome: Outcome) -> None:
        faces = outcome.reading.faces if outcome.reading else []
        self.n_photos += 1
        self.n_faces += len(faces)
        self.n_unreadable += outcome.reading is None
        self.n_faceless += outcome.reading is not None and not faces
        self.expressions.update(face.expression for face in faces)
        self.unsure.update(face.expression for face in faces if face.unsure)


def _jobs(photos: Sequence[Photo], folder: Path | None, mesh: bool, explain: bool) -> list[Job]:
    """Give each photo a place for its picture, no two the same, none of them taken by others."""
    inputs = {photo.path.resolve() for photo in photos}
    jobs, taken = [], set()
    for photo in photos:
        picture = folder and folder / _unlike(_picture_name(photo.place), taken)
        if picture:
            check_picture(picture, inputs)
        jobs.append(Job(photo.path, picture, mesh, explain))
    return jobs


def _picture_name(place: Path) -> Path:
    """Return a photo's name, with .png behind it unless pictures of its kind are written."""
    if place.suffix.lower() in PICTURES:
        return place
    return place.with_name(f"{place.name}.png")


def _unlike(place: Path, taken: set[str]) -> Path:
    """Return `place`, or another name for it if it is taken; some disks don't tell A from a."""
    unlike, number = place, 1
    while str(unlike).casefold() in taken:
        number += 1
        unlike = place.with_stem(f"{place.stem}-{number}")
    taken.add(str(unlike).casefold())
    return unlike


def _check_places(
    photos: Collection[Photo], output_csv: Path | None, counts: Path | None, head: list[str]
) -> None:
    """Refuse, before any work, places that hold anything but an earlier run's results."""
    inputs = {photo.path.resolve() for photo in photos}
    if output_csv and counts and output_csv.resolve() == counts.resolve():
        raise BadInput(f"--output-csv and --counts both name {counts}; name two files.")
    for place, columns_there in ((output_csv, head), (counts, COUNTS)):
        if place:
            check_sheet(place, columns_there, inputs)


def _progress(total: int, hidden: bool) -> Progress:
    """Return a bar on stderr, for work that takes a while and prints nothing meanwhile."""
    screen = Console(stderr=True)
    return Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        redirect_stdout=False,
        disable=hidden or total < 2 or not screen.is_terminal,
    )


def _stopped(n_done: int, n_photos: int, sheet: Sheet | None) -> str:
    """Say how far a stopped run came and where that is."""
    where = f"; their rows are in {sheet.part}" if sheet else ""
    return f"Stopped after {n_done:,} of {n_photos:,} photos{where}."


def _end_unreadable(results: Results) -> None:
    """Leave with a code if more than a few photos couldn't be read."""
    if results.n_unreadable <= MOST_UNREADABLE * results.n_photos:
        return
    if results.n_photos == 1:  # its sentence has been said
        raise typer.Exit(UNREADABLE)
    end(
        f"{results.n_unreadable:,} of {results.n_photos:,} photos can't be read; mend or remove "
        "them.",
        UNREADABLE,
    )
