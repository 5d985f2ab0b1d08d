"""A picture with what was read in it: boxes, meshes, coloured regions, and a label for each face.

Sizes follow the picture's, so that a label can be read where the whole picture fits a screen;
tiny pictures are enlarged. Labels stay inside the picture and keep clear of one another.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from classifiers.reading import Reading
from landmarks.mesh import EDGES, REGION_TRIANGLES

SMALLEST_SIDE = 480
"""A picture whose longer side has fewer pixels is enlarged to them."""

SMALLEST_FACE, LARGEST_SIDE = 90, 2400
"""A photo is enlarged until the typical face is so wide, but not beyond that side."""

SMALLEST_LETTERS = 13
LETTERS_OF_SIDE = 1 / 70
"""Height of the smallest letters, in pixels or of the longer side, whichever is more."""

LARGEST_LETTERS = 2.2
"""Height of the largest letters, in those of the smallest."""

TINIEST_LETTERS = 10
"""Height of letters in pixels below which nothing can be read, however full a picture is."""

LETTERS_OF_BOX = 1 / 7
"""Height of the letters of a box's width, between these two."""

SHRINKING = (1.0, 0.8, 0.6)
"""Sizes that are tried one after the other where labels are in each other's way."""

MOST_COVERED = 0.25
"""Share of a label that may lie on another face; its number alone may cover more."""

STEPS = 3
"""Heights of a label that it may lie away from its box."""

LINE_OF_SIDE, LINE_OF_BOX = 1 / 350, 1 / 40
"""Width of a box's line in the picture's longer side or in the box, whichever is less."""

MESH_OPACITY, MESH_WIDTH = 0.5, 250
"""Opacity of a mesh's edges, and pixels of a face's width for each pixel of theirs."""

FOR, AGAINST = (23, 105, 170), (224, 112, 26)
"""Colours of regions that speak for and against the answer: the page's."""

STRONGEST_FILL, FAINTEST_SCALE = 0.75, 0.1
"""Opacity of the region that moved the answer most, if it moved it by this much or more."""

WHITE, GROUND, SHADE = (255, 255, 255), (0, 0, 0, 190), (0, 0, 0, 110)
_SHIFT = 4  # bits behind the point of OpenCV's coordinates


