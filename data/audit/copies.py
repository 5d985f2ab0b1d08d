"""Group the copies in a data set, and count those with other labels or in other splits."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from data.labels import canonical
from data.sources import ImageRef


def groups_of(numbers: np.ndarray, rows: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each group that has two or more.

    Parameters
    ----------
    numbers : ndarray of int, shape (n,)
        Group of each of `rows`, as `data.duplicates` numbers them.
    rows : ndarray of int, shape (n,)

    Returns
    -------
    list of ndarray of int
    """
    groups = pd.Series(rows).groupby(numbers)
    return [group.to_numpy() for _, group in groups if len(group) > 1]


def identical_groups(pixels: np.ndarray) -> list[np.ndarray]:
    """Return the groups of rows with the same pixel hash; rows of ``""`` are in none."""
    rows = np.flatnonzero(pixels != "")
    return groups_of(np.unique(pixels[rows], return_inverse=True)[1], rows)


def near_groups(groups: Sequence[np.ndarray], pixels: np.ndarray) -> list[np.ndarray]:
    """Leave out groups that hold nothing but identical images."""
    return [group for group in groups if len(set(pixels[group])) > 1]


def worst_first(groups: Sequence[np.ndarray], refs: Sequence[ImageRef]) -> list[np.ndarray]:
    """Order groups: with conflicting labels first, then across splits, then by size."""

    def order(group: np.ndarray) -> tuple:
        return (
            not has_conflicting_labels(group, refs),
            not crosses_splits(group, refs),
            -len(group),
            group[0],
        )

    return sorted(groups, key=order)


def has_conflicting_labels(group: np.ndarray, refs: Sequence[ImageRef]) -> bool:
    """Tell whether copies of one image have different labels, whatever names these have."""
    return len({canonical(refs[row].label) for row in group}) > 1


def crosses_splits(group: np.ndarray, refs: Sequence[ImageRef]) -> bool:
    """Tell whether copies of one image are in different splits."""
    return len({refs[row].split for row in group}) > 1


def summary(
    groups: Sequence[np.ndarray], refs: Sequence[ImageRef], keys: Sequence[Any] | np.ndarray
) -> dict[str, Any]:
    """Count what is wrong with groups of copies.

    Parameters
    ----------
    groups : sequence of ndarray of int
        Row numbers of each group.
    refs : sequence of ImageRef
        All images.
    keys : sequence
        What two of the images must differ in to count as copies across splits: their numbers if
        all do, their pixels if only those do that are near and not identical.

    Returns
    -------
    dict
        ``groups``, ``images`` in them, ``redundant`` (images that could go without losing a
        photograph), ``conflicting_labels`` (groups with several labels) and ``across_splits``:
        split -> other split -> how many images of the first have a copy in the second.
    """
    pairs: dict[str, Counter[str]] = {}
    for group in groups:
        for row in group:
            split = refs[row].split
            others = {refs[other].split for other in group if keys[other] != keys[row]}
            pairs.setdefault(split, Counter()).update(others - {split})
    images = sum(map(len, groups))
    return {
        "groups": len(groups),
        "images": images,
        "redundant": images - len(groups),
        "conflicting_labels": sum(has_conflicting_labels(group, refs) for group in groups),
        "across_splits": {split: dict(counts) for split, counts in pairs.items() if counts},
    }
