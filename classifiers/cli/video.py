"""Read the expressions in a video: ``python -m classifiers video VIDEO``."""

import io
import json
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.markup import escape

from classifiers.bundle.bundle import BundleError
from classifiers.cli.options import (
    DetectorOption,
    FacesOption,
    ModelOption,
    NeutralOption,
    OverwriteOption,
    PriorOption,
    SmoothingOption,
    open_predictor,
)
from classifiers.cli.outputs import IMAGES, Sheet, check_output, save_image
from classifiers.cli.video_writer import VIDEOS, VideoWriter, annotated
from classifiers.inference.smoothing import TAU
from classifiers.inference.timeline import Timeline, draw
from classifiers.inference.video import VideoPredictor
from classifiers.inference.video_summary import FaceTimes, VideoSummary, shares
from classifiers.inference.video_tables import columns, rows_of
from data.console import UNREADABLE, exit_with, handle_errors, printable, progress_bar
from data.errors import DataError
from landmarks.video.containers import DamagedVideo, VideoError
from landmarks.video.reader import VideoReader

MIN_SHARE_READ = 0.9
"""Share of the container's duration below which the command ends with `UNREADABLE`."""

MIN_SHARE = 0.01
"""Expressions with less of the time are left out of the printed summary."""


def main(
    video: Annotated[Path, typer.Argument(help="An MP4, MOV, WebM, MKV or AVI.")],
    fps: Annotated[
        float | None, typer.Option(min=0.01, help="Frames a second to read; else every one.")
    ] = None,
    output_csv: Annotated[
        Path | None, typer.Option(help="CSV with a row for each face in each frame.")
    ] = None,
    output_video: Annotated[
        Path | None, typer.Option(help="MP4 with boxes and expressions, and the video's sound.")
    ] = None,
    output_timeline: Annotated[
        Path | None, typer.Option(help="PNG of each face's confidences over time.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json/--summary", help="Print the summary as JSON, or as a table.")
    ] = False,
    faces: FacesOption = 4,
    smoothing: SmoothingOption = TAU,
    model: ModelOption = "landmarks",
    detector: DetectorOption = "mesh",
    neutral: NeutralOption = [],  # noqa: B006 - typer copies it
    prior: PriorOption = "",
    overwrite: OverwriteOption = False,
) -> None:
    """Track the faces of a video and read their expressions.

    Prints the share of time of each expression. Exit code 1: something doesn't fit; 2: less than
    90 % of the video can be read, the results hold what was; 3: an I/O error. Results that
    are there are replaced with --overwrite alone.

    Example: python -m classifiers video talk.mp4 --output-csv talk.csv --output-video seen.mp4
    """
    with handle_errors(BundleError, VideoError), ExitStack() as stack:
        places = (output_csv, output_video, output_timeline)
        predictor = open_predictor(model, detector, prior, neutral)
        _check_places(video, places, overwrite)
        try:
            opened = stack.enter_context(VideoReader(video))
            tracked = VideoPredictor(predictor, faces, smoothing)
            summary, timeline = predict_video(opened, fps, tracked, predictor.classes, places[:2])
        except DamagedVideo as error:
            exit_with(str(error), UNREADABLE)
        if output_timeline:
            save_image(_picture(timeline, video), output_timeline)
        _print(video, opened, summary, as_json)
        if opened.share_read < MIN_SHARE_READ:
            exit_with(_too_little(video, opened, any(places)), UNREADABLE)


def predict_video(
    video: VideoReader,
    fps: float | None,
    predictor: VideoPredictor,
    classes: tuple[str, ...],
    places: tuple[Path | None, Path | None],
) -> tuple[VideoSummary, Timeline]:
    """Predict on all frames and write each result as it comes, so that memory stays bounded.

    Parameters
    ----------
    video : VideoReader
    fps : float, optional
        Most frames a second.
    predictor : VideoPredictor
    classes : tuple of str
    places : tuple of Path, optional
        Of the CSV and of the annotated copy.
    """
    rate = min(fps or video.rate, video.rate)
    summary, timeline = VideoSummary(classes), Timeline(classes, rate)
    with ExitStack() as stack:
        sheet = places[0] and stack.enter_context(Sheet(places[0], columns(classes)))
        copy = places[1] and stack.enter_context(VideoWriter(places[1], rate, video.has_audio))
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("Reading the video", total=video.container_duration)
        for frame in video.frames(fps, on_audio=copy.on_audio if copy else None):
            faces = predictor.predict(frame)
            summary.add(frame.seconds, faces)
            timeline.add(frame.seconds, faces)
            if sheet:
                sheet.add(rows_of(frame, faces, classes))
            if copy:
                copy.add(frame.seconds, annotated(frame.rgb, faces))
            bar.update(task, completed=frame.seconds)
        summary.end(video.seconds_read)
    return summary, timeline


def _check_places(video: Path, places: tuple[Path | None, ...], overwrite: bool) -> None:
    """Refuse, before any work, places where something would be lost."""
    named = [os.path.realpath(place) for place in places if place]
    if len(set(named)) < len(named):
        raise DataError("Expected a place of its own for each result, got one twice.")
    for place, suffixes in zip(places, ((), VIDEOS, IMAGES), strict=True):
        if place:
            check_output(place, [os.path.realpath(video)], overwrite, suffixes)


def _picture(timeline: Timeline, video: Path) -> Image.Image:
    """Return the timeline as a picture."""
    content = io.BytesIO()
    draw(timeline, printable(video.name)).savefig(content, dpi=120, format="png")
    return Image.open(content)


def _too_little(path: Path, video: VideoReader, kept: bool) -> str:
    """Say how much of a video was read."""
    duration = f"{video.container_duration:.1f}" if video.container_duration else "?"
    return (
        f"Only {video.share_read:.0%} of {path} can be read, {video.seconds_read:.1f} s of the "
        f"{duration} s of its container; copy it again"
        + (", the results hold what was read." if kept else ".")
    )


def _print(path: Path, video: VideoReader, summary: VideoSummary, as_json: bool) -> None:
    """Print what was read, for programs or for people."""
    if as_json:
        head = {
            "video": str(path),
            "container_duration": video.container_duration,
            "read": round(video.seconds_read, 3),
            "share_read": round(video.share_read, 4),
        }
        print(json.dumps(head | summary.to_json(), indent=2))
        return
    console = Console(highlight=False, soft_wrap=True)
    duration = f" of {video.container_duration:.1f} s" if video.container_duration else ""
    console.print(
        f"[bold]{escape(printable(str(path)))}[/]  {video.seconds_read:.1f} s read{duration}, "
        f"{summary.n_frames:,} frames"
    )
    for track_id, times in summary.faces.items():
        span = f"{times.first:.1f} to {times.last:.1f} s"
        console.print(f"  face {track_id}, {span}: {_words([times], summary.classes)}")
    if len(summary.faces) > 1:
        console.print(f"  all faces: {_words(list(summary.faces.values()), summary.classes)}")
    if not summary.faces:
        console.print("  no face found")


def _words(faces: list[FaceTimes], classes: tuple[str, ...]) -> str:
    """Return the time of some faces together and its shares, the largest first."""
    each = shares([times.seconds for times in faces], classes)
    largest = sorted(each.items(), key=lambda pair: -pair[1])
    words = [f"{escape(name)} {share:.0%}" for name, share in largest if share >= MIN_SHARE]
    seconds = sum(sum(times.seconds.values()) for times in faces)
    uncertain = sum(times.uncertain for times in faces) / seconds if seconds else 0.0
    return f"seen for {seconds:.1f} s: {', '.join(words)} (uncertain {uncertain:.0%})"
