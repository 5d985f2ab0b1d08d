"""Where the labels of a picture's faces go: inside it, clear of one another, near their boxes.

Letters are as high as the picture asks for, so that they can be read where all of it fits a screen.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from PIL import ImageFont

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

Rectangle = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, the last ones inside it."""


class Label(NamedTuple):
    """A text, the place of its ground, and the height of its letters in pixels."""

    place: Rectangle
    text: str
    letters: int


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
            size = round(font_of(letters).getlength(words) + 0.7 * letters), round(1.4 * letters)
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
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """Return Pillow's own font with letters of this height in pixels."""
    return ImageFont.load_default(size)
