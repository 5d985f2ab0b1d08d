"""Sum up how long each face of a video showed each expression.

A frame's predictions hold until the next frame that was read, so that shares are shares of time,
not of frames, at whatever distances they come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from classifiers.inference.tables import INTEGER, NUMBER, TEXT, Column, class_columns
from classifiers.inference.video import TrackedFace


@dataclass
class FaceTimes:
    """When one face was seen and what it showed.

    Attributes
    ----------
    first, last : float
        Seconds of the video at which it was first and last seen.
    seconds : dict of str to float
        Expression -> seconds for which it was the likeliest one, in the order of the classes.
    uncertain : float
        Seconds for which the likeliest one was below the bundle's threshold.
    """

    first: float
    last: float
    seconds: dict[str, float]
    uncertain: float = 0.0


@dataclass
class VideoSummary:
    """Add up a video's frames.

    Parameters
    ----------
    classes : sequence of str
        In the bundle's order.

    Attributes
    ----------
    n_frames, n_found : int
        Frames that were read, and those that show a face.
    n_faces, n_uncertain : int
        Faces in all frames, and those whose prediction is uncertain.
    faces : dict of int to FaceTimes
        By track id.
    """

    classes: Sequence[str]
    n_frames: int = 0
    n_found: int = 0
    n_faces: int = 0
    n_uncertain: int = 0
    faces: dict[int, FaceTimes] = field(default_factory=dict)
    _last_frame: tuple[float, list[TrackedFace]] = (0.0, [])

    def add(self, seconds: float, faces: Iterable[TrackedFace]) -> None:
        """Take in the next frame."""
        self.end(seconds)
        self.n_frames += 1
        self._last_frame = seconds, list(faces)
        self.n_found += bool(self._last_frame[1])
        self.n_faces += len(self._last_frame[1])
        self.n_uncertain += sum(found.uncertain for _, found in self._last_frame[1])
        for track_id, _ in self._last_frame[1]:
            nothing = dict.fromkeys(self.classes, 0.0)
            self.faces.setdefault(track_id, FaceTimes(seconds, seconds, nothing)).last = seconds

    def end(self, seconds: float) -> None:
        """Let the last frame hold until so many seconds of the video."""
        since, faces = self._last_frame
        for track_id, found in faces:
            times, elapsed = self.faces[track_id], max(seconds - since, 0.0)
            times.seconds[found.expression] += elapsed
            times.uncertain += elapsed * found.uncertain
        self._last_frame = seconds, []

    def overall(self) -> dict[str, float]:
        """Return the share of all faces' time for each expression, 0..1."""
        return shares([times.seconds for times in self.faces.values()], self.classes)

    def to_json(self) -> dict[str, Any]:
        """Return the sums under ``frames``, ``expressions`` and ``faces``."""
        return {
            "frames": self.n_frames,
            "expressions": self.overall(),
            "faces": [
                {
                    "face": track_id,
                    "first": round(times.first, 3),
                    "last": round(times.last, 3),
                    "seconds": round(sum(times.seconds.values()), 3),
                    "uncertain": round(times.uncertain, 3),
                    "expressions": shares([times.seconds], self.classes),
                }
                for track_id, times in self.faces.items()
            ],
        }


def summary_columns(classes: Sequence[str]) -> list[Column]:
    """Return the columns of a table with a row for each video."""
    return [
        Column("image", TEXT, "the video as you named it"),
        Column("success", INTEGER, "1 if frames could be read, else 0"),
        Column("reason", TEXT, "empty, `cut-off` below 90 %, or why the video cannot be read"),
        Column("container_duration", NUMBER, "seconds, by the container", 3),
        Column("seconds_read", NUMBER, "seconds that could be read", 3),
        Column("share_read", NUMBER, "share of the container's duration, from 0 to 1", 4),
        Column("frames", INTEGER, "how many frames were read"),
        Column("faces", INTEGER, "how many tracks there are"),
        Column("face_seconds", NUMBER, "for how long they were seen, all together", 3),
        Column("uncertain_share", NUMBER, "share of this time below the threshold", 4),
        *(Column(column.name, NUMBER, column.meaning, 4) for column in class_columns(classes)),
    ]


def shares(seconds: Sequence[dict[str, float]], classes: Sequence[str]) -> dict[str, float]:
    """Return each class's share of all seconds, 0..1; zeros where there are none."""
    totals = {name: sum(each[name] for each in seconds) for name in classes}
    everything = sum(totals.values())
    return {
        name: round(total / everything, 4) if everything else 0.0 for name, total in totals.items()
    }
