"""Read the expressions in videos: ``python -m classifiers video VIDEO...``."""

import json
import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from classifiers.bundle.bundle import BundleError
from classifiers.cli.events import events_of, read_events
from classifiers.cli.inputs import Input, find_videos
from classifiers.cli.metadata import describe, place_beside, totals, write_beside
from classifiers.cli.options import (
    DetectorOption,
    FacesOption,
    FormatOption,
    MinConfidenceOption,
    ModelOption,
    NeutralOption,
    OverwriteOption,
    PointsOption,
    PriorOption,
    SmoothingOption,
    open_predictor,
)
from classifiers.cli.outputs import IMAGES, check_output, unlike
from classifiers.cli.video_reading import Sampling, VideoJob, VideoOutcome
from classifiers.cli.video_tables import VideoTables, read_videos
from classifiers.cli.video_writer import VIDEOS
from classifiers.inference.shifts import NEUTRAL
from classifiers.inference.smoothing import TAU
from classifiers.inference.tables import Schema
from classifiers.inference.video_events import Event
from classifiers.inference.video_summary import FaceTimes, shares
from data.console import UNREADABLE, exit_with, handle_errors, printable, warn
from data.errors import DataError

MIN_SHARE = 0.01
"""Expressions with less of the time are left out of the printed summary."""


