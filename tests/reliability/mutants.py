"""Good images and videos broken by dice: cut, flipped, spliced, with other lengths in parts."""

import io
import random
from collections.abc import Callable, Iterator

import skimage.data
from PIL import Image

SIDE = 160
"""Side of the good images, in pixels: small, so that a flipped bit often hits what matters."""


def good_images() -> dict[str, bytes]:
    """Return encoded pictures of the kinds that people send, of one public face and of noise."""
    face = Image.fromarray(skimage.data.astronaut()[60:220, 150:310])
    exif = Image.Exif()
    exif[0x0112] = 6
    kinds = {
        "jpeg": (face, "JPEG", {"exif": exif}),
        "progressive jpeg": (face, "JPEG", {"progressive": True, "icc_profile": bytes(999)}),
        "cmyk jpeg": (face.convert("CMYK"), "JPEG", {}),
        "png": (face, "PNG", {"exif": exif}),
        "palette png": (face.quantize(), "PNG", {"transparency": 0}),
        "16-bit png": (face.convert("I;16"), "PNG", {}),
        "apng": (face, "PNG", {"save_all": True, "append_images": [face.rotate(90)]}),
        "webp": (face, "WEBP", {"exif": exif}),
        "lossless webp": (face.convert("RGBA"), "WEBP", {"lossless": True}),
        "animated webp": (face, "WEBP", {"save_all": True, "append_images": [face.rotate(90)]}),
    }
    return {name: _encoded(*how) for name, how in kinds.items()}


def _encoded(image: Image.Image, form: str, options: dict) -> bytes:
    buffer = io.BytesIO()
    image.resize((SIDE, SIDE)).save(buffer, form, **options)
    return buffer.getvalue()


def cut(content: bytearray, dice: random.Random) -> bytearray:
    """Leave the end out."""
    return content[: dice.randrange(len(content))]


def flip(content: bytearray, dice: random.Random) -> bytearray:
    """Flip up to sixteen bits, half of the time among the first 512 bytes."""
    reach = min(512, len(content)) if dice.random() < 0.5 else len(content)
    for _ in range(dice.randint(1, 16)):
        content[dice.randrange(reach)] ^= 1 << dice.randrange(8)
    return content


def splice(content: bytearray, dice: random.Random) -> bytearray:
    """Put a piece of the file somewhere else in it, over what is there or in between."""
    start, at = dice.randrange(len(content)), dice.randrange(len(content))
    piece = content[start : start + dice.randint(1, 2048)]
    over = len(piece) if dice.random() < 0.5 else 0
    return content[:at] + piece + content[at + over :]


def lengthen(content: bytearray, dice: random.Random) -> bytearray:
    """Write a length or a size that leads astray over two or four bytes near a part's start."""
    starts = [i for mark in _MARKS if (i := content.find(mark, dice.randrange(len(content)))) >= 0]
    at = (dice.choice(starts) if starts else 0) + dice.randint(-4, 8)
    at = min(max(at, 0), len(content) - 4)
    n = dice.choice((2, 4))
    content[at : at + n] = dice.choice((0, 1, 2**15, 2**16 - 1, 2**31, 2**32 - 1)).to_bytes(
        4, dice.choice(("big", "little"))
    )[4 - n :]
    return content


_MARKS = (
    *(b"IHDR", b"IDAT", b"eXIf", b"\xff\xc0", b"\xff\xc2", b"\xff\xda", b"\xff\xe1", b"VP8"),
    # Of videos: MP4's boxes, Matroska's elements, AVI's chunks.
    *(b"tkhd", b"mdhd", b"stsd", b"stts", b"stsz", b"stco", b"elst", b"pasp", b"avcC"),
    *(b"\x1fC\xb6u", b"\x16T\xaek", b"strh", b"strf", b"avih", b"idx1"),
)

KINDS: tuple[Callable[[bytearray, random.Random], bytearray], ...] = (cut, flip, splice, lengthen)


def mutants(n: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield broken images, the same for the same seed.

    Parameters
    ----------
    n : int
        How many.
    seed : int, default 0

    Yields
    ------
    name : str
        The good image's and what was done to it.
    content : bytes
    """
    dice = random.Random(seed)
    good = good_images()
    for _ in range(n):
        name = dice.choice(list(good))
        breaks = dice.choice(KINDS)
        yield f"{name}, {breaks.__name__}", bytes(breaks(bytearray(good[name]), dice))
