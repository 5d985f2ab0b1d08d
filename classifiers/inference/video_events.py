"""Sum up what each face of a video showed in the user's own intervals of time, the events."""

from collections.abc import Iterable, Iterator, Sequence
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
    """Collect the confidences of each face for the events of one video.

    Parameters
    ----------
    events : sequence of Event
        They may overlap.
    classes : sequence of str
        In the bundle's order.
    """

    def __init__(self, events: Sequence[Event], classes: Sequence[str]) -> None:
        self.events, self.classes = events, tuple(classes)
        self._faces: dict[int, list[tuple[float, ...]]] = {}

    def add(self, seconds: float, faces: Iterable[TrackedFace]) -> None:
        """Take in the next frame, if it is in an event."""
        if any(event.start <= seconds < event.end for event in self.events):
            for track_id, found in faces:
                row = (seconds, *found.confidences.values())
                self._faces.setdefault(track_id, []).append(row)

    def rows(self, image: str) -> list[list[Any]]:
        """Return the rows of `EVENT_COLUMNS` for a video of this name."""
        tracks = {track_id: np.array(rows) for track_id, rows in sorted(self._faces.items())}
        rows = []
        for event in self.events:
            head = [image, event.label, event.start, event.end]
            found = [
                [*head, track_id, *values]
                for track_id, table in tracks.items()
                for values in self._sums(table, event)
            ]
            rows += found or [[*head, 0, 0, *[None] * 5]]
        return rows

    def _sums(self, table: np.ndarray, event: Event) -> Iterator[list[Any]]:
        """Yield frames, class, mean, peak, its time and onset of each class for one face."""
        part = table[(table[:, 0] >= event.start) & (table[:, 0] < event.end)]
        if len(part) == 0:
            return
        times, proba = part[:, 0] - event.start, part[:, 1:]
        likeliest = proba.argmax(axis=1)
        for k, name in enumerate(self.classes):
            peak = proba[:, k].argmax()
            onset = next(iter(times[likeliest == k]), None)
            yield [len(part), name, proba[:, k].mean(), proba[peak, k], times[peak], onset]
