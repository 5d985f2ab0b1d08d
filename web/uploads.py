"""Uploaded photos, in memory alone, and the sentences that refused requests and photos get."""

import re
from io import BytesIO
from typing import NamedTuple

from flask import Request

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

REFUSALS = {
    "wrong-host": (
        400,
        "Mien does not answer to this name. Open it at the address that it printed when it "
        "started, or start it with HOST set to this name.",
    ),
    "cross-site": (
        403,
        "This was sent by another site's page, and Mien takes photos from its own pages and from "
        "programs alone. Open Mien and send it from there.",
    ),
    "bad-option": (
        400,
        "The options points and explain take 0 or 1: give each once.",
    ),
    "missing": (400, "No photo was sent. Choose a JPEG, PNG or WebP photo first."),
    "not-a-form": (
        415,
        "Photos come as files of a form: send multipart/form-data with the field image, as "
        "curl -F image=@photo.jpg does.",
    ),
    "too-many": (
        413,
        f"More than {MAX_PHOTOS} photos were sent at once. Send them in several goes.",
    ),
    "too-much": (
        413,
        "This upload is larger than Mien takes: 8 MB a photo and 24 MB together. Make the photos "
        "smaller or send fewer at once.",
    ),
    "too-heavy": (
        413,
        "This file is larger than 8 MB. Save the photo smaller or with more compression, "
        "then try again.",
    ),
    "too-large": (
        413,
        "This picture has more than 25 megapixels. Make it smaller, then try again.",
    ),
    "unsupported": (
        415,
        "Mien reads JPEG, PNG and WebP, and this file is none of them. Save the photo as JPEG, "
        "then try again.",
    ),
    "heic": (
        415,
        "This is a HEIC photo, which Mien does not read. Save it as JPEG, then try again; an "
        "iPhone takes JPEGs when Settings, Camera, Formats says Most Compatible.",
    ),
    "unreadable": (
        415,
        "This file can't be read as a photo; it may be damaged or cut short. Save it again as "
        "JPEG, PNG or WebP, then try again.",
    ),
    "empty": (415, "This file holds no picture. Choose a JPEG, PNG or WebP photo."),
    "no-face": (
        422,
        "No face was found in this photo. Try one where the face is larger, evenly lit and "
        "turned towards the camera.",
    ),
    "too-slow": (
        422,
        "This photo took too long to read. Save it smaller, as a plain JPEG, then try again.",
    ),
    "too-much-memory": (
        413,
        "This photo needs more memory than a photo may. Save it smaller, as a plain JPEG, then "
        "try again.",
    ),
    "crashed": (
        422,
        "This photo could not be read: reading it was cut short. Try again, or save it again as "
        "a plain JPEG first.",
    ),
    "busy": (503, "Mien is reading as many photos as it can. Try again in a second."),
    "not-ready": (503, "Mien is starting and can't read photos yet. Try again in a second."),
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
