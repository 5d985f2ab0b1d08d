"""Give faces track ids from frame to frame: each box continues the track it overlaps most.

The pairs are those of the largest overlaps together, by the Hungarian method, as in SORT (Bewley et
al. 2016, "Simple online and realtime tracking"), without its model of motion: a face moves little
from one frame to the next. A track id identifies no person: a face that comes back later, or after
a cut, starts a new track.
"""

from collections.abc import Sequence

import numpy as np

MIN_IOU = 0.3
"""Least intersection over union of a face's boxes in two frames; SORT's threshold."""

MAX_AGE_S = 1.0
"""Seconds after which a track without a face ends; it outlives one frame at least."""

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class TrackIds:
    """Give faces track ids, from 1, none of them twice."""

    def __init__(self) -> None:
        self._tracks: dict[int, tuple[float, Box]] = {}
        self._before = -np.inf
        self._last = 0

    def reset(self) -> None:
        """End all tracks, as after a cut."""
        self._tracks = {}

    def assign(self, boxes: Sequence[Box], seconds: float) -> list[int]:
        """Return the track ids of the faces of the next frame.

        Parameters
        ----------
        boxes : sequence of (left, top, width, height)
        seconds : float
            When the frame is shown.

        Returns
        -------
        list of int
            A track id for each box.
        """
        oldest = min(seconds - MAX_AGE_S, self._before)
        self._tracks = {n: (at, box) for n, (at, box) in self._tracks.items() if at >= oldest}
        taken = _pairs(boxes, [box for _, box in self._tracks.values()])
        known = list(self._tracks)
        track_ids = [known[taken[i]] if i in taken else self._new() for i in range(len(boxes))]
        self._tracks |= {n: (seconds, box) for n, box in zip(track_ids, boxes, strict=True)}
        self._before = seconds
        return track_ids

    def _new(self) -> int:
        self._last += 1
        return self._last


def iou(boxes: Sequence[Box], others: Sequence[Box]) -> np.ndarray:
    """Return the intersection over union of each of n boxes with each of m others, (n, m), 0..1."""
    one, two = (np.array(each, dtype=float).reshape(-1, 4) for each in (boxes, others))
    one, two = one[:, None], two[None]
    low = np.maximum(one[..., :2], two[..., :2])
    high = np.minimum(one[..., :2] + one[..., 2:], two[..., :2] + two[..., 2:])
    both = np.prod(np.maximum(high - low, 0), axis=-1)
    union = np.prod(one[..., 2:], axis=-1) + np.prod(two[..., 2:], axis=-1) - both
    return both / np.maximum(union, 1e-9)


def _pairs(boxes: Sequence[Box], known: Sequence[Box]) -> dict[int, int]:
    """Return which of the tracks each box continues, if one."""
    if not boxes or not known:
        return {}
    # Only here: it takes a third of a second to load, which commands without a video do without.
    from scipy.optimize import linear_sum_assignment

    overlaps = iou(boxes, known)
    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if overlaps[row, column] >= MIN_IOU
    }
