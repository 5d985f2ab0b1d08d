"""Boxes of faces: which of them overlap, and in which order they are read.

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
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    return float(np.prod(np.maximum(sides, 0)) / max(min(area(one), area(other)), 1e-9))


def is_same(box: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Tell whether a box is of a face that one of the others is of."""
    return any(overlap(box, other) > MAX_OVERLAP for other in others)


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
