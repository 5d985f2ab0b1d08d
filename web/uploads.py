"""Uploaded photos, in memory alone, and the sentences that refused requests and photos get."""

import re
from io import BytesIO
from typing import NamedTuple

from flask import Request

from web.words import WORDS, say

FIELD = "image"
"""Name of the multipart field that holds the photo."""

MAX_PHOTO_BYTES = 8 * 1024**2
"""Largest file that is read: 8 MB."""

MAX_PHOTOS = 16
"""Most photos in one request."""

MAX_BODY_BYTES = 24 * 1024**2
"""Largest request body: three of the largest photos, or sixteen of a phone's usual ones.

A body is held in memory, so this and the number of requests that are read at once bound it.
"""

STATUSES = {
    "wrong-host": 400,
    "cross-site": 403,
    "bad-option": 400,
    "missing": 400,
    "not-a-form": 415,
    "too-many": 400,
    "too-much": 413,
    "too-heavy": 413,
    "too-large": 413,
    "unsupported": 415,
    "heic": 415,
    "unreadable": 415,
    "empty": 415,
    "no-face": 422,
    "too-slow": 422,
    "too-much-memory": 413,
    "crashed": 422,
    "busy": 503,
    "not-ready": 503,
}
"""Reason -> HTTP status."""

REFUSALS = {
    reason: (status, say(WORDS["refusals"][reason], photos=MAX_PHOTOS))
    for reason, status in STATUSES.items()
}
"""Reason -> HTTP status and the sentence that the page and the API both give."""

_HEIC = re.compile(rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", re.DOTALL)
"""The brands of ISO/IEC 23008-12 that phones give the photos they save."""


class Refusal(Exception):
    """A request or a photo that gets no answer.

    Parameters
    ----------
    reason : str
        A key of `REFUSALS`.
    name : str, default ""
        The file's name as the sender gave it, where there is one.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        self.reason = reason
        self.name = name
        self.status, self.sentence = REFUSALS[reason]
        super().__init__(reason)


class Upload(NamedTuple):
    """An uploaded file.

    Attributes
    ----------
    name : str
        As the sender gave it: untrusted text.
    content : bytes
    """

    name: str
    content: bytes


def is_heic(content: bytes) -> bool:
    """Say whether a file is a phone's HEIC photo, by its first bytes."""
    return _HEIC.match(content) is not None


class MemoryRequest(Request):
    """A request whose uploaded files never touch the disk.

    Werkzeug spools uploads above 500 kB to a temporary file; the body limit makes memory safe.
    """

    def _get_file_stream(self, *_args: object, **_kwargs: object) -> BytesIO:
        return BytesIO()


def uploads(request: Request) -> list[Upload]:
    """Return the files that a request carries.

    Parameters
    ----------
    request : flask.Request
        A multipart request with one file or several in the field `FIELD`.

    Raises
    ------
    Refusal
        If there is none, or more than `MAX_PHOTOS`.
    werkzeug.exceptions.RequestEntityTooLarge
        If the whole body is above `MAX_BODY_BYTES`.
    """
    files = [file for file in request.files.getlist(FIELD) if file.filename]
    if not files:
        raise Refusal("missing")
    if len(files) > MAX_PHOTOS:
        raise Refusal("too-many")
    # Unlike read(), getvalue() makes no copy.
    return [Upload(file.filename, file.stream.getvalue()) for file in files]
