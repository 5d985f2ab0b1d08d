"""Read one video: its rows, its events, its annotated copy and its timeline."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from rich.progress import Progress

from classifiers.cli.outputs import save_image
from classifiers.cli.video_writer import VideoWriter, annotated
from classifiers.inference.predictor import Predictor
from classifiers.inference.shifts import Baseline
from classifiers.inference.smoothing import TAU
from classifiers.inference.timeline import Timeline, draw
from classifiers.inference.video import (
    NO_BASELINES,
    TrackedFace,
    VideoPredictor,
    baselines_of,
)
from classifiers.inference.video_events import Event, EventTimes
from classifiers.inference.video_summary import VideoSummary
from data.console import printable, progress_bar
from landmarks.video.containers import VideoError
from landmarks.video.reader import Frame, VideoReader

MIN_SHARE_READ = 0.9
"""Share of the container's duration below which a video counts as damaged."""

OnFrame = Callable[[Frame, Sequence[TrackedFace]], None]


class VideoJob(NamedTuple):
    """One video and what is wanted of it.

    Attributes
    ----------
    path : Path
    copy, timeline : Path, optional
        Where the annotated copy and the picture of the confidences over time go.
    events : sequence of Event
    """

    path: Path
    copy: Path | None = None
    timeline: Path | None = None
    events: Sequence[Event] = ()


