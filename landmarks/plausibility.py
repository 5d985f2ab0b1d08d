"""Which meshes can be a face: the rule by which the detector takes, averages or rejects one.

Face Mesh answers with a mesh wherever its score allows, also for a face upside down or a pattern
in a curtain. Such a mesh is well formed; what gives it away is that it differs from
the one found on the mirror image, lies elsewhere than the detector saw a face, or is another one
when the picture is turned and moved a little. A shape far from the mean face is the last resort.
"""

from collections.abc import Sequence

import numpy as np

from landmarks.align import align
from landmarks.mesh import CANONICAL

SURE_AGREEMENT = 0.15
"""Below this disagreement the mean is taken unseen: true of 98 % of FER2013's training faces."""

LEAST_AGREEMENT = 0.3
"""Above it (0.4 % of FER2013's training faces) the two are no longer views of one face."""

FARTHEST_SHAPE = 0.3
"""Greatest rms distance to the mean face in radii: one training face in 28,000 lies beyond."""

MOST_SCATTER = 0.2
"""Greatest scatter of the looks at a face in a photo.

Chosen on 1,100 of FER2013's training faces, enlarged to photos or pasted into larger ones, of which
it loses 0.8 %, most of them meshes in the wrong place, and on noise of a seed and parts of pictures
that `make robustness` doesn't show.
"""


def merged(
    straight: np.ndarray | None, flipped: np.ndarray | None, strict: bool
) -> np.ndarray | None:
    """Make one mesh of the two that a picture and its mirror image gave.

    Parameters
    ----------
    straight, flipped : ndarray of shape (468, 3), or None
        The meshes in the same coordinates; None where none was found.
    strict : bool
        Demand two meshes that agree. In a photo this is what rejects cups and curtains; in a crop
        that is known to be a face it would only lose the hard ones.

    Returns
    -------
    ndarray of shape (468, 3), or None
        Their mean where they agree; the more face-like one where they don't, the only one where
        one is missing; None where none of that is like a face.
    """
    found = [points for points in (straight, flipped) if points is not None]
    agreed = False
    if len(found) == 2:
        apart = disagreement(straight, flipped)
        mean = (straight + flipped) / 2
        if apart < SURE_AGREEMENT:
            return mean
        if apart < LEAST_AGREEMENT:
            agreed, found = True, [mean]
    if strict and not agreed:
        return None
    found = [points for points in found if shape_distance(points) < FARTHEST_SHAPE]
    return min(found, key=shape_distance, default=None)


def disagreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean distance in the image plane of two meshes (468, 3), in radii of both.

    The radius is the root of the points' mean squared distance from their centre.
    """
    apart = np.linalg.norm((one - other)[:, :2], axis=1).mean()
    variance = (np.var(one, axis=0).sum() + np.var(other, axis=0).sum()) / 2
    return float(apart / np.sqrt(variance))


def scatter(views: Sequence[np.ndarray | None], points: np.ndarray) -> float:
    """Return how far several looks at a face lie from its points, on average.

    Parameters
    ----------
    views : sequence of ndarray of shape (468, 3), or None
        The mesh of each look; None where it showed none.
    points : ndarray, shape (468, 3)
        In the same coordinates.

    Returns
    -------
    float, 0 to 1
        In radii; a look without a mesh counts as a whole radius, and none counts for more.
    """
    apart = [1.0 if view is None else min(disagreement(view, points), 1.0) for view in views]
    return float(np.mean(apart))


def shape_distance(points: np.ndarray) -> float:
    """Return the rms distance of a mesh (468, 3) to the mean face, both in the face frame."""
    aligned = align(points[None])[0][0]
    return float(np.sqrt(((aligned - CANONICAL) ** 2).sum(axis=1).mean()))


def is_meant(points: np.ndarray, crop_side: float, margin: float) -> bool:
    """Tell whether a crop's mesh is the face that the crop was made for.

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
    rotation = align(points[None])[1][0]
    upright = abs(np.arctan2(rotation[1, 0], rotation[0, 0])) < np.pi / 4
    return bool(central and fitting and upright)


def corners(points: np.ndarray) -> np.ndarray:
    """Return left, top, right and bottom of points (468, 3), as `overlap` takes them."""
    return np.concatenate([points[:, :2].min(axis=0), points[:, :2].max(axis=0)])


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the shared area of two boxes (left, top, right, bottom) over the smaller one's."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    areas = [np.prod(box[2:] - box[:2]) for box in (one, other)]
    return float(np.prod(np.maximum(sides, 0)) / max(min(areas), 1e-9))
