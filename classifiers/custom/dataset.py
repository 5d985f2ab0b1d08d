"""Check a custom dataset: faces that a visitor of the page labelled, before a model trains on them.

Light, because the server checks datasets and leaves training to a process of its own.
"""

import json
import unicodedata
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from landmarks.alignment import align
from landmarks.mesh import N_POINTS

MIN_CLASSES, MAX_CLASSES = 2, 8
MAX_NAME_LENGTH = 32
"""Characters of a class's name."""

MIN_FACES = 8
"""Faces of each class, a quarter of which are held out."""

MAX_FACES = 800
"""Faces in all: eight classes of a hundred."""

MAX_SIDE = 20_000
"""Pixels of a picture's side, and of a point's distance from its corner."""

FACE_BYTES = N_POINTS * 3 * 4
"""Bytes of one face's points."""

_MARKS = " -_'\N{RIGHT SINGLE QUOTATION MARK}"


class DatasetError(ValueError):
    """A dataset that no model can train on; the message is one sentence."""


@dataclass(frozen=True)
class Dataset:
    """Labelled faces, those of a class in the order in which they were recorded.

    Attributes
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        In pixels of each face's picture: x right, y down, z away.
    y : ndarray of str, shape (n,)
    sizes : ndarray of int64, shape (n, 2)
        Width and height of each face's picture, in pixels.

    Raises
    ------
    DatasetError
        If points, classes or sizes don't fit.
    """

    points: np.ndarray
    y: np.ndarray
    sizes: np.ndarray

    def __post_init__(self) -> None:
        """Check everything, so that a model can train on every dataset there is."""
        _check_counts(self.y)
        _check_names(sorted(set(self.y.tolist())))
        _check_points(self.points, len(self.y))
        _check_sizes(self.sizes, len(self.y))


def read_dataset(text: str, points: bytes) -> Dataset:
    """Read what a browser sends.

    Parameters
    ----------
    text : str
        JSON: ``{"labels": [name, ...], "sizes": [[width, height], ...]}``, an entry a face.
    points : bytes
        The faces' points one after another, float32 with the low byte first, `FACE_BYTES` each.

    Raises
    ------
    DatasetError
        If either doesn't fit.
    """
    labels, sizes = _entries(text)
    if len(points) != FACE_BYTES * len(labels):
        raise DatasetError(
            f"Expected {FACE_BYTES} bytes of points for each of {len(labels)} labels, got "
            f"{len(points)} bytes; send 468 x 3 float32 numbers a face."
        )
    # NumPy gives every label the room of the longest: one of a megabyte would take gigabytes.
    _check_names(sorted(set(labels)))
    values = np.frombuffer(points, "<f4").astype(np.float32).reshape(-1, N_POINTS, 3)
    return Dataset(values, np.array(labels, dtype=str), sizes)


def to_npz(dataset: Dataset) -> bytes:
    """Return a dataset as an .npz file, for `from_npz`."""
    buffer = BytesIO()
    np.savez(buffer, points=dataset.points, y=dataset.y, sizes=dataset.sizes)
    return buffer.getvalue()


def from_npz(content: bytes) -> Dataset:
    """Read a dataset from an .npz file.

    Raises
    ------
    DatasetError
        If it is none, or doesn't fit.
    """
    try:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            points, y, sizes = arrays["points"], arrays["y"], arrays["sizes"]
    # A damaged zip raises whatever its damage leads to.
    except Exception as error:
        raise DatasetError(
            "Expected a dataset, an .npz file with the arrays points, y and sizes, got something "
            "else; write it with numpy.savez."
        ) from error
    return Dataset(points, y, sizes)


def _entries(text: str) -> tuple[list[str], np.ndarray]:
    """Return the labels and the sizes in a dataset's JSON."""
    try:
        content = json.loads(text)
        labels, sizes = content["labels"], np.array(content["sizes"])
        if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
            return labels, sizes
    # Ragged sizes, no JSON, or JSON of another shape or depth.
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        pass
    raise DatasetError(
        'Expected JSON like {"labels": ["smile", ...], "sizes": [[640, 480], ...]}, got something '
        "else; send a label and a size for each face."
    )


def _check_counts(y: np.ndarray) -> None:
    """Refuse too few or too many classes or faces."""
    if y.ndim != 1 or y.dtype.kind != "U":
        raise DatasetError(f"Expected a list of labels, got {y.dtype} of shape {y.shape}.")
    if len(y) > MAX_FACES:
        raise DatasetError(f"Expected at most {MAX_FACES} faces, got {len(y)}; leave some out.")
    names, counts = np.unique(y, return_counts=True)
    if not MIN_CLASSES <= len(names) <= MAX_CLASSES:
        raise DatasetError(
            f"Expected {MIN_CLASSES} to {MAX_CLASSES} expressions with faces, got "
            f"{len(names)}; add some or leave some out."
        )
    if counts.min() < MIN_FACES:
        raise DatasetError(
            f"Expected {MIN_FACES} faces or more of each expression, got {counts.min()} of one; "
            "record it again."
        )


def _check_names(names: list[str]) -> None:
    """Refuse names that a table, a file or a person can't take, or can't tell apart."""
    if not all(_is_name(name) for name in names):
        raise DatasetError(
            f"Expected names of 1 to {MAX_NAME_LENGTH} letters, digits, spaces, hyphens, "
            "underscores or apostrophes, a letter or digit first, got another; rename it."
        )
    if len({unicodedata.normalize("NFKC", name).casefold() for name in names}) < len(names):
        raise DatasetError(
            "Expected different names, got two that differ in case only; rename one."
        )


def _is_name(name: str) -> bool:
    """Say whether a name may be a class's: nothing in it is syntax, in a spreadsheet either."""
    kinds = [unicodedata.category(letter)[0] for letter in name]
    return (
        0 < len(name) <= MAX_NAME_LENGTH
        and name == name.strip()
        and kinds[0] in "LN"
        and all(kind in "LMN" or letter in _MARKS for kind, letter in zip(kinds, name, strict=True))
    )


def _check_points(points: np.ndarray, n: int) -> None:
    """Refuse points that are no faces in pixels."""
    if points.shape != (n, N_POINTS, 3) or points.dtype != np.float32:
        raise DatasetError(
            f"Expected float32 points of shape ({n}, {N_POINTS}, 3), got {points.dtype} of shape "
            f"{points.shape}; drop the iris points with points[:, :{N_POINTS}]."
        )
    with np.errstate(all="ignore"):  # what can't be aligned becomes NaN
        fits = (np.abs(points) <= MAX_SIDE).all(axis=(1, 2))
        aligned = align(np.where(fits[:, None, None], points, 0).astype(np.float64))[0]
        fits &= np.isfinite(aligned).all(axis=(1, 2))
    if not fits.all():
        raise DatasetError(
            f"Expected faces in pixels, finite and up to {MAX_SIDE:,}, got other numbers in "
            f"{(~fits).sum()} of {n}, first in number {fits.argmin()}; leave these out."
        )


def _check_sizes(sizes: Any, n: int) -> None:
    """Refuse sizes that no picture has."""
    fits = sizes.shape == (n, 2) and sizes.dtype.kind == "i"
    if not fits or sizes.min() < 1 or sizes.max() > MAX_SIDE:
        raise DatasetError(
            f"Expected width and height of each of {n} pictures, whole numbers from 1 to "
            f"{MAX_SIDE:,}, got others; send the pixels of each picture."
        )
