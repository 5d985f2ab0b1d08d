"""Rows drawn by a seed: validation rows, copies of one picture kept on one side, or a few."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data.errors import DataError
from data.sources import ImageRef


def validation_split(
    labels: Sequence[str] | np.ndarray,
    groups: Sequence[Any] | np.ndarray,
    fraction: float = 0.1,
    seed: int = 0,
) -> np.ndarray:
    """Choose validation rows: the same share of each class, whole groups, by a seed.

    Groups are taken in random order until each class has its share, so that the share is met to
    within a group; scikit-learn's StratifiedGroupKFold only offers shares of 1 / n.

    Parameters
    ----------
    labels : sequence of str, length n
        Class of each row.
    groups : sequence of int or str, length n
        Rows with the same value stay together; see `data.duplicates`.
    fraction : float, default 0.1
        Share of each class to choose, 0 to 1, both excluded.
    seed : int, default 0
        The same seed chooses the same rows.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for validation rows. Each class keeps at least one row for training.

    Raises
    ------
    DataError
        If the fraction doesn't lie between 0 and 1, or no row could be chosen.
    """
    if not 0 < fraction < 1:
        raise DataError(f"Expected a validation share between 0 and 1, got {fraction}.")
    _, classes = np.unique(np.asarray(labels), return_inverse=True)
    _, numbers = np.unique(np.asarray(groups), return_inverse=True)
    sizes = np.bincount(classes)
    room = np.minimum(np.round(fraction * sizes), sizes - 1).astype(int)
    chosen = np.zeros(numbers.max(initial=-1) + 1, dtype=np.bool_)
    members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
    for group in np.random.default_rng(seed).permutation(len(chosen)):
        counts = np.bincount(classes[members[group]], minlength=len(sizes))
        if (counts <= room).all():
            room -= counts
            chosen[group] = True
    if not chosen.any():
        raise DataError(
            f"{len(numbers)} rows are too few for a validation share of {fraction}; add images."
        )
    return chosen[numbers]


def some_of_each_class(refs: list[ImageRef], limit: int, seed: int) -> list[ImageRef]:
    """Draw up to `limit` images of each class, in the order they come in; all if it is 0."""
    if not limit:
        return refs
    labels = np.array([ref.label for ref in refs])
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(labels == label))[:limit] for label in np.unique(labels)]
    return [refs[row] for row in np.sort(np.concatenate(rows))]
