"""Boxes of faces: overlap, matching between frames, reading order.

A box is left, top, right and bottom in pixels of the image.
"""

from collections.abc import Sequence

import numpy as np

MAX_OVERLAP = 0.5
"""Shared area of two boxes, over that of the smaller one, above which they are of one face."""


def corners(points: np.ndarray) -> np.ndarray:
    """Return the box (4,) of points (468, 3)."""
    return np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])


def area(box: np.ndarray) -> float:
    """Return the area of a box in square pixels."""
    return float(np.prod(box[2:] - box[:2]))


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the shared area of two boxes over that of the smaller one, 0 to 1."""
    return _intersection(one, other) / max(min(area(one), area(other)), 1e-9)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    shared = _intersection(one, other)
    return shared / max(area(one) + area(other) - shared, 1e-9)


def is_same(box: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Tell whether a box is of a face that one of the others is of."""
    return any(overlap(box, other) > MAX_OVERLAP for other in others)


def match(
    boxes: Sequence[np.ndarray], others: Sequence[np.ndarray], min_iou: float
) -> dict[int, int]:
    """Pair boxes with other boxes so that the sum of their intersections over union is greatest.

    The Hungarian method finds the pairs, as in SORT (Bewley et al. 2016, "Simple online and
    realtime tracking").

    Parameters
    ----------
    boxes, others : sequence of ndarray (4,)
    min_iou : float, 0..1
        Least intersection over union of a pair.

    Returns
    -------
    dict of int to int
        Index of a box -> index of its other box, for the boxes that have one.
    """
    if not boxes or not others:
        return {}
    # Only here: it takes a third of a second to load, which photos do without.
    from scipy.optimize import linear_sum_assignment

    overlaps = np.array([[iou(box, other) for other in others] for box in boxes])
    pairs = zip(*linear_sum_assignment(overlaps, maximize=True), strict=True)
    return {int(one): int(other) for one, other in pairs if overlaps[one, other] >= min_iou}


def reading_order(boxes: Sequence[np.ndarray]) -> list[int]:
    """Return the indices of boxes by rows from the top, each from left to right.

    A box belongs to a row if its middle lies within the height of the row's first, highest box.
    """
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in boxes]
    left = sorted(range(len(boxes)), key=lambda i: middles[i][1])
    order: list[int] = []
    while left:
        bottom = boxes[left[0]][3]
        row = [i for i in left if middles[i][1] < bottom]
        order += sorted(row, key=lambda i: middles[i][0])
        left = [i for i in left if i not in row]
    return order


def _intersection(one: np.ndarray, other: np.ndarray) -> float:
    """Return the area that two boxes share, in square pixels."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.prod(np.maximum(sides, 0)))
