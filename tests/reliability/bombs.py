"""Small files that unpack to much, made on the fly: nothing of them lies in the repository."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

MEGABYTE = 2**20


class Bomb(NamedTuple):
    """A file built to cost its reader more than its sender.

    Attributes
    ----------
    what : str
        What it would unpack to, in words.
    make : callable
        Returns its bytes.
    is_picture : bool
        Whether a small picture is left of it, which is read and holds no face.
    """

    what: str
    make: Callable[[], bytes]
    is_picture: bool = False


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a PNG chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def segment(marker: int, data: bytes) -> bytes:
    """Return a JPEG marker segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def png_of(width: int, height: int, extra: bytes = b"", depth: int = 8, colour: int = 0) -> bytes:
    """Return a black PNG of one channel (`colour` 0) or three (2), with further chunks."""
    row = bytes(1 + (width * depth * {0: 1, 2: 3}[colour] + 7) // 8)
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    ends = chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + ends


def exif_bomb(n_tags: int, n_bytes: int) -> bytes:
    """Return an EXIF block whose tags all point at the same bytes."""
    start = 8 + 2 + 12 * n_tags + 4
    tags = b"".join(struct.pack("<HHII", 1000 + i, 7, n_bytes, start) for i in range(n_tags))
    return b"II*\0\x08\0\0\0" + struct.pack("<H", n_tags) + tags + bytes(4) + b"x" * n_bytes


def scan_bomb(width: int, height: int, n_scans: int) -> bytes:
    """Return a progressive JPEG whose last scan comes again and again."""
    content = _saved(Image.new("RGB", (width, height)), "JPEG", progressive=True)
    last, end = content.rfind(b"\xff\xda"), content.rfind(b"\xff\xd9")
    return content[:end] + content[last:end] * n_scans + content[end:]


def announced_jpeg(width: int, height: int) -> bytes:
    """Return a JPEG that announces a size and holds the pixels of another."""
    content = _saved(Image.new("RGB", (8, 8)), "JPEG")
    at = content.index(b"\xff\xc0") + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def announced_webp(width: int, height: int) -> bytes:
    """Return a lossless WebP that announces a size and holds the pixels of another."""
    content = bytearray(_saved(Image.new("RGB", (8, 8)), "WEBP", lossless=True))
    at = content.index(b"VP8L") + 9
    content[at : at + 4] = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return bytes(content)


def many_frames(form: str, n_frames: int) -> bytes:
    """Return an animation of frames of one colour each."""
    frames = [Image.new("RGB", (64, 64), (i % 256, i // 256, 0)) for i in range(n_frames)]
    return _saved(frames[0], form, save_all=True, append_images=frames[1:])


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _flood(kind: bytes, start: bytes, n_chunks: int) -> bytes:
    """Return a small PNG with many chunks that inflate to a megabyte each."""
    flood = chunk(kind, start + zlib.compress(bytes(MEGABYTE), 9))
    return png_of(8, 8, flood * n_chunks)


def _noisy_jpeg(*parts: bytes) -> bytes:
    """Return a small JPEG with further segments in front."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    content = _saved(Image.fromarray(noise), "JPEG")
    return content[:2] + b"".join(parts) + content[2:]


BOMBS = {
    "PNG, 17 KB": Bomb("12,000 x 12,000 grey: 144 MB", lambda: png_of(12_000, 12_000, depth=1)),
    "PNG, 1 bit": Bomb("50,000 x 50,000: 313 MB", lambda: png_of(50_000, 50_000, depth=1)),
    "PNG, header alone": Bomb(
        "2^31 - 1 pixels a side", lambda: png_of(1, 1).replace(bytes([0, 0, 0, 1] * 2), b"\x7f" * 8)
    ),
    "JPEG, size announced": Bomb("65,500 x 65,500: 13 GB", lambda: announced_jpeg(65_500, 65_500)),
    "WebP, size announced": Bomb("16,383 x 16,383: 805 MB", lambda: announced_webp(16_383, 16_383)),
    "GIF": Bomb("500 frames", lambda: many_frames("GIF", 500)),
    "TIFF": Bomb(
        "20,000 x 20,000: 50 MB",
        lambda: _saved(Image.new("1", (20_000, 20_000)), "TIFF", compression="group4"),
    ),
    "PNG of empty chunks": Bomb(
        "600,000 chunks", lambda: png_of(8, 8, chunk(b"abCd", b"") * 600_000)
    ),
    "JPEG of empty segments": Bomb(
        "1,500,000 segments", lambda: _noisy_jpeg(segment(0xE5, b"") * 1_500_000)
    ),
    "JPEG of scans": Bomb("5,000 passes over 25 megapixels", lambda: scan_bomb(5000, 5000, 5000)),
    "PNG, zTXt": Bomb("600 MB of text", lambda: _flood(b"zTXt", b"k\0\0", 600), True),
    "PNG, iTXt": Bomb("600 MB of text", lambda: _flood(b"iTXt", b"k\0\1\0\0\0", 600), True),
    "PNG, iCCP": Bomb("600 MB of profiles", lambda: _flood(b"iCCP", b"p\0\0", 600), True),
    "PNG, eXIf": Bomb(
        "1,000 tags of 500 KB", lambda: png_of(8, 8, chunk(b"eXIf", exif_bomb(1000, 500_000))), True
    ),
    "JPEG, Exif": Bomb(
        "2,600 tags of 33 KB",
        lambda: _noisy_jpeg(segment(0xE1, b"Exif\0\0" + exif_bomb(2600, 33_000))),
        True,
    ),
    "JPEG of fill bytes": Bomb("7 MB of 0xFF", lambda: _noisy_jpeg(b"\xff" * 7_000_000), True),
    "APNG": Bomb("500 frames", lambda: many_frames("PNG", 500), True),
    "WebP, animated": Bomb("500 frames", lambda: many_frames("WEBP", 500), True),
}
