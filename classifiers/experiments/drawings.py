"""Drawn things that look at their viewer: smileys, cartoons, animals, robots, houses and dolls.

None of them is a face whose expression could be read, though each has what passes for eyes and a
mouth.
"""

from collections.abc import Callable

import cv2
import numpy as np

Colour = tuple[int, int, int]

INK: Colour = (30, 25, 25)
WHITE: Colour = (245, 245, 245)
STYLES = ("outlined", "flat", "lines")
"""Shapes with an outline, without one, and outlines alone."""

SHIFT = 4
"""Bits of a coordinate after the point, so that OpenCV draws between pixels."""


class Sheet:
    """A square that is drawn on in a unit of its own: 0 is the middle, 1 the edge.

    Parameters
    ----------
    side : int
        In pixels.
    rng : Generator
        Chooses the colours of the paper and of what is drawn.
    """

    def __init__(self, side: int, rng: np.random.Generator):
        self.rng, self.side = rng, side
        self.style = STYLES[rng.integers(len(STYLES))]
        self.pen = round(side * rng.uniform(0.006, 0.02))
        self.pixels = np.full((side, side, 3), self.colour(150, 256), np.uint8)

    def colour(self, low: int = 60, high: int = 256) -> Colour:
        """Return a random colour, white in line art."""
        if self.style == "lines":
            return WHITE
        red, green, blue = self.rng.integers(low, high, 3).tolist()
        return red, green, blue

    def oval(
        self, x: float, y: float, width: float, height: float, colour: Colour, outline: bool = True
    ) -> None:
        """Fill an ellipse of half axes about a point, with an outline or without one."""
        self._ellipse(x, y, width, height, (0, 360), colour, cv2.FILLED)
        if outline and self.style != "flat":
            self._ellipse(x, y, width, height, (0, 360), INK, self.pen)

    def arc(self, x: float, y: float, width: float, height: float, end: tuple[int, int]) -> None:
        """Draw a part of an ellipse, from one angle to another in degrees, 90 being below."""
        self._ellipse(x, y, width, height, end, INK, self.pen)

    def polygon(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Fill a polygon, with an outline."""
        corners = np.rint(self._at(np.array(points))).astype(np.int32)
        cv2.fillPoly(self.pixels, [corners], colour, cv2.LINE_AA, SHIFT)
        if self.style != "flat":
            cv2.polylines(self.pixels, [corners], True, INK, self.pen, cv2.LINE_AA, SHIFT)

    def box(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle of half sides about a point, with an outline."""
        right, below = x + width, y + height
        left, above = x - width, y - height
        self.polygon([(left, above), (right, above), (right, below), (left, below)], colour)

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a line between two points."""
        one, other = np.rint(self._at(np.array([(x0, y0), (x1, y1)]))).astype(int).tolist()
        cv2.line(self.pixels, one, other, INK, self.pen, cv2.LINE_AA, SHIFT)

    def _at(self, points: np.ndarray) -> np.ndarray:
        """Return pixels, times two to the `SHIFT`, of points in the sheet's unit."""
        return (points + 1) / 2 * self.side * 2**SHIFT

    def _ellipse(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        ends: tuple[int, int],
        colour: Colour,
        thickness: int,
    ) -> None:
        centre = np.rint(self._at(np.array((x, y)))).astype(int).tolist()
        axes = np.rint(np.array((width, height)) / 2 * self.side * 2**SHIFT).astype(int).tolist()
        cv2.ellipse(
            self.pixels, centre, axes, 0, *ends, colour, thickness, cv2.LINE_AA, shift=SHIFT
        )


def _eyes(sheet: Sheet, y: float, apart: float, size: float) -> None:
    """Draw two eyes with pupils that look to one side."""
    look = sheet.rng.uniform(-0.3, 0.3) * size
    for x in (-apart, apart):
        sheet.oval(x, y, size, size * sheet.rng.uniform(0.8, 1.3), WHITE)
        sheet.oval(x + look, y, size / 2, size / 2, INK)


def _mouth(sheet: Sheet, y: float, width: float) -> None:
    """Draw a mouth: up, down, straight or open."""
    kind = sheet.rng.integers(4)
    if kind == 0:
        sheet.arc(0, y - width / 2, width, width * 0.6, (20, 160))
    elif kind == 1:
        sheet.arc(0, y + width / 2, width, width * 0.6, (200, 340))
    elif kind == 2:
        sheet.line(-width, y, width, y)
    else:
        sheet.oval(0, y, width * 0.6, width * 0.5, (150, 40, 50))


def _smiley(sheet: Sheet) -> None:
    sheet.oval(0, 0, 0.75, 0.75, (250, 210, 60))
    for x in (-0.25, 0.25):
        sheet.oval(x, -0.2, 0.07, 0.12, INK)
    _mouth(sheet, 0.3, 0.35)


def _cartoon(sheet: Sheet) -> None:
    """Draw a person of a comic: hair, brows, nose, ears, neck."""
    skin, hair, rng = sheet.colour(140), sheet.colour(0, 160), sheet.rng
    wide, high = rng.uniform(0.4, 0.55), rng.uniform(0.5, 0.65)
    sheet.oval(0, -0.1, wide * 1.2, high * 1.15, hair)
    sheet.box(0, 0.75, 0.15, 0.3, skin)
    sheet.box(0, 0.95, 0.5, 0.12, sheet.colour())
    for x in (-wide, wide):
        sheet.oval(x, 0, 0.08, 0.14, skin)
    sheet.oval(0, 0, wide, high, skin)
    sheet.oval(0, -high * 0.85, wide * 0.8, high * 0.25, hair, outline=False)
    _eyes(sheet, -0.1, wide * 0.42, rng.uniform(0.08, 0.13))
    slope = rng.uniform(-0.06, 0.06)
    for x in (-1, 1):
        sheet.line(x * wide * 0.65, -0.3 + slope, x * wide * 0.2, -0.3 - slope)
    sheet.arc(0, 0.08, 0.06, 0.1, (0, 180))
    _mouth(sheet, 0.3, rng.uniform(0.15, 0.25))


def _animal(sheet: Sheet) -> None:
    """Draw a cat, a bear or an owl by its ears."""
    fur, ears = sheet.colour(), sheet.rng.integers(3)
    for x in (-1, 1):
        if ears == 0:
            sheet.polygon([(x * 0.6, -0.9), (x * 0.15, -0.5), (x * 0.6, -0.2)], fur)
        else:
            sheet.oval(x * 0.45, -0.5, 0.22, 0.22 if ears == 1 else 0.4, fur)
    sheet.oval(0, 0, 0.65, 0.6, fur)
    _eyes(sheet, -0.15, 0.25, 0.13)
    sheet.oval(0, 0.25, 0.3, 0.22, sheet.colour(180))
    sheet.polygon([(-0.09, 0.12), (0.09, 0.12), (0, 0.22)], INK)
    sheet.line(0, 0.22, 0, 0.32)
    sheet.arc(0, 0.3, 0.12, 0.08, (0, 180))
    for x in (-1, 1):
        sheet.line(x * 0.2, 0.25, x * 0.75, 0.15)


def _robot(sheet: Sheet) -> None:
    metal = sheet.colour(120, 220)
    sheet.line(0, -0.65, 0, -0.9)
    sheet.oval(0, -0.9, 0.06, 0.06, sheet.colour())
    sheet.box(0, 0, 0.6, 0.62, metal)
    for x in (-0.25, 0.25):
        sheet.box(x, -0.2, 0.13, 0.13, WHITE)
        sheet.oval(x, -0.2, 0.06, 0.06, sheet.colour(0, 120))
    sheet.box(0, 0.3, 0.35, 0.12, WHITE)
    for x in np.linspace(-0.25, 0.25, 5).tolist():
        sheet.line(x, 0.18, x, 0.42)


def _house(sheet: Sheet) -> None:
    """Draw the front of a house or a car, which has windows or lamps for eyes."""
    body = sheet.colour()
    if sheet.rng.random() < 0.5:
        sheet.polygon([(-0.7, -0.3), (0, -0.9), (0.7, -0.3)], sheet.colour())
        sheet.box(0, 0.25, 0.65, 0.55, body)
        for x in (-0.35, 0.35):
            sheet.box(x, 0, 0.15, 0.15, WHITE)
            sheet.line(x, -0.15, x, 0.15)
        sheet.box(0, 0.55, 0.15, 0.25, sheet.colour(0, 160))
    else:
        sheet.polygon([(-0.5, -0.2), (-0.35, -0.6), (0.35, -0.6), (0.5, -0.2)], sheet.colour(180))
        sheet.box(0, 0.15, 0.75, 0.35, body)
        for x in (-0.5, 0.5):
            sheet.oval(x, 0.1, 0.16, 0.16, WHITE)
            sheet.box(x, 0.6, 0.12, 0.1, INK)
        sheet.box(0, 0.2, 0.25, 0.1, INK)


def _doll(sheet: Sheet) -> None:
    """Draw a doll's shaded head: soft light from above, painted eyes, cheeks and lips."""
    skin, rng = (235, 190 - int(sheet.rng.integers(60)), 160), sheet.rng
    sheet.oval(0, -0.05, 0.62, 0.7, sheet.colour(0, 140), outline=False)
    sheet.oval(0, 0.05, 0.5, 0.58, skin, outline=False)
    for x in (-0.28, 0.28):
        sheet.oval(x, 0.25, 0.1, 0.08, (235, 130, 130), outline=False)
    _eyes(sheet, -0.05, 0.2, rng.uniform(0.08, 0.12))
    sheet.oval(0, 0.17, 0.04, 0.03, (200, 140, 120), outline=False)
    sheet.oval(0, 0.36, rng.uniform(0.08, 0.16), rng.uniform(0.03, 0.08), (190, 50, 60), False)
    soft = cv2.GaussianBlur(sheet.pixels, (0, 0), sheet.side / 90)
    y, x = np.mgrid[: sheet.side, : sheet.side] / sheet.side - 0.5
    light = np.clip(1.1 - 1.2 * np.hypot(x + 0.1, y + 0.15), 0.3, 1.1)
    sheet.pixels = np.clip(soft * light[..., None], 0, 255).astype(np.uint8)


THINGS: tuple[Callable[[Sheet], None], ...] = (
    _smiley,
    _cartoon,
    _animal,
    _robot,
    _house,
    _doll,
)


def drawing(side: int, rng: np.random.Generator, number: int) -> np.ndarray:
    """Return a drawn thing.

    Parameters
    ----------
    side : int
        Height and width in pixels.
    rng : Generator
        Of its colours and proportions.
    number : int
        The kinds take turns.

    Returns
    -------
    ndarray of uint8, shape (side, side, 3)
        RGB.
    """
    sheet = Sheet(side, rng)
    THINGS[number % len(THINGS)](sheet)
    return _as_saved(sheet.pixels, rng)


def _as_saved(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return pixels as they are, scanned (noise), out of focus or as a JPEG, half of them grey."""
    if rng.random() < 0.5:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    kind = rng.integers(4)
    if kind == 1:
        noise = rng.normal(0, rng.uniform(2, 12), pixels.shape)
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)
    if kind == 2:
        return cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 3) * len(pixels) / 256)
    if kind == 3:
        quality = int(rng.integers(30, 90))
        jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    return pixels
