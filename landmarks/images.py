"""Read an image as upright RGB pixels, or raise a typed error that says what is wrong.

Pillow alone decodes: it reads an image's size from the header, so that a decompression bomb is
refused before a pixel of it is unpacked, and its list of formats keeps untrusted bytes away from
every other decoder.
"""

import hashlib
import io
import os
import re
import warnings
from enum import StrEnum
from io import IOBase
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from landmarks.sanitize import TooManyParts, trimmed

MAX_PIXELS = 25_000_000
"""Most pixels of an image that is decoded: those of a 25-megapixel camera."""

PAGE_FORMATS = ("JPEG", "PNG", "WEBP")
"""Pillow's names of the formats accepted as untrusted input; JPEG includes multi-picture MPO."""

FOLDER_FORMATS = (*PAGE_FORMATS, "BMP", "TIFF", "GIF", "PPM")
"""Pillow's names of the formats that are read from one's own disk."""

HEAD_BYTES = 32
"""First bytes of a file that `image_format` looks at."""

_SIGNATURES = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "JPEG": rb"\xff\xd8\xff",
        "PNG": rb"\x89PNG\r\n\x1a\n",
        "WEBP": rb"RIFF.{4}WEBP",
        "BMP": rb"BM.{4}\0{4}",
        "GIF": rb"GIF8[79]a",
        "camera raw": rb"II\*\0.{4}CR|.{4}ftypcrx|FUJI.{4}CCD-RAW",
        "TIFF": rb"II[*+]\0|MM\0[*+]",
        "PPM": rb"P[1-6]\s+[\d#]|P[Ff]\s",
        # ISO/IEC 23008-12 and AV1's image format: the file's brand, and those it is compatible to.
        "AVIF": rb".{4}ftyp(.{4}){0,5}avi[fs]",
        "HEIC": rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)",
        "JPEG 2000": rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51",
        "JPEG XL": rb"\0\0\0\x0cJXL |\xff\x0a",
        "Photoshop": rb"8BPS",
    }.items()
}

_CHANNELS = ((), (1,), (3,), (4,))
"""Last axis of an array of pixels, if it has one."""

_NEW_SUBFILE_TYPE = 254
"""TIFF's tag whose lowest bit marks a reduced image (TIFF 6.0, page 36)."""

# Without this Pillow knows only the formats that happen to have been used before.
Image.init()

# A broken EXIF block warns once for each of its tags: untrusted input could fill a log.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.TiffImagePlugin")

# Beyond Pillow's own limit a warning would go to stderr and the image on to the decoder.
warnings.simplefilter("error", Image.DecompressionBombWarning)


class Reason(StrEnum):
    """Why an image has no faces, as tables, JSON and the API name it."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too-large"
    EMPTY = "empty"
    NO_FACE = "no-face"


Source = str | os.PathLike | bytes | bytearray | memoryview | IOBase | Image.Image | np.ndarray
"""An image as `rgb_of` takes it."""


class ImageError(ValueError):
    """An image that can't be used."""

    reason = Reason.UNREADABLE


class UnreadableImage(ImageError):
    """Missing, truncated or corrupt, or not an image at all."""


class UnsupportedImage(ImageError):
    """An image, but of a format that isn't taken here."""

    reason = Reason.UNSUPPORTED


class ImageTooLarge(ImageError):
    """More than ``MAX_PIXELS`` pixels."""

    reason = Reason.TOO_LARGE


class EmptyImage(ImageError):
    """No bytes or no pixels."""

    reason = Reason.EMPTY


