"""Labelled faces: their rows, which of them validate what, and how their classes are balanced."""

from dataclasses import dataclass

import numpy as np

BALANCES = ("none", "roots", "weights", "sampler", "down", "over")
"""Weights in the loss by the root of a class's rarity or by all of it, a sampler, rows dropped to
the rarest class or repeated to the commonest; or the classes as they are."""

FEWEST_TO_PART = 200


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
    """

    points: np.ndarray
    y: np.ndarray
    pixels: np.ndarray
    mesh: str


def halves(held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Part validation rows, so that the best epoch's luck doesn't make the confidences too high.

    Parameters
    ----------
    held_out : ndarray of bool, shape (n,)
        Validation rows, in the order of their classes.

    Returns
    -------
    stops, calibrates : ndarray of int
        Every second row each; all of them twice where there are fewer than `FEWEST_TO_PART`.
    """
    rows = np.flatnonzero(held_out)
    return (rows, rows) if len(rows) < FEWEST_TO_PART else (rows[::2], rows[1::2])


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
