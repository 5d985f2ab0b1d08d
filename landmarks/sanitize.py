"""Strip an untrusted JPEG or PNG to what makes its image, before a decoder reads it.

Notes, colour profiles, previews and further frames are parsed by Pillow in Python and unpacked
though nobody asks for them: a 1 MB PNG of colour profiles keeps it busy for seconds, and a JPEG of
thousands of empty scans for minutes. So the parts that don't matter here are left out first, and
files of more parts than any camera or program writes are refused.

The layouts: PNG, ISO/IEC 15948, 5.3 (chunks); JPEG, ISO/IEC 10918-1, annex B (marker segments).
"""

import re
import struct

MAX_PARTS = 16_384
"""Most chunks of a PNG and marker segments of a JPEG; the usual 8 KB a chunk make 128 MB."""

MAX_SCANS = 32
"""Most passes over a progressive JPEG's pixels; encoders write ten or twelve."""

MAX_EXIF_BYTES = 65_533
"""Longest EXIF block, which is what a JPEG's segment holds."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")

_JPEG = b"\xff\xd8\xff"
_EXIF = b"Exif\0\0"
_MARKER = re.compile(rb"\xff([^\xff\0])")  # fill bytes and rubbish before it are passed over
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_APP1, _COMMENT = 0xE1, 0xFE
_LEFT_OUT = {*range(0xE1, 0xEE), 0xEF, _COMMENT}
"""Application segments and comments; APP0 and APP14 say what the colours mean."""
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}


class TooManyParts(ValueError):
    """A file built to keep a decoder busy; the message says what there is too much of."""


def trimmed(content: bytes) -> bytes:
    """Return an image file stripped to its first image and one EXIF block.

    Parameters
    ----------
    content : bytes
        Any file; what is neither JPEG nor PNG comes back as it is, and so does whatever follows
        the first place that makes no sense: that is for the decoder to refuse.

    Raises
    ------
    TooManyParts
        Above `MAX_PARTS` or `MAX_SCANS`.
    """
    if content.startswith(_PNG):
        return _trimmed_png(content)
    if content.startswith(_JPEG):
        return _trimmed_jpeg(content)
    return content


def _trimmed_png(content: bytes) -> bytes:
    """Keep the chunks of the first image, and one EXIF chunk."""
    kept, at, has_exif = [_PNG], len(_PNG), False
    for _ in range(MAX_PARTS):
        if at + 12 > len(content):
            break
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 12 + length
        is_exif = kind == b"eXIf" and not has_exif and length <= MAX_EXIF_BYTES
        if kind in _PNG_KEPT or is_exif:
            kept.append(content[at:end])
            has_exif |= is_exif
        at = end
        if kind == b"IEND":
            break
    else:
        raise TooManyParts(f"more than {MAX_PARTS} chunks")
    return b"".join(kept)


def _trimmed_jpeg(content: bytes) -> bytes:
    """Keep the segments before the first scan that matter, one EXIF block, and all scans."""
    kept, at, has_exif = [content[:2]], 2, False
    for _ in range(MAX_PARTS):
        found = _MARKER.search(content, at)
        if found is None:
            break
        marker, start = found[1][0], found.end() - 2
        if marker == _START_OF_SCAN:
            return b"".join([*kept, _checked_scans(content[start:])])
        at = _end_of_segment(content, marker, found.end())
        is_exif = marker == _APP1 and content.startswith(_EXIF, start + 4, at) and not has_exif
        if marker not in _LEFT_OUT or is_exif:
            kept.append(content[start:at])
            has_exif |= is_exif
        if marker == _END_OF_IMAGE:
            break
    else:
        raise TooManyParts(f"more than {MAX_PARTS} segments")
    return b"".join(kept)


def _end_of_segment(content: bytes, marker: int, after: int) -> int:
    """Return where a JPEG segment ends whose marker ends at `after`."""
    if marker in _WITHOUT_LENGTH or marker == _END_OF_IMAGE:
        return after
    return after + max(2, int.from_bytes(content[after : after + 2], "big"))


def _checked_scans(scans: bytes) -> bytes:
    """Return the scans of a JPEG if they aren't too many.

    Within a scan's data 0xFF is followed by zero, so that the marker can't occur by chance.
    """
    n_scans = scans.count(bytes([0xFF, _START_OF_SCAN]))
    if n_scans > MAX_SCANS:
        raise TooManyParts(f"{n_scans} scans, more than {MAX_SCANS}")
    return scans
