"""Twelve corruptions of an image, each of five severities, after Hendrycks and Dietterich (2019).

Their "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations" has photos of
224 pixels. Here lengths are shares of the image's shorter side, so that a severity means the same
for a tight crop and for a photo. Rotation, occlusion, crop and salt and pepper aren't among their
main corruptions, but happen to faces in front of a camera.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image
from skimage.util import random_noise

Corrupt = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]

SEVERITIES = 5

GREY = 128
"""Value of an occluded part."""


@dataclass(frozen=True)
class Corruption:
    """One corruption.

    Attributes
    ----------
    name : str
    amounts : tuple of float
        Of the severities 1 to 5.
    unit : str
        What an amount measures.
    corrupt : callable
        Takes RGB uint8 (h, w, 3), an amount and a random generator; returns RGB uint8, of the same
        size but for the corruption crop.
    """

    name: str
    amounts: tuple[float, ...]
    unit: str
    corrupt: Corrupt

    def __call__(self, rgb: np.ndarray, severity: int, rng: np.random.Generator) -> np.ndarray:
        """Return a corrupted copy of an image; `severity` is 1 to `SEVERITIES`."""
        return self.corrupt(rgb, self.amounts[severity - 1], rng)


def _noise(rgb: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    return _bytes(255 * random_noise(rgb, "gaussian", rng=rng, var=std**2))


def _salt_and_pepper(rgb: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return _bytes(255 * random_noise(rgb, "s&p", rng=rng, amount=share))


def _blur(rgb: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(rgb, (0, 0), share * min(rgb.shape[:2]))


def _motion_blur(rgb: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Average along a line of a random direction."""
    reach = max(share * min(rgb.shape[:2]) / 2, 0.5)
    half = int(np.ceil(reach))
    angle = rng.uniform(0, np.pi)
    # Twenty points to a pixel make an even line of any direction.
    along = np.linspace(-reach, reach, 40 * half + 1)
    x, y = half + np.cos(angle) * along, half + np.sin(angle) * along
    kernel, _, _ = np.histogram2d(y.round(), x.round(), bins=np.arange(2 * half + 2) - 0.5)
    return cv2.filter2D(rgb, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def _jpeg(rgb: np.ndarray, quality: float, rng: np.random.Generator) -> np.ndarray:
    packed = io.BytesIO()
    Image.fromarray(rgb).save(packed, "JPEG", quality=int(quality))
    return np.asarray(Image.open(packed))


def _low_resolution(rgb: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    height, width = rgb.shape[:2]
    small = (max(round(share * width), 1), max(round(share * height), 1))
    shrunk = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR)


def _brightness(rgb: np.ndarray, more: float, rng: np.random.Generator) -> np.ndarray:
    return _bytes(rgb + 255 * more)


def _contrast(rgb: np.ndarray, kept: float, rng: np.random.Generator) -> np.ndarray:
    mean = rgb.mean(axis=(0, 1), keepdims=True)
    return _bytes(mean + kept * (rgb - mean))


def _fog(rgb: np.ndarray, density: float, rng: np.random.Generator) -> np.ndarray:
    """Add clouds of all sizes and bring what is too light back into range."""
    height, width = rgb.shape[:2]
    clouds = np.zeros((height, width))
    for octave in range(1, 6):
        grains = rng.random((2**octave + 1, 2**octave + 1))
        clouds += cv2.resize(grains, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    clouds = (clouds - clouds.min()) / max(np.ptp(clouds), 1e-9)
    foggy = rgb / 255 + density * clouds[..., None]
    return _bytes(255 * foggy / (1 + density))


def _rotation(rgb: np.ndarray, degrees: float, rng: np.random.Generator) -> np.ndarray:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.choice([-1, 1]) * degrees, 1)
    return cv2.warpAffine(rgb, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def _occlusion(rgb: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Occlude a rectangle of the image's aspect ratio at a random place."""
    height, width = rgb.shape[:2]
    high, wide = round(height * share**0.5), round(width * share**0.5)
    top, left = rng.integers(height - high + 1), rng.integers(width - wide + 1)
    hidden = rgb.copy()
    hidden[top : top + high, left : left + wide] = GREY
    return hidden


def _crop(rgb: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Cut off a share at one of the four sides."""
    height, width = rgb.shape[:2]
    high, wide = round(height * share), round(width * share)
    side = rng.integers(4)
    return (rgb[high:], rgb[: height - high], rgb[:, wide:], rgb[:, : width - wide])[side]


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


CORRUPTIONS = (
    Corruption("noise", (0.08, 0.12, 0.18, 0.26, 0.38), "standard deviation, of 0 to 1", _noise),
    Corruption(
        "salt and pepper", (0.03, 0.06, 0.09, 0.17, 0.27), "share of values", _salt_and_pepper
    ),
    Corruption("blur", (0.01, 0.02, 0.03, 0.04, 0.06), "standard deviation, of the side", _blur),
    Corruption("motion blur", (0.04, 0.08, 0.12, 0.16, 0.2), "length, of the side", _motion_blur),
    Corruption("JPEG", (25, 18, 15, 10, 7), "quality", _jpeg),
    Corruption("low resolution", (0.6, 0.5, 0.4, 0.3, 0.25), "of the side left", _low_resolution),
    Corruption("brightness", (0.1, 0.2, 0.3, 0.4, 0.5), "more, of 0 to 1", _brightness),
    Corruption("contrast", (0.4, 0.3, 0.2, 0.1, 0.05), "share left", _contrast),
    Corruption("fog", (1.5, 2.0, 2.5, 2.75, 3.0), "fog for one of light", _fog),
    Corruption("rotation", (10, 20, 30, 45, 60), "degrees", _rotation),
    Corruption("occlusion", (0.05, 0.1, 0.2, 0.3, 0.4), "of the area", _occlusion),
    Corruption("crop", (0.1, 0.15, 0.2, 0.25, 0.3), "of a side cut off", _crop),
)
"""The amounts of noise, salt and pepper, JPEG, brightness, contrast and fog are theirs."""
