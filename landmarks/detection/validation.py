"""Validate meshes: the rules by which the detector accepts, averages or rejects one.

Face Mesh returns a mesh wherever its score allows, also for a face upside down or a pattern in a
curtain. Such a mesh is well formed. It is told from a face by a mesh of the mirror image that
differs, by a place where the detector saw no face, or by another mesh on a crop that is turned and
moved a little. A shape far from the mean face is the last resort.
"""

from collections.abc import Sequence

import numpy as np

from landmarks.alignment import align, roll
from landmarks.mesh import CANONICAL

SMALL_DISAGREEMENT = 0.15
"""Below it the mean of both meshes needs no check: true of 98 % of FER2013's training faces."""

MAX_DISAGREEMENT = 0.3
"""Above it (0.4 % of FER2013's training faces) two meshes are no longer of one face."""

MAX_SHAPE_DISTANCE = 0.3
"""Greatest rms distance to the mean face in radii: one training face in 28,000 lies beyond."""

MAX_DISPERSION = 0.26
"""Greatest dispersion of the meshes of further crops of a face in a photo.

Chosen on 1,100 of FER2013's training faces, enlarged to photos or pasted into larger ones, of which
it loses 0.8 %, most of them meshes in the wrong place, and on noise of a seed and parts of images
that `make robustness` doesn't show.
"""


def consensus(
    straight: np.ndarray | None, flipped: np.ndarray | None, strict: bool
) -> tuple[np.ndarray | None, float | None]:
    """Make one mesh of those of a crop and of its mirror image.

    Parameters
    ----------
    straight, flipped : ndarray of shape (468, 3), or None
        The meshes in the same coordinates; None where none was found.
    strict : bool
        Demand two meshes that agree. In a photo this is what rejects cups and curtains; in a crop
        that is known to be a face it would only lose the hard ones.

    Returns
    -------
    mesh : ndarray of shape (468, 3), or None
        Their mean where they agree; the more face-like one where they don't, the only one where
        one is missing; None where none of that is like a face.
    apart : float or None
        Their `disagreement`, None where one is missing.
    """
    found = [points for points in (straight, flipped) if points is not None]
    agreed, apart = False, None
    if straight is not None and flipped is not None:
        apart = disagreement(straight, flipped)
        mean = (straight + flipped) / 2
        if apart < SMALL_DISAGREEMENT:
            return mean, apart
        if apart < MAX_DISAGREEMENT:
            agreed, found = True, [mean]
    if not found or (strict and not agreed):
        return None, apart
    distance, nearest = min((shape_distance(points), i) for i, points in enumerate(found))
    return (found[nearest] if distance < MAX_SHAPE_DISTANCE else None), apart


def disagreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean distance in the image plane of two meshes (468, 3), in radii of both.

    The radius is the root of the points' mean squared distance from their centre.
    """
    apart = np.linalg.norm((one - other)[:, :2], axis=1).mean()
    variance = (np.var(one, axis=0).sum() + np.var(other, axis=0).sum()) / 2
    return float(apart / np.sqrt(variance))


def dispersion(meshes: Sequence[np.ndarray | None], points: np.ndarray) -> float:
    """Return the mean disagreement of several meshes of a face with its points.

    Parameters
    ----------
    meshes : sequence of ndarray of shape (468, 3), or None
        The mesh of each crop; None where none was found.
    points : ndarray, shape (468, 3)
        In the same coordinates.

    Returns
    -------
    float, 0 to 1
        In radii; a crop without a mesh counts as a whole radius, and none counts for more.
    """
    apart = [1.0 if mesh is None else min(disagreement(mesh, points), 1.0) for mesh in meshes]
    return float(np.mean(apart))


def shape_distance(points: np.ndarray) -> float:
    """Return the rms distance of a mesh (468, 3) to the mean face, both in the face frame."""
    aligned = align(points[None])[0][0]
    return float(np.sqrt(((aligned - CANONICAL) ** 2).sum(axis=1).mean()))


def matches_detection(points: np.ndarray, crop_side: float, margin: float) -> bool:
    """Tell whether the mesh of a crop is the face that the detection is of.

    Parameters
    ----------
    points : ndarray, shape (468, 3)
        The mesh in pixels of the crop.
    crop_side : float
        Side of the square crop in pixels.
    margin : float
        Side of the crop over that of the face's detection, which is in its middle, upright.
    """
    side = crop_side / margin
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    central = np.abs((low + high) / 2 - crop_side / 2).max() < side / 2
    fitting = 0.5 < (high - low).max() / side < 2
    upright = abs(roll(points)) < np.pi / 4
    return bool(central and fitting and upright)
