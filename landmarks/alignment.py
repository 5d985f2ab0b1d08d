"""The face frame: where a face is, how large and how turned is taken out of its points.

The turn is the orthogonal factor of the 3 x 3 covariance between the face and the mean face: the
rotation of least squares (Kabsch 1976), found by Newton's iteration for the polar decomposition
(Higham 1986) in place of an SVD, so that the same lines run on NumPy and on PyTorch and export to
ONNX.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from landmarks.mesh import CANONICAL

_CANONICAL_PLACES = CANONICAL[:, 0] + 1j * CANONICAL[:, 1]

NEWTON_STEPS = 6
"""The error squares with each step: faces settle in five, distorted threefold in six."""


def align(points: Any) -> tuple[Any, Any]:
    """Move, scale and turn faces onto the mean face by least squares.

    Parameters
    ----------
    points : array, shape (n, 468, 3)
        Floating-point NumPy array or PyTorch tensor; x right, y down, z away, all in one unit.

    Returns
    -------
    aligned : array, shape (n, 468, 3)
        The faces about the origin with unit rms radius, turned to look straight ahead.
    rotation : array, shape (n, 3, 3)
        The head's turn: ``centred = aligned * radius @ rotation.T``.
    """
    xp = array_namespace(points)
    centred = points - xp.mean(points, axis=1, keepdims=True)
    radius = xp.sqrt(xp.mean(xp.sum(centred**2, axis=2, keepdims=True), axis=1, keepdims=True))
    unit = centred / radius
    mean_face = xp.asarray(CANONICAL, dtype=points.dtype)
    covariance = xp.matmul(xp.permute_dims(unit, (0, 2, 1)), mean_face) / CANONICAL.shape[0]
    rotation = _nearest_rotation(xp, covariance)
    return xp.matmul(unit, rotation), rotation


def _nearest_rotation(xp: Any, matrix: Any) -> Any:
    """Return the orthogonal polar factor of (n, 3, 3) matrices of positive determinant."""
    for _ in range(NEWTON_STEPS):
        cofactor = _cofactor(xp, matrix)
        determinant = xp.sum(matrix * cofactor, axis=(1, 2), keepdims=True) / 3
        inverse_transposed = cofactor / determinant
        # Frobenius scaling (Higham 1986, eq. 3.9) brings a badly scaled start close at once.
        norm = xp.sqrt(xp.sum(matrix**2, axis=(1, 2), keepdims=True))
        inverse_norm = xp.sqrt(xp.sum(inverse_transposed**2, axis=(1, 2), keepdims=True))
        scale = xp.sqrt(inverse_norm / norm)
        matrix = (scale * matrix + inverse_transposed / scale) / 2
    return matrix


def _cofactor(xp: Any, matrix: Any) -> Any:
    """Return the cofactors of (n, 3, 3) matrices A, the transposes of their adjugates.

    By the theorem of Cayley and Hamilton the adjugate is A A - tr(A) A + (tr(A)^2 - tr(A A)) / 2 I:
    no indexing, which would be most of the exported graph.
    """
    identity = xp.asarray(np.eye(3), dtype=matrix.dtype)
    square = xp.matmul(matrix, matrix)
    trace, trace_of_square = (
        xp.sum(each * identity, axis=(1, 2), keepdims=True) for each in (matrix, square)
    )
    adjugate = square - trace * matrix + (trace**2 - trace_of_square) / 2 * identity
    return xp.permute_dims(adjugate, (0, 2, 1))


def radius(points: np.ndarray) -> np.ndarray:
    """Return the root mean squared distance of points from their centre.

    Parameters
    ----------
    points : ndarray, shape (..., 468, 3)

    Returns
    -------
    ndarray, shape (..., 1, 1)
        In the unit of the points.
    """
    centred = points - points.mean(axis=-2, keepdims=True)
    return np.sqrt((centred**2).sum(axis=-1, keepdims=True).mean(axis=-2, keepdims=True))


def roll(points: np.ndarray) -> float:
    """Return the turn of a face in the image plane, radians, positive to the right.

    The angle of the similarity of least squares in two dimensions (Umeyama 1991), where it is the
    product with a complex number: in a tenth of the time of `align`.

    Parameters
    ----------
    points : ndarray, shape (468, 3)
    """
    places = points[:, 0] + 1j * points[:, 1]
    return float(np.angle(np.vdot(_CANONICAL_PLACES, places - places.mean())))
