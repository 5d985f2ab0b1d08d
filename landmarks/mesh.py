"""The topology of the 468-point face mesh: column names, regions, mirror, edges, mean face.

The numbers live in ``topology.json`` beside this file, written by ``python -m
data.tools.topology`` from MediaPipe's own connection lists and a feature table, so that nothing
here imports MediaPipe.
"""

import json
from pathlib import Path

import numpy as np

N_POINTS = 468
"""Points of the mesh without the ten iris points that the refined mesh appends."""

POINT_COLUMNS = tuple(f"{axis}_{i}" for i in range(N_POINTS) for axis in "xyz")
"""Names of the 1404 coordinates in the order of a flattened (468, 3) array."""

_TOPOLOGY = json.loads(Path(__file__).with_name("topology.json").read_text())

REGIONS = {name: np.array(points) for name, points in _TOPOLOGY["regions"].items()}
"""Disjoint sets of point indices that together hold all 468: brows, eyes, nose, mouth, jaw."""

MIRROR = np.array(_TOPOLOGY["mirror"])
"""int (468,): the point that takes each point's place on the mirrored face; its own inverse."""

EDGES = np.array(_TOPOLOGY["edges"])
"""int (n, 2): the tessellation's edges, each once."""

TRIANGLES = np.array(_TOPOLOGY["triangles"])
"""int (m, 3): the tessellation's triangles."""

CANONICAL = np.array(_TOPOLOGY["canonical"], dtype=np.float32)
"""float32 (468, 3): the symmetric mean face, centred, unit rms radius, x right, y down, z away."""


def mirrored(points: np.ndarray, width: float = 0.0) -> np.ndarray:
    """Return the mesh of the mirror image.

    Parameters
    ----------
    points : ndarray, shape (..., 468, 3)
        Points with x to the right.
    width : float, default 0
        Width of the image in the points' unit; 0 mirrors about x = 0.

    Returns
    -------
    ndarray, shape (..., 468, 3)
        The points of the mirrored face, in the mesh's own order.
    """
    flipped = points * np.array([-1, 1, 1], dtype=points.dtype)
    flipped[..., 0] += width
    return flipped[..., MIRROR, :]


def _triangles_by_region() -> dict[str, np.ndarray]:
    """Give each triangle to the region that holds most of its corners, the first on a tie."""
    region_of = np.empty(N_POINTS, dtype=int)
    for number, indices in enumerate(REGIONS.values()):
        region_of[indices] = number
    corners = region_of[TRIANGLES]  # (m, 3)
    owner = np.where(corners[:, 1] == corners[:, 2], corners[:, 1], corners[:, 0])
    return {name: TRIANGLES[owner == number] for number, name in enumerate(REGIONS)}


REGION_TRIANGLES = _triangles_by_region()
"""Each region's triangles, int (m, 3); every triangle belongs to one."""
