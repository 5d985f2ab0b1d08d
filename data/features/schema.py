"""How a feature folder is laid out and how a row becomes text; light, so that workers start fast.

``OUT/<split>/<label>.csv`` hold the rows. ``OUT/features.json`` says what made them,
``OUT/pixels.tsv`` holds each image's pixel hash, and ``OUT/.parts`` the chunks done so far;
a run at work holds ``OUT/.lock``.
"""

import re
from hashlib import blake2b
from typing import Any

import numpy as np

from landmarks.mesh import N_POINTS, POINT_COLUMNS

META_COLUMNS = ("image", "label", "split", "face", "width", "height", "success", "reason")
"""What stands in a row before the coordinates."""

COLUMNS = META_COLUMNS + POINT_COLUMNS
"""All columns of a feature CSV."""

FORMAT = 3
"""Version of the layout of a feature folder; one of another version is refused."""

DECIMALS = 3
"""Decimals of a pixel in the CSV: a thousandth is far below what the mesh resolves."""

MANIFEST, PIXELS, PARTS = "features.json", "pixels.tsv", ".parts"

PIXELS_HEADER = "image\tsplit\tlabel\tpixels\n"
"""The first line of `PIXELS`."""

_POINTS = ",".join([f"%.{DECIMALS}f"] * len(POINT_COLUMNS))
_NO_POINTS = "," * (3 * N_POINTS - 1)
_MAX_STEM_BYTES = 180


def header_line() -> str:
    """Return the first line of a feature CSV."""
    return ",".join(COLUMNS) + "\n"


def row_line(row: dict[str, Any]) -> str:
    """Return the CSV line of one row.

    Parameters
    ----------
    row : dict
        A value for each of `META_COLUMNS`, and ``points``: float32 (468, 3) in pixels, or None.

    Returns
    -------
    str
        The line with its end, quoted where a name needs it.
    """
    meta = ",".join(quoted(str(row[column])) for column in META_COLUMNS)
    points = row["points"]
    # One format of all 1404 numbers is three times as fast as csv or json.
    coordinates = _NO_POINTS if points is None else _POINTS % tuple(np.ravel(points).tolist())
    return f"{meta},{coordinates}\n"


def quoted(text: str) -> str:
    """Return a CSV or TSV field, in quotes if a reader would take a part of it for syntax."""
    if re.search(r'[",\t\r\n]', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def file_stem(name: str) -> str:
    """Return a file name for a class or split, which may be called anything or, unlabelled, "".

    Characters that some file system refuses, and the dots of ``..``, become their hexadecimal
    number after a percent sign, so that two names never share a file; a long name ends in its hash.
    """
    if not name:
        return "unlabelled"
    safe = re.sub(r'[%/\\:*?"<>|\x00-\x1f\x7f]|^\.|[. ]$', lambda m: f"%{ord(m[0]):02X}", name)
    if len(safe.encode()) <= _MAX_STEM_BYTES:
        return safe
    start = safe.encode()[:_MAX_STEM_BYTES].decode(errors="ignore")
    return f"{start}%{blake2b(name.encode(), digest_size=8).hexdigest()}"
