"""Images without a face, to count how often a face is found in them."""

import cv2
import numpy as np
import skimage.data
from skimage.util import img_as_ubyte

from classifiers.experiments.drawings import drawing
from landmarks.crops import TIGHT_SIDE

SCIKIT_IMAGE = (
    *("brick", "cat", "cell", "clock", "coffee", "coins", "colorwheel", "grass", "gravel"),
    *("horse", "hubble_deep_field", "immunohistochemistry", "logo", "microaneurysms", "moon"),
    *("page", "retina", "rocket", "shepp_logan_phantom", "text"),
)
"""Images in scikit-image's wheel that show nobody."""

KINDS = ("scikit-image", "blanks", "noise", "textures", "drawings")

SIDE = 256
"""Of the synthetic images, in pixels."""

PHOTO, TIGHT_CROP = "photo", "tight crop"
TIGHT_CROP_SIZE = (48, 48)
CANVAS, MIDDLE = (480, 640), 320
"""Height and width of a photo, and the side of the image pasted in its middle."""

GREY = 128

COUNT = 60
"""How many blanks, noise images, textures and drawings are made."""


_PARTS = {" top left": (0, 0), " top right": (0, 2), " bottom left": (2, 0)}
_PARTS |= {" bottom right": (2, 2), " middle": (1, 1), "": ()}
"""Where a half of the height and width begins, in quarters."""


def names(kind: str) -> list[str]:
    """Return the names of the images of one of `KINDS`."""
    if kind == "scikit-image":
        return [name + part for name in SCIKIT_IMAGE for part in _PARTS]
    return [f"{number:02}" for number in range(COUNT)]


def non_face(kind: str, name: str, seed: int) -> np.ndarray:
    """Return one image.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    name : str
        One of `names` of that kind.
    seed : int
        Of the synthetic images.

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        RGB.
    """
    if kind == "scikit-image":
        return _scikit_image(name)
    rng = np.random.default_rng([seed, KINDS.index(kind), int(name)])
    if kind == "drawings":
        return drawing(SIDE, rng, int(name))
    return {"blanks": _blank, "noise": _noise, "textures": _texture}[kind](SIDE, rng)


def as_photo_and_tight_crop(image: np.ndarray) -> dict[str, np.ndarray]:
    """Return an image as a photo and as a tight crop.

    The detector takes an image smaller than `landmarks.crops.TIGHT_SIDE` for a tight
    crop of a face, and tries more crops and lower thresholds than in a photo.

    Parameters
    ----------
    image : ndarray of uint8, shape (h, w, 3)
        RGB.

    Returns
    -------
    dict of str to ndarray of uint8, shape (h', w', 3)
        `PHOTO`: as it is, or enlarged in the middle of a grey photo if it is too small for one;
        `TIGHT_CROP`: shrunk to `TIGHT_CROP_SIZE`.
    """
    tight_crop = cv2.resize(image, TIGHT_CROP_SIZE, interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    if min(height, width) >= TIGHT_SIDE:
        return {PHOTO: image, TIGHT_CROP: tight_crop}
    scale = MIDDLE / max(height, width)
    size = (max(round(scale * width), 1), max(round(scale * height), 1))
    photo = np.full((*CANVAS, 3), GREY, np.uint8)
    top, left = (CANVAS[0] - size[1]) // 2, (CANVAS[1] - size[0]) // 2
    photo[top : top + size[1], left : left + size[0]] = cv2.resize(image, size)
    return {PHOTO: photo, TIGHT_CROP: tight_crop}


def _scikit_image(name: str) -> np.ndarray:
    """Return one of `SCIKIT_IMAGE`, whole or a part of it."""
    whole, _, part = name.partition(" ")
    image = example_image(whole)
    if not part:
        return image
    height, width = (size // 4 for size in image.shape[:2])
    top, left = _PARTS[f" {part}"]
    rows = slice(top * height, (top + 2) * height)
    return np.ascontiguousarray(image[rows, left * width : (left + 2) * width])


def example_image(name: str) -> np.ndarray:
    """Return an image of scikit-image's as RGB uint8 (h, w, 3)."""
    image = img_as_ubyte(getattr(skimage.data, name)())
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, axis=2)
    return np.ascontiguousarray(image[..., :3])


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