def read_image(
    source: str | Path | bytes, formats: tuple[str, ...] = FOLDER_FORMATS, reduce: bool = True
) -> np.ndarray:
    """Decode one image: its first frame, turned as EXIF says, transparent parts on white.

    Comments, colour profiles, previews and further frames are not decoded.

    Parameters
    ----------
    source : str, Path or bytes
        A file, whatever its extension, or an encoded image.
    formats : tuple of str, default FOLDER_FORMATS
        Pillow's names of the formats to accept.
    reduce : bool, default True
        Whether a JPEG of more than ``MAX_PIXELS`` pixels is decoded at a half, a quarter or an
        eighth of its size, which takes no more memory than others do; else it is refused.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        RGB; grey, palette, CMYK and 16-bit images are converted, 16 bits by scaling.

    Raises
    ------
    UnreadableImage
        The source is no regular file, or no decoder makes sense of all of it, or it has more
        parts than an honest file (see `landmarks.sanitize`).
    UnsupportedImage
        It is an image, but of none of the ``formats``.
    ImageTooLarge
        Its header announces more than ``MAX_PIXELS`` pixels.
    EmptyImage
        It has no bytes or no pixels.
    MemoryError
        There isn't enough for its pixels.
    """
    name = "the image" if isinstance(source, bytes) else str(source)
    with _opened(source, name, formats) as image:
        if reduce and image.width * image.height > MAX_PIXELS:
            side = (MAX_PIXELS / (image.width * image.height)) ** 0.5 / 2
            # A JPEG takes the smallest of its sizes that is as large; no other format has any.
            image.draft(None, (round(side * image.width), round(side * image.height)))
        _check_size(image, name)
        _check_whole(image, name)
        return _decoded(image, name)


def rgb_of(source: Source, formats: tuple[str, ...] = FOLDER_FORMATS) -> np.ndarray:
    """Return the RGB pixels of an image, whatever holds it.

    Parameters
    ----------
    source : str, PathLike, bytes, bytearray, memoryview, file, PIL.Image.Image or ndarray of uint8
        An image file, open or not, its content, or pixels: (h, w, 3) RGB, (h, w, 4) RGBA,
        (h, w) or (h, w, 1) grey. Pixels in an array are upright.
    formats : tuple of str, default FOLDER_FORMATS
        As for `read_image`.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ImageError
        As from `read_image`; `UnsupportedImage` for pixels of another shape or type.
    """
    if isinstance(source, Image.Image):
        _check_size(source, "the image")
        return _decoded(source, "the image", keep=True)
    if hasattr(source, "__array__"):  # NumPy's own, or what becomes one, such as a tensor
        return _array_to_rgb(np.asarray(source))
    if isinstance(source, IOBase):
        source = source.read()
    if isinstance(source, bytearray | memoryview):
        source = bytes(source)
    if isinstance(source, str | os.PathLike):
        source = Path(source)
    elif not isinstance(source, bytes):
        raise UnsupportedImage(
            f"Expected an image file, its content or its pixels, got {type(source).__name__}."
        )
    return read_image(source, formats)


def count_frames(path: Path) -> int:
    """Return how many frames or pages an image file has, of which `read_image` decodes the first.

    Parameters
    ----------
    path : Path
        A file that `read_image` takes; a JPEG counts as one, whatever previews it holds.
    """
    try:
        with Image.open(path, formats=("GIF", "PNG", "TIFF", "WEBP")) as image:
            return getattr(image, "n_frames", 1)
    except Exception:  # as in `read_image`: what follows the first frame may be broken
        return 1


def image_format(head: bytes) -> str:
    """Return the name of the image format that a file's first bytes show, "" for no image.

    Parameters
    ----------
    head : bytes
        `HEAD_BYTES` or more.

    Returns
    -------
    str
        One of `FOLDER_FORMATS`, or of a format that is not read, such as ``"HEIC"``.
    """
    return next((name for name, pattern in _SIGNATURES.items() if pattern.match(head)), "")


def pixel_hash(rgb: np.ndarray) -> str:
    """Return a hash of an image's pixels, equal for identical images only.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (height, width, 3)

    Returns
    -------
    str
        16 hexadecimal characters: BLAKE2b of the shape and the pixels.
    """
    digest = hashlib.blake2b(repr(rgb.shape).encode(), digest_size=8)
    digest.update(np.ascontiguousarray(rgb).data)
    return digest.hexdigest()


def _opened(source: str | Path | bytes, name: str, formats: tuple[str, ...]) -> Image.Image:
    """Read the header and return Pillow's image, its pixels not yet decoded."""
    content = source if isinstance(source, bytes) else _file_content(Path(source), name)
    if not content:
        raise EmptyImage(f"{name} is empty (0 bytes); save or download it again.")
    try:
        return Image.open(io.BytesIO(trimmed(content)), formats=formats)
    except UnidentifiedImageError as error:
        raise _unidentified(content, name, formats) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, "far too many") from error
    except TooManyParts as error:
        raise UnreadableImage(f"{name} has {error}; save it again with another program.") from error
    except MemoryError:
        raise
    except Exception as error:  # as above: broken headers raise nearly anything
        raise UnreadableImage(f"{name} can't be opened as an image ({error}).") from error


