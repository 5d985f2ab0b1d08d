"""Read the expressions in photos: ``python -m classifiers image PHOTO...``."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from classifiers.bundle.bundle import DEFAULT_BUNDLE, BundleError
from classifiers.cli.batch import Job, Outcome, read_photos
from classifiers.cli.inputs import Input, find_photos
from classifiers.cli.metadata import describe, place_beside, write_beside
from classifiers.cli.options import (
    DetectorOption,
    FormatOption,
    MinConfidenceOption,
    ModelOption,
    NeutralOption,
    OverwriteOption,
    PointsOption,
    PriorOption,
    open_predictor,
)
from classifiers.cli.outputs import IMAGES, Sheet, check_output, unlike
from classifiers.cli.results import Results
from classifiers.inference.tables import COUNTS, Schema
from data.console import (
    MAX_UNREADABLE,
    STOPPED,
    UNREADABLE,
    exit_with,
    handle_errors,
    progress_bar,
    warn,
)
from data.errors import DataError
from data.image_files import warn_passed_over

MAX_NAME_BYTES = 240
"""Longest name of a copy: disks hold 255, and a number and .part may come behind it."""


def main(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO...", help="Photos, folders of photos, or globs in quotes."),
    ],
    output_image: Annotated[
        Path | None, typer.Option(help="Folder for a copy of each photo, drawn on.")
    ] = None,
    output_csv: Annotated[Path | None, typer.Option(help="Table with a row for each face.")] = None,
    table_format: FormatOption = "csv",
    points: PointsOption = False,
    counts: Annotated[
        Path | None, typer.Option(help="CSV with how often each expression occurs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print each region's contribution to the confidence.")
    ] = False,
    mesh: Annotated[bool, typer.Option("--mesh", help="Draw the mesh on the copies.")] = False,
    model: ModelOption = DEFAULT_BUNDLE,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read photos.")] = 1,
    detector: DetectorOption = "mesh",
    neutral: NeutralOption = [],  # noqa: B006 - typer copies it
    prior: PriorOption = "",
    min_confidence: MinConfidenceOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Read every face in every photo: box, expression and confidences.

    Prints them, or writes them where an option names a place. Exit code 1: something doesn't fit;
    2: more than 1 % of the photos can't be read, the results are written all the same; 3: an
    I/O error. Results that are there are replaced with --overwrite alone.

    Example: python -m classifiers image photos/ --output-csv faces.csv --output-image seen/
    """
    with handle_errors(BundleError):
        if mesh and output_image is None:
            raise DataError("--mesh draws on copies of the photos: name --output-image, too.")
        found, others = find_photos(photos, output_image)
        predictor = open_predictor(model, detector, prior, neutral, min_confidence)
        schema = Schema(predictor.manifest["classes"], bool(neutral), points)
        _check_places(found, output_csv, counts, overwrite)
        jobs = _jobs(found, output_image, mesh, explain, overwrite)
        places = [place for place in (output_csv, counts, output_image) if place]
        results = Results(predictor, schema, as_json, explain, quiet=bool(places))
        bar = progress_bar(hidden=len(jobs) < 2 or not (places or as_json))
        outcomes = read_photos(predictor, jobs, workers)
        table = Sheet(output_csv, schema.columns, table_format) if output_csv else nullcontext()
        with bar, table as sheet:
            _take(outcomes, results, sheet, bar, len(jobs))
        if counts:
            with Sheet(counts, COUNTS) as count_sheet:
                count_sheet.add(results.counted())
        if output_csv:
            made = describe(predictor, prior, neutral)
            write_beside(output_csv, made | {"counts": results.totals()})
    results.print_rest(places)
    warn_passed_over(others)
    _end_unreadable(results)


def _take(
    outcomes: Iterator[Outcome], results: Results, sheet: Sheet | None, bar: Progress, total: int
) -> None:
    """Take all outcomes; end where the user stops that."""
    task = bar.add_task("Reading photos", total=total)
    try:
        for outcome in outcomes:
            results.add(outcome, sheet)
            bar.advance(task)
    except KeyboardInterrupt:
        where = f"; their rows are in {sheet.part}" if sheet else ""
        exit_with(f"Stopped after {results.n_photos:,} of {total:,} photos{where}.", STOPPED)


def _jobs(
    photos: Sequence[Input], folder: Path | None, mesh: bool, explain: bool, overwrite: bool
) -> list[Job]:
    """Give each photo a place for its picture, no two the same, none of them taken by others."""
    inputs = {os.path.realpath(photo.path) for photo in photos}
    jobs, taken = [], set()
    for photo in photos:
        picture = folder and folder / unlike(_picture_name(photo.place), taken)
        if picture:
            check_output(picture, inputs, overwrite, IMAGES)
        jobs.append(Job(photo.path, picture, mesh, explain))
    return jobs


def _picture_name(place: Path) -> Path:
    """Return a photo's name, with .png behind it unless pictures of its kind are written.

    One that leaves no room for what is put behind it is cut, with a sentence.
    """
    if place.suffix.lower() not in IMAGES:
        place = place.with_name(f"{place.name}.png")
    room = MAX_NAME_BYTES - len(place.suffix)
    stem = os.fsencode(place.stem)
    if len(stem) <= room:
        return place
    shorter = place.with_stem(stem[:room].decode("utf-8", "ignore"))
    warn(f"The name of the photo {place.stem} is too long for its copy, which is {shorter}.")
    return shorter


def _check_places(
    photos: Collection[Input], output_csv: Path | None, counts: Path | None, overwrite: bool
) -> None:
    """Refuse, before any work, places where something would be lost."""
    inputs = {os.path.realpath(photo.path) for photo in photos}
    if output_csv and counts and os.path.realpath(output_csv) == os.path.realpath(counts):
        raise DataError(f"--output-csv and --counts both name {counts}; name two files.")
    for place in filter(None, (output_csv, counts)):
        check_output(place, inputs, overwrite)
    if output_csv:
        check_output(place_beside(output_csv), inputs, overwrite)


def _end_unreadable(results: Results) -> None:
    """Leave with a code if more than a few photos couldn't be read."""
    if results.n_unreadable <= MAX_UNREADABLE * results.n_photos:
        return
    if results.n_photos == 1:  # its sentence has been said
        raise typer.Exit(UNREADABLE)
    exit_with(
        f"{results.n_unreadable:,} of {results.n_photos:,} photos can't be read; mend or remove "
        "them.",
        UNREADABLE,
    )
