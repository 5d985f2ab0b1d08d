"""Faces keep their numbers from frame to frame: each box goes to the known one it overlaps most.

The pairs are those of the largest overlaps together, by the Hungarian method, as in SORT (Bewley et
al. 2016, "Simple online and realtime tracking"), without its model of motion: a face moves little
from one frame to the next. A number says that a face was followed, not who it is: one that comes
back later, or after a cut, is a new one.
"""

from collections.abc import Sequence

import numpy as np

LEAST_SHARED = 0.3
"""Least overlap, area shared over area of both, of a face's boxes in two frames; SORT's figure."""

MEMORY = 1.0
"""Seconds for which a face that isn't seen keeps its number, and its place; at least one frame."""

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""


class Follower:
    """Gives faces their numbers, from 1, none of them twice."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, Box]] = {}
        self._before = -np.inf
        self._last = 0

    def forget(self) -> None:
        """Let every face from now on be a new one."""
        self._known = {}

    def follow(self, boxes: Sequence[Box], seconds: float) -> list[int]:
        """Give the faces of the next frame their numbers.

        Parameters
        ----------
        boxes : sequence of (left, top, width, height)
        seconds : float
            When the frame is shown.

        Returns
        -------
        list of int
            A number for each box.
        """
        oldest = min(seconds - MEMORY, self._before)
        self._known = {n: (at, box) for n, (at, box) in self._known.items() if at >= oldest}
        taken = _pairs(boxes, [box for _, box in self._known.values()])
        known = list(self._known)
        numbers = [known[taken[i]] if i in taken else self._new() for i in range(len(boxes))]
        self._known |= {n: (seconds, box) for n, box in zip(numbers, boxes, strict=True)}
        self._before = seconds
        return numbers

    def _new(self) -> int:
        self._last += 1
        return self._last


def shared(boxes: Sequence[Box], others: Sequence[Box]) -> np.ndarray:
    """Return the overlap of each of n boxes with each of m others, (n, m), 0..1.

    The area that two boxes share, over the area that both cover together.
    """
    one, two = (np.array(each, dtype=float).reshape(-1, 4) for each in (boxes, others))
    one, two = one[:, None], two[None]
    low = np.maximum(one[..., :2], two[..., :2])
    high = np.minimum(one[..., :2] + one[..., 2:], two[..., :2] + two[..., 2:])
    both = np.prod(np.maximum(high - low, 0), axis=-1)
    all_of_it = np.prod(one[..., 2:], axis=-1) + np.prod(two[..., 2:], axis=-1) - both
    return both / np.maximum(all_of_it, 1e-9)


def _pairs(boxes: Sequence[Box], known: Sequence[Box]) -> dict[int, int]:
    """Return which of the known boxes each box continues, if one."""
    if not boxes or not known:
        return {}
    # Only here: it takes a third of a second to load, which commands without a film do without.
    from scipy.optimize import linear_sum_assignment

    overlaps = shared(boxes, known)
    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    return {
        int(row): int(column)
        for row, column in zip(rows, columns, strict=True)
        if overlaps[row, column] >= LEAST_SHARED
    }