class Sampling(NamedTuple):
    """Which frames are read, and how faces are tracked.

    Attributes
    ----------
    fps : float, optional
        Most frames a second.
    every : int
        Of these, each so many-th is read.
    faces : int
        Most faces in a frame.
    smoothing : float
        Seconds, see `classifiers.inference.smoothing`.
    baseline : tuple of float, optional
        First second of the video in which every face is neutral, and the end of that.
    """

    fps: float | None = None
    every: int = 1
    faces: int = 4
    smoothing: float = TAU
    baseline: tuple[float, float] | None = None

    def of(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Return the frames that are read."""
        return islice(frames, None, None, self.every)


class VideoOutcome(NamedTuple):
    """What became of one video.

    Attributes
    ----------
    path : Path
    summary : VideoSummary
    container_duration : float or None
        Seconds, by the container.
    seconds_read, share_read : float
        How much of them could be read.
    reason, sentence : str
        Why nothing, or not all, can be read; for people, too.
    event_rows : list of list
        See `classifiers.inference.video_events`.
    """

    path: Path
    summary: VideoSummary
    container_duration: float | None = None
    seconds_read: float = 0.0
    share_read: float = 0.0
    reason: str = ""
    sentence: str = ""
    event_rows: Sequence[list[Any]] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the element of ``videos``."""
        return {
            "video": str(self.path),
            "container_duration": self.container_duration,
            "read": round(self.seconds_read, 3),
            "share_read": round(self.share_read, 4),
            "reason": self.reason,
        } | self.summary.to_json()

    def row(self) -> list[Any]:
        """Return the row of `classifiers.inference.video_summary.summary_columns`."""
        faces, shares = self.summary.faces.values(), self.summary.overall()
        seconds = sum(sum(times.seconds.values()) for times in faces)
        uncertain = sum(times.uncertain for times in faces)
        return [
            *(str(self.path), int(self.summary.n_frames > 0), self.reason),
            *(self.container_duration, self.seconds_read, self.share_read),
            *(self.summary.n_frames, len(faces), seconds),
            uncertain / seconds if seconds else None,
            *(shares.values() if seconds else [None] * len(shares)),
        ]


def read_video(
    predictor: Predictor,
    job: VideoJob,
    sampling: Sampling,
    on_frame: OnFrame,
    is_hidden: bool = False,
) -> VideoOutcome:
    """Read a video as far as it can be read, and write its copy and timeline.

    Each frame's results are written as they come, so that memory stays bounded.

    Parameters
    ----------
    predictor : Predictor
    job : VideoJob
    sampling : Sampling
    on_frame : callable
        Is given each frame and its faces.
    is_hidden : bool, default False
        Whether there is no progress bar.

    Raises
    ------
    StorageError
        On an I/O error of a result.
    """
    try:
        with VideoReader(job.path) as video:
            return _read(predictor, job, sampling, on_frame, video, progress_bar(hidden=is_hidden))
    except VideoError as error:
        nothing = VideoSummary(predictor.classes)
        return VideoOutcome(job.path, nothing, reason=error.reason, sentence=str(error))


def _read(
    predictor: Predictor,
    job: VideoJob,
    sampling: Sampling,
    on_frame: OnFrame,
    video: VideoReader,
    bar: Progress,
) -> VideoOutcome:
    """Read an open video."""
    rate = min(sampling.fps or video.rate, video.rate) / sampling.every
    baselines = _baselines(predictor, job, sampling)
    tracked = VideoPredictor(predictor, sampling.faces, sampling.smoothing, baselines)
    events = EventTimes(job.events, predictor.classes)
    summary, timeline = VideoSummary(predictor.classes), Timeline(predictor.classes, rate)
    with ExitStack() as stack:
        copy = job.copy and stack.enter_context(VideoWriter(job.copy, rate, video.has_audio))
        stack.enter_context(bar)
        task = bar.add_task(f"Reading {printable(job.path.name)}", total=video.container_duration)
        frames, seconds = video.frames(sampling.fps, copy.on_audio if copy else None), 0.0
        for frame in sampling.of(frames):
            faces, seconds = tracked.predict(frame), frame.seconds
            for taking in (summary, timeline, events):
                taking.add(seconds, faces)
            on_frame(frame, faces)
            if copy:
                copy.add(seconds, annotated(frame.rgb, faces))
            bar.update(task, completed=seconds)
        # The sound may go on when the last frame is over.
        summary.end(min(video.seconds_read, seconds + 1 / rate))
    if job.timeline:
        save_image(_picture(timeline, job.path), job.timeline)
    outcome = _outcome(job, summary, video, events)
    if sampling.baseline and not baselines and not outcome.sentence:
        start, end = sampling.baseline
        sentence = (
            f"No face in {job.path} from {start:g} to {end:g} s: its confidences are absolute."
        )
        return outcome._replace(sentence=sentence)
    return outcome


def _baselines(predictor: Predictor, job: VideoJob, sampling: Sampling) -> Mapping[int, Baseline]:
    """Return the neutral face of each track in a first pass over the video, as far as needed."""
    if not sampling.baseline:
        return NO_BASELINES
    with VideoReader(job.path) as video:
        frames = sampling.of(video.frames(sampling.fps))
        tracked = VideoPredictor(predictor, sampling.faces, tau=0)
        return baselines_of(tracked, frames, *sampling.baseline, predictor.manifest)


def _outcome(
    job: VideoJob, summary: VideoSummary, video: VideoReader, events: EventTimes
) -> VideoOutcome:
    """Return what became of a video that was read as far as it goes."""
    outcome = VideoOutcome(
        *(job.path, summary, video.container_duration, video.seconds_read, video.share_read),
        event_rows=events.rows(str(job.path)),
    )
    if video.share_read >= MIN_SHARE_READ:
        return outcome
    duration = f"{video.container_duration:.1f}" if video.container_duration else "?"
    sentence = (
        f"Only {video.share_read:.0%} of {job.path} can be read, {video.seconds_read:.1f} s of the "
        f"{duration} s of its container; copy it again, any results hold what was read."
    )
    return outcome._replace(reason="cut-off", sentence=sentence)


def _picture(timeline: Timeline, video: Path) -> Image.Image:
    """Return the timeline as a picture."""
    content = io.BytesIO()
    draw(timeline, printable(video.name)).savefig(content, dpi=120, format="png")
    return Image.open(content)
