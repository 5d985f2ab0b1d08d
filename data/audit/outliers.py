"""Find faces that shouldn't train a classifier, by three rules.

tiny
    The mesh is narrower or lower than `MIN_SIDE` pixels.
outside
    More than `MAX_OUTSIDE` of the points lie outside the image: the face is cut off.
unusual mesh
    A mesh that can't be a face. The aligned points' `COMPONENTS` principal components are each
    divided by their robust std (1.4826 x the median distance from the median); the root mean
    square of these z-scores is about 1 for a usual face, however wide its mouth is open, and over
    `MAX_ROBUST_Z` where the mesh was put on an ear, a cartoon or a line of text. On FER2013's
    train folder it lists 50 of 28,631 faces: nearly all are in profile with the mesh beside them,
    or no face; ``outside`` lists 9 more, each a tight crop of the eyes, nose or mouth.
"""

import numpy as np
import pandas as pd

from data.features.table import points_of
from landmarks.alignment import align

MIN_SIDE = 4.0
MAX_OUTSIDE = 0.4
MAX_ROBUST_Z = 3.5
COMPONENTS = 60
MIN_ROWS = 10 * COMPONENTS
"""Fewer successful rows don't tell what is usual; the last rule then finds nothing."""


def outliers(table: pd.DataFrame) -> pd.DataFrame:
    """List the rows that break a rule, each with the first that it breaks.

    Parameters
    ----------
    table : DataFrame
        What `data.features.table.read_table` returns.

    Returns
    -------
    DataFrame
        The columns split, label, image, face and why, with the table's index, so that
        ``table.drop(outliers(table).index)`` leaves them out.
    """
    found = table[table["success"] == 1]
    points = points_of(found).astype(np.float64)
    why = pd.Series("", index=table.index)
    size = found[["width", "height"]].to_numpy()[:, None, :]
    broken = {
        "unusual mesh": robust_z(points) > MAX_ROBUST_Z,
        "outside": ((points[..., :2] < 0) | (points[..., :2] > size)).any(2).mean(1) > MAX_OUTSIDE,
        "tiny": np.ptp(points[..., :2], axis=1).min(axis=1, initial=np.inf) < MIN_SIDE,
    }
    for rule, rows in broken.items():
        why[found.index[rows]] = rule
    listed = table.loc[why != "", ["split", "label", "image", "face"]]
    return listed.assign(why=why[why != ""])


def robust_z(points: np.ndarray) -> np.ndarray:
    """Return the robust z-score of each mesh.

    Parameters
    ----------
    points : ndarray, shape (n, 468, 3)
        Points in any unit, x right, y down, z away.

    Returns
    -------
    ndarray, shape (n,)
        Root mean square of the principal components over their robust std; zeros for fewer than
        `MIN_ROWS` faces.
    """
    if len(points) < MIN_ROWS:
        return np.zeros(len(points))
    flat = align(points)[0].reshape(len(points), -1)
    centred = flat - np.median(flat, axis=0)
    # Eigenvectors of the covariance: 1404 x 1404, however many rows there are.
    _, directions = np.linalg.eigh(centred.T @ centred)
    scores = centred @ directions[:, -COMPONENTS:]
    std = 1.4826 * np.median(np.abs(scores - np.median(scores, axis=0)), axis=0)
    return np.sqrt(np.mean((scores / np.maximum(std, 1e-12)) ** 2, axis=1))
