"""Test-time augmentation: the mesh of a face from several crops of it and their mirror images.

The points of a face are the mean of its crop's mesh and of its mirror image's. Further crops,
turned, scaled and shifted a little, tell a face from what is none: what passes for a face on one
crop hardly does on four.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from landmarks import crops
from landmarks.alignment import align, radius
from landmarks.detection.mediapipe_graphs import mesh_points
from landmarks.detection.validation import (
    MAX_DISAGREEMENT,
    MAX_DISPERSION,
    disagreement,
    dispersion,
)
from landmarks.mesh import mirrored

MESHES = (1, 2, 4)
"""Meshes whose mean the points of a face may be: of a crop, with its mirror image, of two crops."""

TTA_CROPS = (
    # roll in radians, scale, shift to the right and down in sides; as a set its own mirror image
    (0.0, 0.9, 0.0, 0.03),
    (0.12, 1.05, 0.03, -0.02),
    (-0.12, 1.05, -0.03, -0.02),
)
"""Further crops of a face that was found."""

TTA_RADII = 6.0
"""Side of such a crop in radii of the face: twice its height."""

TTA_CONFIDENCE = 0.1

Mesh = np.ndarray | None
"""A mesh (468, 3), or None where none was found."""


def mesh_pair(crop: crops.Crop, confidence: float) -> tuple[Mesh, Mesh]:
    """Find the mesh of a crop and of its mirror image, both in pixels of the crop."""
    straight = mesh_points(crop.pixels, confidence)
    flipped = mesh_points(cv2.flip(crop.pixels, 1), confidence)
    return straight, None if flipped is None else mirrored(flipped, crop.pixels.shape[1])


def crop_at(
    image: np.ndarray,
    points: np.ndarray,
    turn: float = 0.0,
    scale: float = 1.0,
    shift: Sequence[float] = (0.0, 0.0),
) -> crops.Crop:
    """Return an upright crop of a face that was found.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    points : ndarray, shape (468, 3)
        The face in pixels of the image.
    turn : float, default 0
        Radians to turn the crop by.
    scale : float, default 1
        Factor of its side.
    shift : sequence of float, default (0, 0)
        Move to the right and down, in sides.
    """
    rotation = align(points[None])[1][0]
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    face_radius = radius(points).item()
    side = TTA_RADII * face_radius
    centre = points[:, :2].mean(axis=0) + np.multiply(shift, side)
    return crops.upright_crop(image, centre, side * scale, roll + turn, face_radius)


def mean_mesh(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the mean of a face's mesh, itself of two meshes, and of two of a further crop.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    points : ndarray, shape (468, 3)
        The face in pixels of the image.
    """
    found = next(_further_meshes(image, points, TTA_CROPS[:1]))
    agreed = [mesh for mesh in found if mesh is not None and _agrees(mesh, points)]
    return np.mean([points, points, *agreed], axis=0)


def is_consistent(image: np.ndarray, points: np.ndarray) -> bool:
    """Tell whether further crops of a face show the same face.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
    points : ndarray, shape (468, 3)
        The face in pixels of the image.
    """
    budget = MAX_DISPERSION * 2 * len(TTA_CROPS)
    for pair in _further_meshes(image, points, TTA_CROPS):
        budget -= 2 * dispersion(pair, points)
        if budget < 0:  # the crops that are left can't make up for it
            return False
    return True


def _further_meshes(
    image: np.ndarray, points: np.ndarray, crops: Sequence[tuple[float, ...]]
) -> Iterator[tuple[Mesh, Mesh]]:
    """Yield the meshes of each crop and its mirror image, in pixels of the image."""
    for turn, scale, *shift in crops:
        crop = crop_at(image, points, turn, scale, shift)
        straight, flipped = mesh_pair(crop, TTA_CONFIDENCE)
        yield (
            None if straight is None else crop.to_image(straight),
            None if flipped is None else crop.to_image(flipped),
        )


def _agrees(mesh: Mesh, points: np.ndarray) -> bool:
    """Tell whether a mesh shows the face that the points do."""
    return mesh is not None and disagreement(mesh, points) < MAX_DISAGREEMENT
