"""Draw predictions on an image: boxes, meshes, coloured regions, and a label for each face.

Sizes follow the picture's, and a tiny picture is enlarged, so that everything can be seen where all
of it fits a screen.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from classifiers.inference.predictions import ImagePrediction
from landmarks.mesh import EDGES, REGION_TRIANGLES

MIN_SIDE = 480
"""A picture whose longer side has fewer pixels is enlarged to them."""

MIN_FACE_WIDTH, MAX_SIDE = 90, 2400
"""A photo is enlarged until the typical face is so wide, but not beyond that side."""

LINE_OF_SIDE, LINE_OF_BOX = 1 / 350, 1 / 40
"""Width of a box's line in the picture's longer side or in the box, whichever is less."""

MESH_OPACITY, MESH_WIDTH = 0.5, 250
"""Opacity of a mesh's edges, and pixels of a face's width for each pixel of theirs."""

FOR, AGAINST = (23, 105, 170), (224, 112, 26)
"""Colours of regions that raise and lower the confidence: the page's."""

MAX_OPACITY, MIN_SCALE = 0.75, 0.1
"""Opacity of the region that contributes most, if that is this much or more."""

MIN_LETTERS, LETTERS_OF_SIDE, LETTERS_OF_BOX = 13, 1 / 70, 1 / 7
"""Least height of letters in pixels and in the picture's longer side; height in a box's width."""

MAX_LETTERS = 2.2
"""Largest height of letters, in the least."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

WHITE, GROUND, SHADE = (255, 255, 255), (0, 0, 0, 190), (0, 0, 0, 110)
_SHIFT = 4  # bits behind the point of OpenCV's coordinates


class Annotation(NamedTuple):
    """What is drawn on one face.

    Attributes
    ----------
    box : tuple of int
        Left, top, width and height in pixels of the image.
    text : str
        Its label.
    points : ndarray, shape (468, 2 or 3), optional
        Its mesh in pixels of the image, to be drawn or coloured.
    contributions : mapping of str to float, optional
        What each region contributes to the confidence, -1..1: colours the regions.
    """

    box: tuple[int, int, int, int]
    text: str
    points: np.ndarray | None = None
    contributions: Mapping[str, float] | None = None


def annotations_of(
    prediction: ImagePrediction, mesh: bool = False, explain: bool = False
) -> list[Annotation]:
    """Return the annotations of a prediction: "happy 98%", or "2 sad or fear? 41%" of several.

    Parameters
    ----------
    prediction : ImagePrediction
    mesh : bool, default False
        Whether the mesh is drawn.
    explain : bool, default False
        Whether regions are coloured by their contributions.
    """
    annotations = []
    for number, found in enumerate(prediction.faces, 1):
        words = f"{found.expression} or {found.second}?" if found.uncertain else found.expression
        share = f"{found.confidences[found.expression]:.0%}"
        text = " ".join([str(number)] * (len(prediction.faces) > 1) + [words, share])
        points = found.face.points if mesh or explain else None
        annotations.append(
            Annotation(found.face.box, text, points, found.explanation() if explain else None)
        )
    return annotations


def annotate(
    rgb: np.ndarray, annotations: Sequence[Annotation], enlarge_small_faces: bool = False
) -> Image.Image:
    """Draw annotations on a copy of an image.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
    annotations : sequence of Annotation
        The last are drawn over the first.
    enlarge_small_faces : bool, default False
        Whether a picture of small faces is enlarged, too, so that their labels have room; not
        for videos, whose frames are all of one size.

    Returns
    -------
    PIL.Image.Image
        RGB, of the image's size or a multiple of it.
    """
    side, widths = max(rgb.shape[:2]), [annotation.box[2] for annotation in annotations]
    scale = max(
        _scale(side), _scale_for(widths, side) if enlarge_small_faces and annotations else 1
    )
    canvas = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    for annotation in annotations:
        if annotation.points is None:
            continue
        points = annotation.points[:, :2] * scale
        if annotation.contributions is not None:
            _colour(canvas, points, annotation.contributions)
        else:
            _draw_mesh(canvas, points)
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture, "RGBA")
    boxes = [
        (scale * x, scale * y, scale * (x + w), scale * (y + h)) for (x, y, w, h), *_ in annotations
    ]
    for left, top, right, bottom in boxes:
        # A line beside a dark one is seen on any ground.
        line = max(1, round(min(LINE_OF_SIDE * max(picture.size), LINE_OF_BOX * (right - left))))
        around = left - line, top - line, right + line, bottom + line
        pen.rectangle(around, outline=SHADE, width=line)
        pen.rectangle((left, top, right, bottom), outline=WHITE, width=line)
    for annotation, box in zip(annotations, boxes, strict=True):
        place, letters = place_label(annotation.text, box, picture.size)
        pen.rectangle(place, fill=GROUND)
        middle = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
        pen.text(middle, annotation.text, WHITE, font_of(letters), anchor="mm")
    return picture


def place_label(text: str, box: Rectangle, size: tuple[int, int]) -> tuple[Rectangle, int]:
    """Return the ground of a label above its box, moved into the picture, and its letters' height.

    Parameters
    ----------
    text : str
    box : Rectangle
    size : tuple of int
        Width and height of the picture in pixels.
    """
    wide = box[2] - box[0]
    least = max(MIN_LETTERS, LETTERS_OF_SIDE * max(size))
    letters = round(np.clip(LETTERS_OF_BOX * wide, least, MAX_LETTERS * least))
    width = _width(text, letters)
    # Smaller letters where neighbours would be covered, or the picture is too narrow.
    while (width > wide and letters > least) or (width >= size[0] and letters > 1):
        letters -= 1
        width = _width(text, letters)
    height = 1.4 * letters
    left = max(min(box[0], size[0] - 1 - width), 0)
    top = max(min(box[1] - 1 - height, size[1] - 1 - height), 0)
    return (left, top, left + width, top + height), letters


def _width(text: str, letters: int) -> float:
    return font_of(letters).getlength(text) + 0.7 * letters


@cache
def font_of(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font with letters of this height in pixels."""
    return ImageFont.load_default(size)


