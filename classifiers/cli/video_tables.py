"""Write the tables of videos: of their faces, of the videos themselves, and of events."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from classifiers.cli.outputs import Format, Sheet
from classifiers.cli.video_reading import OnFrame, Sampling, VideoJob, VideoOutcome, read_video
from classifiers.cli.workers import each
from classifiers.inference.predictor import Predictor
from classifiers.inference.tables import Schema
from classifiers.inference.video import TrackedFace
from classifiers.inference.video_events import EVENT_COLUMNS
from classifiers.inference.video_summary import summary_columns
from landmarks.video.reader import Frame


class VideoTables:
    """The tables that are wanted, open for writing.

    Parameters
    ----------
    stack : ExitStack
        Closes them.
    schema : Schema
        Of the table of faces.
    classes : sequence of str
    places : sequence of Path, optional
        Of the tables of faces, of videos and of events.
    kind : {"csv", "jsonl", "parquet"}
    """

    def __init__(
        self,
        stack: ExitStack,
        schema: Schema,
        classes: Sequence[str],
        places: Sequence[Path | None],
        kind: Format,
    ) -> None:
        self.schema = schema
        heads = schema.columns, summary_columns(classes), EVENT_COLUMNS
        self.faces, self._videos, self._events = (
            place and stack.enter_context(Sheet(place, columns, kind))
            for place, columns in zip(places, heads, strict=True)
        )

    def add(self, outcome: VideoOutcome) -> None:
        """Take what became of a video whose faces are written."""
        if self.faces and not outcome.summary.n_frames:
            self.faces.add(self.schema.photo_rows(str(outcome.path), None, outcome.reason))
        if self._videos:
            self._videos.add([outcome.row()])
        if self._events:
            self._events.add(outcome.event_rows)


class _Task(NamedTuple):
    """A video for a worker, and the place of its part of the table of faces, if there is one."""

    job: VideoJob
    sampling: Sampling
    schema: Schema
    part: Path | None
    kind: Format


def read_videos(
    predictor: Predictor,
    jobs: Sequence[VideoJob],
    sampling: Sampling,
    tables: VideoTables,
    workers: int,
) -> Iterator[VideoOutcome]:
    """Yield what became of each video, its rows written.

    Parameters
    ----------
    predictor : Predictor
    jobs : sequence of VideoJob
    sampling : Sampling
    tables : VideoTables
    workers : int
        Processes; each reads a video and writes a part of the table, which is joined here.
    """
    sheet = tables.faces
    if workers == 1:
        for job in jobs:
            outcome = read_video(predictor, job, sampling, _adding(sheet, tables.schema, job.path))
            tables.add(outcome)
            yield outcome
        return
    with tempfile.TemporaryDirectory(dir=sheet.path.parent if sheet else None) as folder:
        parts = [Path(folder, str(number)) if sheet else None for number in range(len(jobs))]
        kind = sheet.kind if sheet else "csv"
        tasks = [
            _Task(job, sampling, tables.schema, part, kind)
            for job, part in zip(jobs, parts, strict=True)
        ]
        for task, outcome in zip(tasks, each(_read_apart, predictor, tasks, workers), strict=True):
            if sheet and task.part:
                sheet.append(task.part)
            tables.add(outcome)
            yield outcome


def _read_apart(predictor: Predictor, task: _Task) -> VideoOutcome:
    """Read a video in a worker."""
    with ExitStack() as stack:
        sheet = task.part and stack.enter_context(
            Sheet(task.part, task.schema.columns, task.kind, head=False)
        )
        on_frame = _adding(sheet, task.schema, task.job.path)
        return read_video(predictor, task.job, task.sampling, on_frame, is_hidden=True)


def _adding(sheet: Sheet | None, schema: Schema, video: Path) -> OnFrame:
    """Return what adds the faces of each frame of a video to a table."""

    def add(frame: Frame, faces: Sequence[TrackedFace]) -> None:
        if sheet:
            sheet.add(schema.frame_rows(str(video), frame, faces))

    return add