Rectangle = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, the last ones inside it."""


class Label(NamedTuple):
    """A text, the place of its ground, and the height of its letters in pixels."""

    place: Rectangle
    text: str
    letters: int


class Mark(NamedTuple):
    """What is drawn of one face.

    Attributes
    ----------
    box : tuple of int
        Left, top, width and height in pixels of the image.
    text : str
        Its label.
    points : ndarray, shape (468, 2 or 3), optional
        Its mesh in pixels of the image, to be drawn or coloured.
    moved : mapping of str to float, optional
        What each region contributed to the answer, -1..1: colours the regions.
    """

    box: tuple[int, int, int, int]
    text: str
    points: np.ndarray | None = None
    moved: Mapping[str, float] | None = None


def marks_of(reading: Reading, mesh: bool = False, explain: bool = False) -> list[Mark]:
    """Return what is drawn of a reading: "happy 98%", or "2 sad or fear? 41%" of several faces.

    Parameters
    ----------
    reading : Reading
    mesh : bool, default False
        Whether the mesh is drawn.
    explain : bool, default False
        Whether regions are coloured by how much they moved the answer.
    """
    marks = []
    for number, found in enumerate(reading.faces, 1):
        words = f"{found.expression} or {found.second}?" if found.unsure else found.expression
        share = f"{found.confidences[found.expression]:.0%}"
        text = " ".join([str(number)] * (len(reading.faces) > 1) + [words, share])
        points = found.face.points if mesh or explain else None
        marks.append(Mark(found.face.box, text, points, found.explanation() if explain else None))
    return marks


def annotate(rgb: np.ndarray, marks: Sequence[Mark], room_for_labels: bool = False) -> Image.Image:
    """Draw marks on a copy of an image.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (h, w, 3)
    marks : sequence of Mark
        Labels of the first find their place first.
    room_for_labels : bool, default False
        Whether a picture of small faces is enlarged, too, so that their labels have room; not
        for films, whose pictures are all of one size.

    Returns
    -------
    PIL.Image.Image
        RGB, of the image's size or a multiple of it.
    """
    side, widths = max(rgb.shape[:2]), [mark.box[2] for mark in marks]
    scale = max(_scale(side), _scale_for(widths, side) if room_for_labels and marks else 1)
    canvas = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    for mark in marks:
        if mark.moved is not None:
            _colour(canvas, mark.points[:, :2] * scale, mark.moved)
        elif mark.points is not None:
            _draw_mesh(canvas, mark.points[:, :2] * scale)
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture, "RGBA")
    boxes = [(scale * x, scale * y, scale * (x + w), scale * (y + h)) for (x, y, w, h), *_ in marks]
    for left, top, right, bottom in boxes:
        # A line beside a dark one is seen on any ground.
        line = max(1, round(min(LINE_OF_SIDE * max(picture.size), LINE_OF_BOX * (right - left))))
        around = left - line, top - line, right + line, bottom + line
        pen.rectangle(around, outline=SHADE, width=line)
        pen.rectangle((left, top, right, bottom), outline=WHITE, width=line)
    for place, words, letters in place_labels([mark.text for mark in marks], boxes, picture.size):
        pen.rectangle(place, fill=GROUND)
        middle = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
        pen.text(middle, words, WHITE, _font(letters), anchor="mm")
    return picture


def _scale(side: int) -> int:
    """Return how many times a picture of this longer side is enlarged for its own sake."""
    return math.ceil(SMALLEST_SIDE / side)


def _scale_for(widths: Sequence[int], side: int) -> int:
    """Return how many times a picture is enlarged for its faces' widths."""
    return min(math.ceil(SMALLEST_FACE / max(1, np.median(widths))), LARGEST_SIDE // side)


def _draw_mesh(canvas: np.ndarray, points: np.ndarray) -> None:
    """Draw a mesh's edges, fainter on a small face, which they would cover."""
    width = np.ptp(points[:, 0])
    opacity = MESH_OPACITY * min(1, width / MESH_WIDTH)
    _paint(canvas, points, EDGES, WHITE, opacity, max(1, round(width / MESH_WIDTH)))


def _colour(canvas: np.ndarray, points: np.ndarray, moved: Mapping[str, float]) -> None:
    """Fill each region by how much it moved the answer, as the page does."""
    strongest = max(FAINTEST_SCALE, *(abs(value) for value in moved.values()))
    for name, value in moved.items():
        colour = FOR if value > 0 else AGAINST
        opacity = STRONGEST_FILL * abs(value) / strongest
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


def place_labels(
    texts: Sequence[str], boxes: Sequence[Rectangle], room: tuple[int, int]
) -> list[Label]:
    """Find the best free place for each label, smaller or as its first word where it is full.

    Where not even that fits, there is none: a label over another one would lose both.

    Parameters
    ----------
    texts : sequence of str
        The labels; the first ones choose first.
    boxes : sequence of Rectangle
        Their faces'.
    room : tuple of int
        Width and height of the picture in pixels.

    Returns
    -------
    list of Label
        Inside the picture, none over another.
    """
    smallest = max(SMALLEST_LETTERS, LETTERS_OF_SIDE * max(room))
    placed: list[Label] = []
    for text, box in zip(texts, boxes, strict=True):
        wanted = (box[2] - box[0]) * LETTERS_OF_BOX
        wanted = min(max(wanted, smallest), LARGEST_LETTERS * smallest)
        number = text.split(" ")[0]
        ways = [*product((text,), SHRINKING, (MOST_COVERED,)), *product((number,), SHRINKING, (1,))]
        for words, share, covered in ways:
            letters = max(TINIEST_LETTERS, round(share * wanted))
            size = round(_font(letters).getlength(words) + 0.7 * letters), round(1.4 * letters)
            taken = [label.place for label in placed]
            place = _free_place(size, box, taken, boxes, room, covered)
            if place:
                placed.append(Label(place, words, letters))
                break
    return placed


def _free_place(
    size: tuple[int, int],
    box: Rectangle,
    taken: Sequence[Rectangle],
    boxes: Sequence[Rectangle],
    room: tuple[int, int],
    most_covered: float,
) -> Rectangle | None:
    """Return the free place for a label that covers least of other faces' boxes, if there is one.

    Of several, the first: they come in the order in which people look for a label. A place of
    which more than `most_covered` lies on one other box is none.
    """
    others = [other for other in boxes if other != box]
    free = [
        place
        for place in _places(size, box, room)
        if not any(_shared(place, other) for other in taken)
        and all(_shared(place, other) <= most_covered * _shared(place, place) for other in others)
    ]
    return min(free, key=lambda place: sum(_shared(place, other) for other in others), default=None)


def _places(size: tuple[int, int], box: Rectangle, room: tuple[int, int]) -> Iterator[Rectangle]:
    """Yield places inside the picture: above the box, below it, in it, then further away."""
    (width, height), (left, top, right, bottom) = size, box
    if width >= room[0] or height >= room[1]:
        return
    tops = [top - height - 1, bottom + 1, top, bottom - height]
    for step in range(2, STEPS + 1):
        tops += [top - step * (height + 1), bottom + 1 + (step - 1) * (height + 1)]
    for y, x in product(tops, (left, right - width)):
        # A box may reach out of the picture.
        x, y = min(max(x, 0), room[0] - 1 - width), min(max(y, 0), room[1] - 1 - height)
        yield x, y, x + width, y + height


def _shared(one: Rectangle, other: Rectangle) -> int:
    """Return how many pixels two rectangles share, their last row and column counted."""
    width = min(one[2], other[2]) - max(one[0], other[0]) + 1
    height = min(one[3], other[3]) - max(one[1], other[1]) + 1
    return max(width, 0) * max(height, 0)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own scalable font."""
    return ImageFont.load_default(size)
