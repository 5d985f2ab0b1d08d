"""How a face that was found is looked at again: crops of it, turned, moved and scaled a little."""

from collections.abc import Iterator, Sequence

import numpy as np

from landmarks import framing
from landmarks.align import align
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
