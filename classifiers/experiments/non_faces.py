"""Pictures that show no face, to count how often one is seen in them all the same."""

import cv2
import numpy as np
import skimage.data
from skimage.util import img_as_ubyte

from landmarks.detection.detector import TIGHT_SIDE

PICTURES = (
    *("brick", "cat", "cell", "clock", "coffee", "coins", "colorwheel", "grass", "gravel"),
    *("horse", "hubble_deep_field", "immunohistochemistry", "logo", "microaneurysms", "moon"),
    *("page", "retina", "rocket", "shepp_logan_phantom", "text"),
)
"""scikit-image's pictures in its wheel that show nobody."""

KINDS = ("pictures", "blanks", "noise", "textures")

SIDE = 256
"""Of the pictures that are made, in pixels."""

CLOSE_UP = (48, 48)
CANVAS, MIDDLE = (480, 640), 320
"""Height and width of a photo, and the side of what is shown in its middle."""

GREY = 128

COUNT = 60
"""How many blanks, how many of noise and how many textures are made."""


_PARTS = {" top left": (0, 0), " top right": (0, 2), " bottom left": (2, 0)}
_PARTS |= {" bottom right": (2, 2), " middle": (1, 1), "": ()}
"""Where a half of the height and width begins, in quarters."""


def names(kind: str) -> list[str]:
    """Return the names of the pictures of one of `KINDS`."""
    if kind == "pictures":
        return [name + part for name in PICTURES for part in _PARTS]
    return [f"{number:02}" for number in range(COUNT)]


def non_face(kind: str, name: str, seed: int) -> np.ndarray:
    """Return one picture.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    name : str
        One of `names` of that kind.
    seed : int
        Decides what made pictures look like.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    if kind == "pictures":
        return _picture(name)
    make = {"blanks": _blank, "noise": _noise, "textures": _texture}[kind]
    return make(SIDE, np.random.default_rng([seed, KINDS.index(kind), int(name)]))


def shown_as(picture: np.ndarray) -> dict[str, np.ndarray]:
    """Return a picture as a photo and as a cut-out face would be.

    The detector takes a picture smaller than `landmarks.detection.detector.TIGHT_SIDE` for a face
    that someone has cut out, and looks for one far more stubbornly than in a photo.

    Parameters
    ----------
    picture : ndarray of uint8, shape (h, w, 3)
        RGB.

    Returns
    -------
    dict of str to ndarray of uint8, shape (h', w', 3)
        ``photo``: as it is, or enlarged in the middle of a grey photo if it is too small for one;
        ``close-up``: shrunk to `CLOSE_UP`.
    """
    close_up = cv2.resize(picture, CLOSE_UP, interpolation=cv2.INTER_AREA)
    height, width = picture.shape[:2]
    if min(height, width) >= TIGHT_SIDE:
        return {"photo": picture, "close-up": close_up}
    scale = MIDDLE / max(height, width)
    size = (max(round(scale * width), 1), max(round(scale * height), 1))
    photo = np.full((*CANVAS, 3), GREY, np.uint8)
    top, left = (CANVAS[0] - size[1]) // 2, (CANVAS[1] - size[0]) // 2
    photo[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size)
    return {"photo": photo, "close-up": close_up}


def _picture(name: str) -> np.ndarray:
    """Return one of `PICTURES`, whole or a part of it."""
    whole, _, part = name.partition(" ")
    picture = _as_rgb(getattr(skimage.data, whole)())
    if not part:
        return picture
    height, width = (size // 4 for size in picture.shape[:2])
    top, left = _PARTS[f" {part}"]
    rows = slice(top * height, (top + 2) * height)
    return np.ascontiguousarray(picture[rows, left * width : (left + 2) * width])


def _as_rgb(picture: np.ndarray) -> np.ndarray:
    """Return RGB uint8 of a picture that is grey, RGB or RGBA of any type."""
    picture = img_as_ubyte(picture)
    if picture.ndim == 2:
        return np.repeat(picture[..., None], 3, axis=2)
    return np.ascontiguousarray(picture[..., :3])


def _blank(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return one colour all over."""
    return np.full((side, side, 3), rng.integers(0, 256, 3), np.uint8)


def _noise(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return grey or coloured noise of a random coarseness, with all the contrast there is."""
    noise = rng.random((side, side, rng.choice([1, 3])), np.float32)
    coarseness = rng.uniform(0, side / 12)
    if coarseness > 0.3:
        noise = cv2.GaussianBlur(noise, (0, 0), coarseness).reshape(noise.shape)
    noise = (noise - noise.min()) / np.ptp(noise)
    return np.ascontiguousarray(np.broadcast_to(255 * noise, (side, side, 3)).astype(np.uint8))


def _texture(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return stripes, squares or rings of two colours."""
    y, x = np.mgrid[:side, :side] / side - 0.5
    turn, waves = rng.uniform(0, np.pi), rng.uniform(2, 12)
    across, along = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    pattern = (
        np.sin(2 * np.pi * waves * across),
        np.sin(2 * np.pi * waves * across) * np.sin(2 * np.pi * waves * along),
        np.sin(2 * np.pi * waves * np.hypot(x, y)),
    )[rng.integers(3)]
    one, other = rng.integers(0, 256, (2, 3))
    return np.where(pattern[..., None] > 0, one, other).astype(np.uint8)
