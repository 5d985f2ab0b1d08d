"""Sum up what each face of a video showed in the user's own intervals of time, the events."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from classifiers.inference.tables import CONFIDENCE_DECIMALS, INTEGER, NUMBER, TEXT, Column
from classifiers.inference.video import TrackedFace


class Event(NamedTuple):
    """An interval of a video.

    Attributes
    ----------
    start, end : float
        Seconds of the video; a frame at `end` is no longer in it.
    label : str
    image : str
        The video's name or path, or ``""`` for every video.
    """

    start: float
    end: float
    label: str
    image: str = ""


EVENT_COLUMNS = (
    Column("image", TEXT, "the video as you named it"),
    Column("label", TEXT, "the event's label"),
    Column("start", NUMBER, "the event's start in seconds", 3),
    Column("end", NUMBER, "the event's end in seconds; a frame at the end is not in it", 3),
    Column("face", INTEGER, "number of the track; 0 if the event shows no face"),
    Column("frames", INTEGER, "how many frames of the event show the face"),
    Column("expression", TEXT, "the class that the next columns are about"),
    Column("mean", NUMBER, "mean confidence over these frames", CONFIDENCE_DECIMALS),
    Column("peak", NUMBER, "largest confidence", CONFIDENCE_DECIMALS),
    Column("peak_time", NUMBER, "seconds from the event's start to the peak", 3),
    Column(
        "onset_time",
        NUMBER,
        "seconds from the event's start to the first frame of this expression, if any",
        3,
    ),
)
"""Columns of `EventTimes.rows`: a row for each event, face and class."""


class EventTimes:
    """Collect the confidences of each face in each event.

    Parameters
    ----------
    events : sequence of Event
        Those of one video; they may overlap.
    classes : sequence of str
        In the bundle's order.
    """

    def __init__(self, events: Sequence[Event], classes: Sequence[str]) -> None:
        self.events, self.classes = events, tuple(classes)
        self._faces: list[dict[int, _Confidences]] = [{} for _ in events]

    def add(self, seconds: float, faces: Iterable[TrackedFace]) -> None:
        """Take in the next frame."""
        faces = list(faces)
        for event, kept in zip(self.events, self._faces, strict=True):
            if event.start <= seconds < event.end:
                for track_id, found in faces:
                    nothing = _Confidences(len(self.classes))
                    proba = np.array(list(found.confidences.values()))
                    kept.setdefault(track_id, nothing).add(seconds - event.start, proba)

    def rows(self, image: str) -> list[list[Any]]:
        """Return the rows of `EVENT_COLUMNS` for a video of this name."""
        rows = []
        for event, kept in zip(self.events, self._faces, strict=True):
            head = [image, event.label, event.start, event.end]
            for track_id, found in sorted(kept.items()):
                for name, values in zip(self.classes, found.rows(), strict=True):
                    rows.append([*head, track_id, found.n_frames, name, *values])
            if not kept:
                rows.append([*head, 0, 0, *[None] * 5])
        return rows


class _Confidences:
    """One face's confidences in one event: mean, peak and onset of each of k classes."""

    def __init__(self, n_classes: int) -> None:
        self.n_frames = 0
        self._sum, self._peak = np.zeros(n_classes), np.full(n_classes, -1.0)
        self._peak_time, self._onset = np.zeros(n_classes), np.full(n_classes, np.nan)

    def add(self, seconds: float, proba: np.ndarray) -> None:
        """Take in the confidences (k,) of a frame, so many seconds from the event's start."""
        self.n_frames += 1
        self._sum += proba
        higher = proba > self._peak
        self._peak = np.where(higher, proba, self._peak)
        self._peak_time = np.where(higher, seconds, self._peak_time)
        likeliest = int(np.argmax(proba))
        if np.isnan(self._onset[likeliest]):
            self._onset[likeliest] = seconds

    def rows(self) -> list[list[float | None]]:
        """Return mean, peak, its time and the onset of each class, None for no onset."""
        columns = (self._sum / self.n_frames, self._peak, self._peak_time, self._onset)
        rows = np.stack(columns, axis=1).tolist()
        return [[None if value != value else value for value in row] for row in rows]
