"""Labelled rows: how validation rows are split and how classes are balanced."""

from dataclasses import dataclass

import numpy as np

BALANCES = ("none", "roots", "weights", "sampler", "down", "over")
"""none: rows as they are; roots, weights: class weights in the loss, by the root of a class's
rarity or by its rarity; sampler: each class is drawn as often; down, over: rows are dropped to the
count of the rarest class or repeated to that of the commonest."""

MIN_ROWS_TO_SPLIT = 200
"""Fewer validation rows than these are not split."""


MAX_MEASURED = 2000
"""Most training rows that a trained model is measured on: a network on pixels is slow."""


@dataclass(frozen=True)
class Rows:
    """Labelled faces.

    Attributes
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        In pixels.
    y : ndarray of str, shape (n,)
    pixels : ndarray of str, shape (n,)
        Hash of each image's pixels, ``""`` where it isn't known.
    mesh : str
        Version of the mesh that found the points.
    validates : ndarray of bool, shape (n,), optional
        Rows of the data set's own split validation, where it has one.
    votes : ndarray of float32, shape (n, v), optional
        Shares of the annotator votes, all zero where there are none.
    """

    points: np.ndarray
    y: np.ndarray
    pixels: np.ndarray
    mesh: str
    validates: np.ndarray | None = None
    votes: np.ndarray | None = None


def split_validation(held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split the validation rows into an early-stopping split and a calibration split.

    Calibration is then not fitted on rows that selected the epoch.

    Parameters
    ----------
    held_out : ndarray of bool, shape (n,)
        Validation rows, in the order of their classes.

    Returns
    -------
    early_stopping_split, calibration_split : ndarray of int
        Every second row each; all rows in both where there are fewer than `MIN_ROWS_TO_SPLIT`.
    """
    rows = np.flatnonzero(held_out)
    return (rows, rows) if len(rows) < MIN_ROWS_TO_SPLIT else (rows[::2], rows[1::2])


def training_sample(held_out: np.ndarray) -> np.ndarray:
    """Return the numbers of training rows that are measured: `MAX_MEASURED`, of all classes."""
    rows = np.flatnonzero(~held_out)
    return rows[:: -(-len(rows) // MAX_MEASURED)]


def balanced_rows(y: np.ndarray, allowed: np.ndarray, balance: str, seed: int) -> np.ndarray:
    """Choose the rows to train on.

    Parameters
    ----------
    y : ndarray of str, shape (n,)
        Class of each row.
    allowed : ndarray of bool, shape (n,)
        Rows to choose from.
    balance : str
        One of `BALANCES`. ``down`` draws as many rows of each class as the rarest has, ``over``
        repeats rows until each class has as many as the commonest; the others keep all.
    seed : int
        The same seed chooses the same rows.

    Returns
    -------
    ndarray of int
        Row numbers in rising order; with ``over`` some come more than once.
    """
    rows = np.flatnonzero(allowed)
    if balance not in ("down", "over"):
        return rows
    random = np.random.default_rng(seed)
    _, codes, counts = np.unique(y[rows], return_inverse=True, return_counts=True)
    size = counts.min() if balance == "down" else counts.max()
    members = [rows[codes == code] for code in range(len(counts))]
    # np.resize repeats: each row comes as often as any other, to within one.
    return np.sort(np.concatenate([np.resize(random.permutation(m), size) for m in members]))


def class_weight(balance: str, y: np.ndarray) -> dict[str, float] | str | None:
    """Return the class weights that a balance stands for."""
    if balance == "roots":
        classes, counts = np.unique(y, return_counts=True)
        return dict(zip(classes.tolist(), np.sqrt(counts.max() / counts).tolist(), strict=True))
    return "balanced" if balance == "weights" else None