def _scale(side: int) -> int:
    """Return how many times a picture of this longer side is enlarged for its own sake."""
    return math.ceil(MIN_SIDE / side)


def _scale_for(widths: Sequence[int], side: int) -> int:
    """Return how many times a picture is enlarged for its faces' widths."""
    return min(math.ceil(MIN_FACE_WIDTH / max(1, np.median(widths))), MAX_SIDE // side)


def _draw_mesh(canvas: np.ndarray, points: np.ndarray) -> None:
    """Draw a mesh's edges, fainter on a small face, which they would cover."""
    width = np.ptp(points[:, 0])
    opacity = MESH_OPACITY * min(1, width / MESH_WIDTH)
    _paint(canvas, points, EDGES, WHITE, opacity, max(1, round(width / MESH_WIDTH)))


def _colour(canvas: np.ndarray, points: np.ndarray, contributions: Mapping[str, float]) -> None:
    """Fill each region by its contribution, as the page does."""
    strongest = max(MIN_SCALE, *(abs(value) for value in contributions.values()))
    for name, value in contributions.items():
        colour = FOR if value > 0 else AGAINST
        opacity = MAX_OPACITY * abs(value) / strongest
        _paint(canvas, points, REGION_TRIANGLES[name], colour, opacity, cv2.FILLED)


def _paint(
    canvas: np.ndarray,
    points: np.ndarray,
    shapes: np.ndarray,
    colour: tuple[int, int, int],
    opacity: float,
    line: int,
) -> None:
    """Blend shapes, int (n, corners) of rows of points, into the part of a canvas they lie in."""
    reach = max(line, 0) + 1
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - reach, 0)
    high = np.ceil(points.max(axis=0)).astype(int) + reach
    part = canvas[low[1] : max(high[1], 0), low[0] : max(high[0], 0)]
    if not part.size:
        return
    layer = part.copy()
    corners = np.rint((points - low) * 2**_SHIFT).astype(np.int32)
    if line == cv2.FILLED:
        for shape in corners[shapes]:  # one by one: together, overlaps would cancel out
            cv2.fillConvexPoly(layer, shape, colour, cv2.LINE_AA, _SHIFT)
    else:
        cv2.polylines(layer, list(corners[shapes]), False, colour, line, cv2.LINE_AA, _SHIFT)
    part[:] = cv2.addWeighted(layer, opacity, part, 1 - opacity, 0)
