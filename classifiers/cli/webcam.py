"""Read expressions live: ``python -m classifiers webcam``."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from classifiers.bundle.bundle import BundleError
from classifiers.cli.metadata import describe, place_beside, totals, write_beside
from classifiers.cli.options import (
    CameraOption,
    DetectorOption,
    FacesOption,
    MinConfidenceOption,
    ModelOption,
    NeutralOption,
    OverwriteOption,
    PriorOption,
    SmoothingOption,
    open_predictor,
)
from classifiers.cli.outputs import Sheet, check_output
from classifiers.cli.video_reading import Sampling
from classifiers.cli.video_writer import VIDEOS, VideoWriter, annotated
from classifiers.cli.window import Window
from classifiers.inference.smoothing import TAU
from classifiers.inference.tables import Schema
from classifiers.inference.video import VideoPredictor
from classifiers.inference.video_summary import VideoSummary
from data.console import handle_errors
from landmarks.video.camera import open_camera
from landmarks.video.containers import VideoError

NEWEST = 0.1
"""Weight of the newest frame in the shown frame rate."""


def main(
    camera: CameraOption = "0",
    record: Annotated[Path | None, typer.Option(help="MP4 of what the window shows.")] = None,
    csv: Annotated[
        Path | None, typer.Option(help="CSV with a row for each face in each frame.")
    ] = None,
    faces: FacesOption = 4,
    smoothing: SmoothingOption = TAU,
    model: ModelOption = "landmarks",
    detector: DetectorOption = "mesh",
    neutral: NeutralOption = [],  # noqa: B006 - typer copies it
    prior: PriorOption = "",
    min_confidence: MinConfidenceOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Show what the camera sees, with each face's expression; q or Ctrl-C ends it.

    Nothing is kept but what --record and --csv name. Exit code 1: there is no camera or no display;
    3: an I/O error.

    Example: python -m classifiers webcam --camera 0 --csv me.csv
    """
    with handle_errors(BundleError, VideoError), ExitStack() as stack:
        predictor = open_predictor(model, detector, prior, neutral, min_confidence)
        for place, suffixes in ((csv, ()), (record, VIDEOS)):
            if place:
                check_output(place, [os.path.realpath(camera)], overwrite, suffixes)
        if csv:
            check_output(place_beside(csv), [os.path.realpath(camera)], overwrite)
        window = stack.enter_context(Window())
        source = stack.enter_context(open_camera(camera))
        schema = Schema(predictor.classes, bool(neutral))
        sheet = csv and stack.enter_context(Sheet(csv, schema.columns))
        copy = record and stack.enter_context(VideoWriter(record, source.rate))
        sampling = Sampling(faces=faces, smoothing=smoothing)
        tracked, rate = VideoPredictor(predictor, faces, smoothing), frame_rate()
        summary = VideoSummary(predictor.classes)
        with suppress(KeyboardInterrupt):  # an end like any other: results are kept
            for frame in source.frames():
                found = tracked.predict(frame)
                summary.add(frame.seconds, found)
                picture = _with_rate(annotated(frame.rgb, found), rate(time.monotonic()))
                if sheet:
                    sheet.add(schema.frame_rows(camera, frame, found))
                if copy:
                    copy.add(frame.seconds, picture)
                if not window.show(picture):
                    break
        if csv:
            made = describe(predictor, prior, neutral)
            counts = totals([summary], unreadable=0)
            write_beside(csv, made | {"video": sampling._asdict(), "counts": counts})


def frame_rate() -> Callable[[float], float]:
    """Return a function of a frame's time in seconds that gives the mean frames a second so far.

    The newest interval weighs `NEWEST`, each one before by as much less.
    """
    before = interval = None

    def at(seconds: float) -> float:
        nonlocal before, interval
        if before is not None:
            newest = seconds - before
            interval = newest if interval is None else interval + NEWEST * (newest - interval)
        before = seconds
        return 1 / interval if interval else 0.0

    return at


def _with_rate(picture: np.ndarray, rate: float) -> np.ndarray:
    """Write the frame rate into the upper left corner."""
    picture = np.array(picture)
    for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(
            picture,
            f"{rate:.0f} fps",
            (8, 24),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.6,
            colour,
            width,
            cv2.LINE_AA,
        )
    return picture
