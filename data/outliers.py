"""Rows that shouldn't train a classifier, found by four plain rules.

blank
    The picture's grey levels deviate by less than `LEAST_DEVIATION`
    (needs the image files; the rows of ``fer2013.csv`` aren't looked at).
tiny
    The mesh is narrower or lower than `LEAST_SIZE` pixels.
outside
    More than `MOST_OUTSIDE` of the points lie outside the picture: the face is cut off.
unusual mesh
    A mesh that can't be a face. The aligned points' `COMPONENTS` principal components are each
    divided by their robust deviation (1.4826 x the median distance from the median); the root mean
    square of these is about 1 for a usual face, however wide its mouth is open, and over
    `MOST_UNUSUAL` where the mesh was put on an ear, a cartoon or a line of text. On FER2013's
    train folder it lists 50 of 28,631 faces: nearly all are in profile with the mesh beside them,
    or no face; ``outside`` lists 9 more, each a close-up of the eyes, nose or mouth.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from data.errors import DataError
from data.readers import read_images
from data.table import points_of
from landmarks.align import align
from landmarks.extract import ImageRef
from landmarks.images import ImageError, read_image

LEAST_DEVIATION = 4.0
LEAST_SIZE = 4.0
MOST_OUTSIDE = 0.4
MOST_UNUSUAL = 3.5
COMPONENTS = 60
LEAST_ROWS = 10 * COMPONENTS
"""Fewer successful rows don't tell what is usual; the last rule then finds nothing."""


def outliers(table: pd.DataFrame, images: str | Path | None = None) -> pd.DataFrame:
    """List the rows that break a rule, each with the first that it breaks.

    Parameters
    ----------
    table : DataFrame
        What `data.table.read_table` returns.
    images : str or Path, optional
        The source that the table was made from; only with it are blank pictures found.

    Returns
    -------
    DataFrame
        The columns split, label, image, face and why, with the table's index, so that
        ``table.drop(outliers(table).index)`` leaves them out.

    Raises
    ------
    DataError
        If the images aren't those of the table.
    """
    found = table[table["success"] == 1]
    points = points_of(found).astype(np.float64)
    why = pd.Series("", index=table.index)
    size = found[["width", "height"]].to_numpy()[:, None, :]
    broken = {
        "unusual mesh": unusualness(points) > MOST_UNUSUAL,
        "outside": ((points[..., :2] < 0) | (points[..., :2] > size)).any(2).mean(1) > MOST_OUTSIDE,
        "tiny": np.ptp(points[..., :2], axis=1).min(axis=1, initial=np.inf) < LEAST_SIZE,
    }
    for rule, rows in broken.items():
        why[found.index[rows]] = rule
    if images is not None:
        why[_blank(table, images)] = "blank"
    listed = table.loc[why != "", ["split", "label", "image", "face"]]
    return listed.assign(why=why[why != ""])


def unusualness(points: np.ndarray) -> np.ndarray:
    """Return how far each mesh is from the usual ones.

    Parameters
    ----------
    points : ndarray, shape (n, 468, 3)
        Points in any unit, x right, y down, z away.

    Returns
    -------
    ndarray, shape (n,)
        Root mean square of the principal components in robust deviations; zeros for fewer than
        `LEAST_ROWS` faces.
    """
    if len(points) < LEAST_ROWS:
        return np.zeros(len(points))
    flat = align(points)[0].reshape(len(points), -1)
    centred = flat - np.median(flat, axis=0)
    # Eigenvectors of the covariance: 1404 x 1404, however many rows there are.
    _, directions = np.linalg.eigh(centred.T @ centred)
    scores = centred @ directions[:, -COMPONENTS:]
    deviation = 1.4826 * np.median(np.abs(scores - np.median(scores, axis=0)), axis=0)
    return np.sqrt(np.mean((scores / np.maximum(deviation, 1e-12)) ** 2, axis=1))


def _blank(table: pd.DataFrame, images: str | Path) -> pd.Series:
    """Tell which rows' pictures are one grey all over."""
    refs = {(ref.split, ref.label, ref.image): ref for ref in read_images(images)}
    keys = list(zip(table["split"], table["label"], table["image"], strict=True))
    unknown = [key for key in keys if key not in refs]
    if unknown:
        raise DataError(
            f"{images} isn't what the table was made from: it lacks {unknown[0][-1]}; "
            "name the IMAGES that make features was given."
        )
    blank = {key: _is_blank(refs[key]) for key in set(keys)}
    return pd.Series([blank[key] for key in keys], index=table.index)


def _is_blank(ref: ImageRef) -> bool:
    """Tell whether an image file can be read and is one grey all over."""
    if ref.row is not None:
        return False
    try:
        return bool(read_image(ref.path).mean(axis=2).std() < LEAST_DEVIATION)
    except ImageError:
        return False
