"""Looks at a face: crops of it, turned, moved and scaled a little, shown with their mirror images.

What isn't a face may pass for one in one picture, but hardly in four: looked at again, Face Mesh
sees something else or nothing.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from landmarks import framing
from landmarks.align import align
from landmarks.graphs import mesh_points
from landmarks.mesh import mirrored
from landmarks.plausibility import MOST_SCATTER, corners, scatter
from landmarks.views import radius

LOOKS_AGAIN = (
    # roll in radians, scale, shift to the right and down in sides; as a set its own mirror image
    (0.12, 1.05, 0.03, -0.02),
    (-0.12, 1.05, -0.03, -0.02),
    (0.0, 0.9, 0.0, 0.03),
)
"""Further crops of a face that was found, each shown with its mirror image."""

LOOK_RADII = 6.0
"""Side of such a crop in rms radii of the mesh: twice a face's height."""

LOOK_CONFIDENCE = 0.1


def look_at(
    image: np.ndarray,
    points: np.ndarray,
    turn: float = 0.0,
    scale: float = 1.0,
    shift: Sequence[float] = (0.0, 0.0),
) -> framing.Picture:
    """Return an upright crop of a face whose points (468, 3) are known in pixels of the image.

    It is turned, scaled and shifted to the right and down by so many radians, times and sides.
    """
    rotation = align(points[None])[1][0]
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    side = LOOK_RADII * radius(points).item()
    centre = points[:, :2].mean(axis=0) + np.multiply(shift, side)
    return framing.upright_crop(image, centre, side * scale, roll + turn)


def looks_at(image: np.ndarray, points: np.ndarray) -> Iterator[framing.Picture]:
    """Yield further crops of a face whose points (468, 3) are known in pixels of the image."""
    for turn, scale, *shift in LOOKS_AGAIN:
        yield look_at(image, points, turn, scale, shift)


class Look(NamedTuple):
    """What Face Mesh finds on a picture and on its mirror image.

    Attributes
    ----------
    picture : Picture
    pair : tuple of ndarray of shape (468, 3), or None
        Both meshes in the picture's coordinates; None where none was found.
    """

    picture: framing.Picture
    pair: tuple[np.ndarray | None, np.ndarray | None]

    @classmethod
    def at(cls, picture: framing.Picture, confidence: float) -> "Look":
        """Show a picture and its mirror image to Face Mesh."""
        pixels = picture.pixels
        straight = mesh_points(pixels, confidence)
        flipped = mesh_points(cv2.flip(pixels, 1), confidence)
        flipped = None if flipped is None else mirrored(flipped, pixels.shape[1])
        return cls(picture, (straight, flipped))

    @property
    def views(self) -> list[np.ndarray | None]:
        """The pair in the image's coordinates."""
        return [None if mesh is None else self.picture.to_image(mesh) for mesh in self.pair]


class Sighting(NamedTuple):
    """A face as it was first seen, and the looks at it so far.

    Attributes
    ----------
    points : ndarray, shape (468, 3)
        What the first look showed, in pixels of the image.
    looks : tuple of Look
        The first one, or all.
    """

    points: np.ndarray
    looks: tuple[Look, ...]

    def looked_again(self, image: np.ndarray) -> "Sighting":
        """Return the sighting with all looks at the image (height, width, 3)."""
        if len(self.looks) > 1:
            return self
        further = (Look.at(picture, LOOK_CONFIDENCE) for picture in looks_at(image, self.points))
        return self._replace(looks=(*self.looks, *further))

    @property
    def views(self) -> list[np.ndarray | None]:
        """The meshes of all looks in the image, None for each that shows none."""
        return [view for look in self.looks for view in look.views]

    @property
    def is_steady(self) -> bool:
        """Tell whether the looks show one and the same face."""
        return scatter(self.views, self.points) < MOST_SCATTER

    @property
    def corners(self) -> np.ndarray:
        """Left, top, right and bottom of the mesh in the image."""
        return corners(self.points)

    @property
    def area(self) -> float:
        """Of the mesh's box in the image, in pixels."""
        left, top, right, bottom = self.corners
        return (right - left) * (bottom - top)
