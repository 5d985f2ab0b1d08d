"""Draw a prediction: the photo as a data URI, boxes and meshes as SVG geometry.

All geometry is in pixels of the upright photo, x right and y down from the top left corner, so that
one SVG ``viewBox`` serves photo, boxes and meshes alike, at any size on screen.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classifiers.inference.annotate import MAX_OPACITY, MIN_SCALE
from classifiers.inference.predictor import FacePrediction
from landmarks.mesh import EDGES, REGION_TRIANGLES

TIGHT_CROP = 1.3
"""Side of the tight crop over the longer side of the face."""


@dataclass(frozen=True)
class Region:
    """One region of one face's mesh, coloured by its contribution.

    Attributes
    ----------
    name : str
        Name of the region.
    contribution : float
        What the region added to the expression's confidence, -1..1.
    opacity : float
        Opacity of the fill, 0..1.
    path : str
        Its triangles as SVG path data, in pixels of the photo.
    """

    name: str
    contribution: float
    opacity: float
    path: str


@dataclass(frozen=True)
class Drawing:
    """Everything that the page draws of one face, in pixels of the photo.

    Attributes
    ----------
    edges : str
        The mesh's edges as SVG path data.
    view : str
        ``viewBox`` of a tight crop.
    regions : tuple of Region
        The regions, the one that contributes most first.
    """

    edges: str
    view: str
    regions: tuple[Region, ...]


def photo_uri(picture: bytes) -> str:
    """Return a JPEG as ``data:image/jpeg;base64,...``."""
    return "data:image/jpeg;base64," + b64encode(picture).decode("ascii")


def draw(prediction: FacePrediction) -> Drawing:
    """Work out the SVG geometry of one face.

    Parameters
    ----------
    prediction : FacePrediction
        A face with its mesh and its explanation.

    Returns
    -------
    Drawing
        Edges, tight crop and coloured regions.
    """
    points = prediction.face.points[:, :2]
    return Drawing(
        edges=_path(points, EDGES, closed=False),
        view=_tight_crop(points),
        regions=_regions(points, prediction.explanation()),
    )


def _regions(points: np.ndarray, contributions: Mapping[str, float]) -> tuple[Region, ...]:
    """Return the coloured regions of a (468, 2) mesh, strongest first."""
    strongest = max(MIN_SCALE, *(abs(value) for value in contributions.values()))
    return tuple(
        Region(
            name=name,
            contribution=value,
            opacity=round(MAX_OPACITY * abs(value) / strongest, 2),
            path=_path(points, REGION_TRIANGLES[name], closed=True),
        )
        for name, value in sorted(contributions.items(), key=lambda item: -abs(item[1]))
    )


def _path(points: np.ndarray, shapes: np.ndarray, *, closed: bool) -> str:
    """Return SVG path data for shapes, int (n, corners), whose corners are rows of points."""
    end = "Z" if closed else ""
    corners = [f"{x:.1f} {y:.1f}" for x, y in points.tolist()]
    return "".join("M" + "L".join(corners[i] for i in shape) + end for shape in shapes.tolist())


def _tight_crop(points: np.ndarray) -> str:
    """Return the viewBox of a square around a (468, 2) mesh."""
    low, high = points.min(axis=0), points.max(axis=0)
    side = TIGHT_CROP * float((high - low).max())
    left, top = (low + high - side) / 2
    return f"{left:.1f} {top:.1f} {side:.1f} {side:.1f}"
