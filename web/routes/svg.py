"""Draw a prediction: the photo as a data URI, boxes and meshes as SVG geometry.

All geometry is in pixels of the upright photo, x right and y down from the top left corner, so that
one SVG ``viewBox`` serves photo, boxes and meshes alike, at any size on screen.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers.inference.annotate import MAX_OPACITY, MIN_SCALE
from classifiers.inference.predictor import FacePrediction, ImagePrediction
from landmarks.mesh import EDGES, REGION_TRIANGLES

TIGHT_CROP = 1.3
"""Side of the tight crop over the longer side of the face."""

LOOSE_CROP = 2.4
"""Side of the picture by which a photo of one face is known, over the longer side of the face."""

CROWD = 4
"""From so many faces on, a photo takes the page's whole width and its faces are opened one by one.
"""

LETTERS = 1 / 32
"""Height of a label's letters over the photo's side, in a photo that has half the page's width."""

LETTER_WIDTH = 0.62
"""Width of a letter over its height, a little more than in common typefaces."""

PHONE = 1.5
"""How much larger a phone draws the letters; page.css says so, too."""


Area = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels of the photo."""


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


@dataclass(frozen=True)
class Label:
    """Where the label of a face is written, in pixels of the photo.

    Attributes
    ----------
    x, y : float
        Start of its baseline, or the end of it.
    anchor : {"start", "end"}
    fits : bool
        Whether it hides no other face; of those that do, the number alone is shown.
    """

    x: float
    y: float
    anchor: str
    fits: bool = True


def letters(prediction: ImagePrediction) -> float:
    """Return the height of the letters of a photo's labels, in its pixels."""
    side = max(prediction.width, 0.75 * prediction.height) * LETTERS
    return round(side / 2 if len(prediction.faces) >= CROWD else side, 1)


def place_labels(prediction: ImagePrediction, texts: Sequence[str]) -> list[Label]:
    """Place a text above the box of each face, within the photo."""
    height, crowd = letters(prediction), len(prediction.faces) >= CROWD
    boxes = [face.face.box for face in prediction.faces]
    labels, areas = [], []
    for (x, y, width, _), text in zip(boxes, texts, strict=True):
        length = LETTER_WIDTH * height * len(text)
        # On a phone, a crowd's labels are numbers.
        at_end = x + (length if crowd else PHONE * length) > prediction.width
        end = min(x + width, prediction.width) if at_end else max(x, 0) + length
        base = max(y - 0.4 * height, PHONE * height)
        labels.append(Label(end if at_end else max(x, 0), base, "end" if at_end else "start"))
        areas.append((end - length, base - height, end, base))
    areas += [(x, y, x + width, y + tall) for x, y, width, tall in boxes]
    return [
        replace(
            label, fits=not any(_meet(areas[i], area) for area in _others(areas, i, len(labels)))
        )
        for i, label in enumerate(labels)
    ]


def _others(areas: list[Area], i: int, n: int) -> Iterator[Area]:
    """Yield the labels and the boxes of the faces but number `i` of `n`."""
    return (area for k, area in enumerate(areas) if k % n != i)


def _meet(one: Area, other: Area) -> bool:
    """Say whether two areas share a point."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def thumbnail(prediction: ImagePrediction) -> str:
    """Return the viewBox by which a photo is known among many: its face, or all of several."""
    size = (prediction.width, prediction.height)
    if len(prediction.faces) != 1:
        return f"0 0 {size[0]} {size[1]}"
    return _square(prediction.faces[0].face.points[:, :2], LOOSE_CROP, size)


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
        view=_square(points, TIGHT_CROP),
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


def _square(points: np.ndarray, scale: float, size: tuple[int, int] | None = None) -> str:
    """Return the viewBox of a square around a (468, 2) mesh, within a photo of that size if given.

    Its side is `scale` times the mesh's longer side, or the photo's shorter one.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    side = scale * float((high - low).max())
    corner = (low + high - side) / 2
    if size:
        side = min(side, *size)
        corner = np.clip((low + high - side) / 2, 0, np.array(size) - side)
    return f"{corner[0]:.1f} {corner[1]:.1f} {side:.1f} {side:.1f}"
