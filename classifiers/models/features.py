"""Compute the features of a face: its aligned points and the rotation of its head."""

from typing import Any

from array_api_compat import array_namespace

from landmarks.alignment import align
from landmarks.mesh import N_POINTS

N_COORDINATES = 3 * N_POINTS
"""Coordinates of one face: the width of flat points."""

N_FEATURES = N_COORDINATES + 9
"""The aligned coordinates and the nine entries of the head's rotation."""


def features(points: Any) -> Any:
    """Turn points into the features X, the same for training and for serving.

    Written against the array API, so that the same lines run on NumPy and, for the export to
    ONNX, on PyTorch.

    Parameters
    ----------
    points : array of float, shape (n, 468, 3)
        Faces in any one unit, such as pixels; x right, y down, z away. Where a face is and how
        large does not matter.

    Returns
    -------
    X : array of float32, shape (n, 1413)
        468 aligned points as x, y, z (unit rms radius), then the rotation matrix row by row
        (entries -1 to 1), from which a classifier can learn how the rotation distorts the mesh.
    """
    xp = array_namespace(points)
    # Some coordinates hardly vary, and scaling them magnifies rounding: in float32, NumPy and the
    # exported graph would differ in the fifth decimal of a confidence.
    aligned, rotation = align(xp.astype(points, xp.float64))
    flat = xp.reshape(aligned, (-1, N_COORDINATES))
    X = xp.concat([flat, xp.reshape(rotation, (-1, 9))], axis=1)
    return xp.astype(X, xp.float32)
