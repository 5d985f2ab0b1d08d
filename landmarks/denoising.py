"""Take the noise out of a tight crop, where it hides the face from Face Mesh and from networks.

A photo needs none of it: its faces are shrunk, which averages the noise away.
"""

import cv2
import numpy as np

MAX_NOISE = 10.0
"""Standard deviation of the noise, in grey levels, up to which an image is left as it is.

99 % of FER2013's images are estimated below 9.2, the texture of hair and skin among it. Noise of a
standard deviation of 20 is estimated at 12.6 or more on 99 % of them.
"""

STRENGTH = 0.4
"""Filter strength of non-local means over the noise.

Chosen on 150 training images of FER2013 under noise and salt and pepper of severity 1, 3 and 5, of
which the fused model reads 49 % rightly; with 0.8 it reads 46 %, with 1.1 43 %."""

_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_PATCH, _WINDOW = 3, 15


def noise_level(image: np.ndarray) -> float:
    """Estimate the standard deviation of an image's noise.

    Immerkaer 1996, "Fast noise variance estimation": the mean of a difference of two Laplacians,
    which an image without noise has little of.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.

    Returns
    -------
    float
        In grey levels; 0 where a side is shorter than 3 pixels.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inner = cv2.filter2D(grey, -1, _LAPLACIANS)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(inner).mean()) if inner.size else 0.0


def denoised(image: np.ndarray) -> np.ndarray:
    """Return an image without its noise, or the image itself where there is little.

    A median of 3 x 3 pixels takes out single white and black ones, non-local means (Buades et al.
    2005) the rest.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 3)
        RGB.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Grey where noise was taken out.
    """
    level = noise_level(image)
    if level <= MAX_NOISE:
        return image
    grey = cv2.medianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 3)
    grey = cv2.fastNlMeansDenoising(grey, None, STRENGTH * level, _PATCH, _WINDOW)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