def _file_content(path: Path, name: str) -> bytes:
    """Return a file's bytes, after refusing what would hang, such as a pipe."""
    try:
        if path.is_file():
            return path.read_bytes()
    except (OSError, ValueError) as error:  # a name too long, or with a null character
        raise UnreadableImage(f"{name} can't be opened ({error}).") from error
    raise UnreadableImage(f"{name} is not a file; check the path.")


def _unidentified(content: bytes, name: str, formats: tuple[str, ...]) -> ImageError:
    """Tell an image of another format, by its first bytes, from something that is no image."""
    wanted, found = ", ".join(formats), image_format(content)
    if found and found not in formats:
        return UnsupportedImage(
            f"{name} is an image of the format {found}; expected {wanted}: convert it first."
        )
    return UnreadableImage(f"{name} is not an image that can be read; expected {wanted}.")


def _check_size(image: Image.Image, name: str) -> None:
    """Refuse by the header alone what has no pixels or too many."""
    width, height = image.size
    if width == 0 or height == 0:
        raise EmptyImage(f"{name} has no pixels ({width} x {height}).")
    if width * height > MAX_PIXELS:
        raise _too_large(name, f"{width} x {height}")


def _decoded(image: Image.Image, name: str, keep: bool = False) -> np.ndarray:
    """Decode one of Pillow's images to upright RGB, in place unless it is to be kept."""
    try:
        image.load()
        image = image.copy() if keep else image
        _turn_upright(image)
        return _to_rgb(image)
    except MemoryError:  # says nothing about the image
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken bytes
        raise UnreadableImage(
            f"{name} is damaged or cut off ({error}); save or download it again."
        ) from error


def _array_to_rgb(pixels: np.ndarray) -> np.ndarray:
    """Return an array of one, three or four channels as RGB."""
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or pixels.shape[2:] not in _CHANNELS:
        raise UnsupportedImage(
            "Expected uint8 pixels of shape (h, w, 3), (h, w, 4) or (h, w), got "
            f"{pixels.dtype} {pixels.shape}; scale them to 0..255 and use astype(numpy.uint8)."
        )
    if pixels.size == 0:
        raise EmptyImage(f"The image has no pixels, its shape is {pixels.shape}.")
    if pixels.shape[2:] == (3,):
        return pixels
    return _to_rgb(Image.fromarray(pixels[:, :, 0] if pixels.shape[2:] == (1,) else pixels))


def _check_whole(image: Image.Image, name: str) -> None:
    """Refuse a camera's raw file, which is a TIFF that begins with a preview."""
    new_subfile_type = getattr(image, "tag_v2", {}).get(_NEW_SUBFILE_TYPE, 0)
    if new_subfile_type & 1:
        raise UnsupportedImage(
            f"{name} begins with a preview, as a camera's raw file does; convert it to JPEG first."
        )


def _too_large(name: str, found: str) -> ImageTooLarge:
    limit = MAX_PIXELS // 1_000_000
    return ImageTooLarge(
        f"{name} has {found} pixels; at most {limit} megapixels are taken: make it smaller first."
    )


def _turn_upright(image: Image.Image) -> None:
    """Turn the image as its EXIF orientation says; a broken EXIF block says nothing."""
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except MemoryError:
        raise
    except Exception:  # struct.error, SyntaxError, ...: the pixels are good all the same
        return


def _to_rgb(image: Image.Image) -> np.ndarray:
    """Convert any of Pillow's modes to RGB uint8."""
    if image.mode.startswith(("I", "F")):
        grey = _to_eight_bits(np.asarray(image), image.mode)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    # Converting RGB would copy it: 100 MB of the largest images.
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _to_eight_bits(samples: np.ndarray, mode: str) -> np.ndarray:
    """Scale deep grey samples to 0..255; wide types are read as the narrowest range that holds."""
    # One array of four bytes a sample is changed in place: the largest images have 25 million.
    scaled = np.nan_to_num(samples.astype(np.float32), copy=False)
    if mode.startswith("I;16"):
        full = 65535.0
    else:
        ranges = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
        top = float(scaled.max())
        full = next((bound for bound in ranges if top <= bound), top)
    scaled *= 255 / full
    return np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled).astype(np.uint8)