def main(
    videos: Annotated[
        list[str],
        typer.Argument(
            metavar="VIDEO...", help="MP4, MOV, WebM, MKV or AVI; folders, or globs in quotes."
        ),
    ],
    fps: Annotated[
        float | None, typer.Option(min=0.01, help="Frames a second to read; else every one.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Read each so many-th frame of these.")] = 1,
    events: Annotated[
        Path | None, typer.Option(help="CSV of start, end and label, for --output-events.")
    ] = None,
    output_csv: Annotated[
        Path | None, typer.Option(help="Table with a row for each face in each frame.")
    ] = None,
    output_summary: Annotated[
        Path | None, typer.Option(help="Table with a row for each video.")
    ] = None,
    output_events: Annotated[
        Path | None, typer.Option(help="Table with a row for each event, face and class.")
    ] = None,
    table_format: FormatOption = "csv",
    points: PointsOption = False,
    output_video: Annotated[
        Path | None,
        typer.Option(help="MP4 with boxes, expressions and the sound, or a folder for them."),
    ] = None,
    output_timeline: Annotated[
        Path | None,
        typer.Option(help="PNG of the confidences over time, or a folder for them."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json/--summary", help="Print the summary as JSON, or as a table.")
    ] = False,
    faces: FacesOption = 4,
    smoothing: SmoothingOption = TAU,
    model: ModelOption = "landmarks",
    workers: Annotated[int, typer.Option(min=1, help="Processes, each for a video.")] = 1,
    detector: DetectorOption = "mesh",
    neutral: NeutralOption = [],  # noqa: B006 - typer copies it
    baseline: Annotated[
        str,
        typer.Option(
            help="Seconds of the video in which each face is neutral, such as 0-2.5: what a track "
            "shows is read relative to them."
        ),
    ] = "",
    prior: PriorOption = "",
    min_confidence: MinConfidenceOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Track the faces of videos and read their expressions.

    Prints the share of time of each expression. A video that can't be read has a row with the
    reason, and the others are read. Exit code 1: something doesn't fit; 2: less than 90 % of a
    video can be read, the results hold what was; 3: an I/O error. Results that are there are
    replaced with --overwrite alone.

    Example: python -m classifiers video talk.mp4 --output-csv talk.csv --output-video seen.mp4
    """
    with handle_errors(BundleError), ExitStack() as stack:
        if (events is None) != (output_events is None):
            raise DataError("--events and --output-events belong together: name both.")
        found = find_videos(videos, output_video)
        intervals = read_events(events) if events else []
        predictor = open_predictor(model, detector, prior, neutral, min_confidence)
        span = _span(baseline, predictor.classes, neutral)
        jobs = _jobs(found, output_video, output_timeline, intervals)
        _check_places(jobs, (output_csv, output_summary, output_events), overwrite)
        schema = Schema(predictor.classes, bool(neutral or baseline), points)
        places = output_csv, output_summary, output_events
        tables = VideoTables(stack, schema, predictor.classes, places, table_format)
        sampling, outcomes = Sampling(fps, every, faces, smoothing, span), []
        for outcome in read_videos(predictor, jobs, sampling, tables, workers):
            outcomes.append(outcome)
            _tell(outcome, as_json)
        if output_csv:
            made = describe(predictor, prior, neutral)
            failed = sum(bool(outcome.reason) for outcome in outcomes)
            counts = totals([outcome.summary for outcome in outcomes], failed)
            write_beside(output_csv, made | {"video": sampling._asdict(), "counts": counts})
    if as_json:
        print(json.dumps({"videos": [outcome.to_json() for outcome in outcomes]}, indent=2))
    _end_unreadable(outcomes)


def _span(text: str, classes: Sequence[str], neutral: Sequence[Path]) -> tuple[float, float] | None:
    """Return start and end of the seconds that --baseline names, None for none."""
    if not text:
        return None
    if neutral:
        raise DataError("--neutral and --baseline both say what is neutral: name one of them.")
    if NEUTRAL not in classes:
        raise DataError(f"--baseline needs a model of the class {NEUTRAL}: leave it out.")
    named = re.fullmatch(r"(\d+\.?\d*)-(\d+\.?\d*)", text)
    if not named or float(named[1]) >= float(named[2]):
        raise DataError(f"Expected seconds such as 0-2.5 for --baseline, got {text}.")
    return float(named[1]), float(named[2])


def _jobs(
    videos: Sequence[Input],
    copies: Path | None,
    timelines: Path | None,
    events: Sequence[Event],
) -> list[VideoJob]:
    """Give each video a place for its copy and its timeline, and its events."""
    jobs, taken = [], set()
    for video in videos:
        copy, timeline = (
            place and _place_of(video, place, suffix, len(videos), taken)
            for place, suffix in ((copies, VIDEOS[0]), (timelines, IMAGES[0]))
        )
        jobs.append(VideoJob(video.path, copy, timeline, events_of(events, video.path)))
    return jobs


def _place_of(video: Input, place: Path, suffix: str, count: int, taken: set[str]) -> Path:
    """Return the place itself if it is called like a file, or one in it for this video."""
    if not place.suffix or place.is_dir():
        return place / unlike(video.place.with_suffix(suffix), taken)
    if count > 1:
        raise DataError(f"Expected a folder for the results of {count} videos, got {place}.")
    return place


def _check_places(jobs: Sequence[VideoJob], tables: Sequence[Path | None], overwrite: bool) -> None:
    """Refuse, before any work, places where something would be lost."""
    inputs = {os.path.realpath(job.path) for job in jobs}
    places = [
        *((place, ()) for place in tables),
        *((job.copy, VIDEOS) for job in jobs),
        *((job.timeline, IMAGES) for job in jobs),
    ]
    named = [os.path.realpath(place) for place, _ in places if place]
    if len(set(named)) < len(named):
        raise DataError("Expected a place of its own for each result, got one twice.")
    for place, suffixes in places:
        if place:
            check_output(place, inputs, overwrite, suffixes)
    if tables[0]:
        check_output(place_beside(tables[0]), inputs, overwrite)


def _end_unreadable(outcomes: Sequence[VideoOutcome]) -> None:
    """Leave with a code if a video couldn't be read."""
    failed = sum(bool(outcome.reason) for outcome in outcomes)
    if failed and len(outcomes) == 1:  # its sentence has been said
        raise typer.Exit(UNREADABLE)
    if failed:
        exit_with(f"{failed} of {len(outcomes)} videos can't be read as a whole.", UNREADABLE)


def _tell(outcome: VideoOutcome, as_json: bool) -> None:
    """Print what was read for people, and what could not be."""
    if outcome.sentence:
        warn(outcome.sentence)
    if as_json or not outcome.summary.n_frames:
        return
    console, summary = Console(highlight=False, soft_wrap=True), outcome.summary
    duration = f" of {outcome.container_duration:.1f} s" if outcome.container_duration else ""
    console.print(
        f"[bold]{escape(printable(str(outcome.path)))}[/]  {outcome.seconds_read:.1f} s read"
        f"{duration}, {summary.n_frames:,} frames"
    )
    for track_id, times in summary.faces.items():
        span = f"{times.first:.1f} to {times.last:.1f} s"
        console.print(f"  face {track_id}, {span}: {_words([times], summary.classes)}")
    if len(summary.faces) > 1:
        console.print(f"  all faces: {_words(list(summary.faces.values()), summary.classes)}")
    if not summary.faces:
        console.print("  no face found")


def _words(faces: list[FaceTimes], classes: Sequence[str]) -> str:
    """Return the time of some faces together and its shares, the largest first."""
    each = shares([times.seconds for times in faces], classes)
    largest = sorted(each.items(), key=lambda pair: -pair[1])
    words = [f"{escape(name)} {share:.0%}" for name, share in largest if share >= MIN_SHARE]
    seconds = sum(sum(times.seconds.values()) for times in faces)
    uncertain = sum(times.uncertain for times in faces) / seconds if seconds else 0.0
    return f"seen for {seconds:.1f} s: {', '.join(words)} (uncertain {uncertain:.0%})"
