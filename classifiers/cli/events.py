"""Read the user's events: intervals of videos, in a CSV of start, end and label."""

import csv
from collections.abc import Sequence
from pathlib import Path

from classifiers.inference.video_events import Event
from data.errors import DataError

_COLUMNS = ("start", "end", "label")


def read_events(path: Path) -> list[Event]:
    """Read events.

    Parameters
    ----------
    path : Path
        A CSV with the columns start and end, in seconds of the video, label, and, if they are not
        those of every video, image: the name or the path of the video.

    Raises
    ------
    DataError
        If it can't be read, lacks a column, or has a row that is no interval.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"Can't read the events in {path}: {reason}; name a CSV.") from error
    if not rows or not set(_COLUMNS) <= set(rows[0]):
        found = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise DataError(f"Expected rows of start, end and label in {path}, got {found}.")
    return [_event(path, number, row) for number, row in enumerate(rows, 1)]


def events_of(events: Sequence[Event], video: Path) -> list[Event]:
    """Return the events of a video: those that name it, and those that name none."""
    return [event for event in events if event.image in ("", video.name, str(video))]


def _event(path: Path, number: int, row: dict[str, str | None]) -> Event:
    """Return the event of a row."""
    try:
        start, end = float(row["start"] or ""), float(row["end"] or "")
        if 0 <= start < end:
            return Event(start, end, row["label"] or "", row.get("image") or "")
    except ValueError:
        pass
    raise DataError(
        f"Expected an event in seconds, its start below its end, in row {number} of {path}, got "
        f"start {row['start']!r} and end {row['end']!r}."
    )
