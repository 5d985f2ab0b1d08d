"""Draw contact sheets: images side by side, each with a caption."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from landmarks.images import ImageError

COLUMNS, MAX_TILES = 10, 120
"""Tiles in a line, and on a sheet."""

_SIDE, _MARGIN, _LINE, _TEXT, _TITLE = 128, 6, 14, 11, 20
_TILE = (_SIDE + 2 * _MARGIN, _SIDE + 3 * _LINE + 2 * _MARGIN)
_PLAIN, _WARNING, _PAPER, _EMPTY = "#d8d8d8", "#d02020", "white", "#808080"


@dataclass(frozen=True)
class Tile:
    """One image of a sheet.

    Attributes
    ----------
    image : ndarray of uint8, shape (h, w, 3), or ImageError
        What to show; an error is shown as a grey field.
    caption : tuple of str
        Up to three lines; long ones are cut in their middle.
    """

    image: np.ndarray | ImageError
    caption: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Tiles in one frame, which is red if there is something to warn of."""

    tiles: Sequence[Tile]
    warns: bool = False


def sheet(title: str, groups: Sequence[Group]) -> Image.Image:
    """Draw a contact sheet.

    Parameters
    ----------
    title : str
        What stands above.
    groups : sequence of Group
        In reading order; one that doesn't fit into a line's rest begins a new line. Of each at
        most `COLUMNS` tiles are shown.

    Returns
    -------
    Image
        RGB.
    """
    places = _places([min(len(group.tiles), COLUMNS) for group in groups])
    lines = max((line for line, _ in places), default=0) + 1
    width, height = _TILE
    page = Image.new("RGB", (COLUMNS * width, 2 * _TITLE + lines * height), _PAPER)
    draw = ImageDraw.Draw(page)
    draw.text((_MARGIN, _TITLE // 2), title, "black", ImageFont.load_default(_TITLE - 4))
    for group, (line, column) in zip(groups, places, strict=True):
        left, top = column * width, 2 * _TITLE + line * height
        tiles = group.tiles[:COLUMNS]
        frame = (left + 1, top + 1, left + len(tiles) * width - 2, top + height - 2)
        draw.rectangle(frame, outline=_WARNING if group.warns else _PLAIN, width=2)
        for number, tile in enumerate(tiles):
            _draw(page, draw, tile, left + number * width + _MARGIN, top + _MARGIN)
    return page


def _places(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return line and column at which each group begins."""
    places, line, column = [], 0, 0
    for size in sizes:
        if column + size > COLUMNS:
            line, column = line + 1, 0
        places.append((line, column))
        column += size
    return places


def _draw(page: Image.Image, draw: ImageDraw.ImageDraw, tile: Tile, left: int, top: int) -> None:
    """Draw a tile's image and caption."""
    if isinstance(tile.image, ImageError):
        draw.rectangle((left, top, left + _SIDE, top + _SIDE), fill=_EMPTY)
    else:
        shown = ImageOps.contain(Image.fromarray(tile.image), (_SIDE, _SIDE))
        page.paste(shown, (left, top))
    font = ImageFont.load_default(_TEXT)
    for number, text in enumerate(tile.caption):
        where = (left, top + _SIDE + 1 + number * _LINE)
        draw.text(where, _cut(text, font), "black", font)


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return a text that is no wider than an image, its middle left out where need be."""
    # One line, whatever a file's name holds; a line break would be drawn over the next tile.
    text = "".join(c if c.isprintable() else "?" for c in text)
    kept = len(text)
    shown = text
    while font.getlength(shown) > _SIDE and kept > 2:
        kept -= 1
        shown = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
    return shown
