"""Read annotator votes on images, such as FER+'s (Barsoum et al. 2016), and their majorities."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import DataError
from data.labels import canonical

NO_FACE_VOTE = "NF"
"""FER+'s column of the votes for "this is no face"."""


def read_votes(path: str | Path) -> pd.DataFrame:
    """Read annotator votes.

    Parameters
    ----------
    path : str or Path
        CSV with the column image, as the source of images names it, and a count for each vote.

    Returns
    -------
    DataFrame
        float32 counts, a column for each thing that can be voted for; the index is the image.

    Raises
    ------
    DataError
        If there is no such file, or it holds something else.
    """
    try:
        counts = pd.read_csv(path, index_col="image", dtype={"image": str}).astype(np.float32)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"Expected a CSV with the column image and a count for each vote, got {path} "
            f"({reason}); name another or leave the votes out."
        ) from error
    return counts[~counts.index.duplicated()].fillna(0)


def vote_shares(path: Path | None, images: Sequence[str]) -> np.ndarray:
    """Return the shares of the votes for each image, float32 (n, v), all zero where it has none.

    Parameters
    ----------
    path : Path or None
        See `read_votes`; without one there are no columns.
    images : sequence of str, length n

    Raises
    ------
    DataError
        If the file doesn't fit, or has no votes on any of the images.
    """
    if path is None:
        return np.empty((len(images), 0), np.float32)
    counts = read_votes(path).reindex(images).fillna(0).to_numpy()
    if not counts.any():
        raise DataError(f"Expected votes on the table's images in {path}, found none of them.")
    return _shares(counts)


def _shares(counts: np.ndarray) -> np.ndarray:
    """Return the shares of an image's votes, all zero where it has none."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


@dataclass(frozen=True)
class Majority:
    """The class that most votes are for, and the shares of votes for it and for the label."""

    label: str
    share: float
    share_of_label: float


def majorities(
    votes: pd.DataFrame, images: Sequence[str], labels: Sequence[str]
) -> dict[int, Majority]:
    """Return the class that more than half of an image's votes are for, where there is one.

    Parameters
    ----------
    votes : DataFrame
        What `read_votes` returns.
    images, labels : sequence of str, length n
        Name and class of each image.

    Returns
    -------
    dict of int to Majority
        By the image's number; images without votes or without a majority are left out.
    """
    shares = _shares(votes.reindex(images).fillna(0).to_numpy())
    names = [canonical(column) for column in votes.columns]
    found = {}
    for row in np.flatnonzero(shares.max(axis=1, initial=0) > 0.5).tolist():
        best = int(shares[row].argmax())
        own = canonical(labels[row])
        of_label = float(shares[row, names.index(own)]) if own in names else 0.0
        found[row] = Majority(names[best], float(shares[row, best]), of_label)
    return found
