"""Take photos from requests, in memory alone."""

import re
from base64 import b64decode
from io import BytesIO
from typing import NamedTuple

from flask import Request

from web.errors import ApiError

FORM, JSON = "multipart/form-data", "application/json"

FIELD = "image"
"""Name of the field that holds the photo."""

NEUTRAL = "neutral"
"""Name of the field that holds a photo of the person's neutral face."""

MAX_NEUTRAL = 4
"""Most photos of a neutral face in one request."""

MAX_PHOTO_BYTES = 8 * 1024**2
"""Largest file that is read: 8 MB."""

MAX_PHOTOS = 16
"""Most photos in one request."""

MAX_BODY_BYTES = 24 * 1024**2
"""Largest request body: three of the largest photos, or sixteen of a phone's usual ones.

A body is held in memory, so this and the number of requests that are read at once bound it.
"""

_HEAD = re.compile(r"data:[^,]*;base64,")
"""What precedes the base64 of a data URI."""


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


class MemoryRequest(Request):
    """A request whose uploaded files never touch the disk.

    Werkzeug spools uploads above 500 kB to a temporary file; the body limit makes memory safe.
    """

    def _get_file_stream(self, *_args: object, **_kwargs: object) -> BytesIO:
        return BytesIO()


class Posted(NamedTuple):
    """What a request asks for.

    Attributes
    ----------
    photos : list of Upload
        One or more.
    neutral : list of Upload
        Photos of the person's neutral face, which may be none.
    options : list of (str, str)
        Name and value of each other field, which nobody has checked.
    """

    photos: list[Upload]
    neutral: list[Upload]
    options: list[tuple[str, str]]


def posted(request: Request) -> Posted:
    """Return the photos and the options that a request carries.

    Parameters
    ----------
    request : flask.Request
        A form whose files are in the fields `FIELD` and `NEUTRAL`, or JSON with photos in base64.

    Raises
    ------
    ApiError
        If there is no photo, there are too many, or a file is in another field.
    werkzeug.exceptions.RequestEntityTooLarge
        If the whole body is above `MAX_BODY_BYTES`.
    """
    found = _from_json(request) if request.mimetype == JSON else _from_form(request)
    if not found.photos:
        raise ApiError("missing")
    if len(found.photos) > MAX_PHOTOS or len(found.neutral) > MAX_NEUTRAL:
        raise ApiError("too-many")
    return found


def _from_form(request: Request) -> Posted:
    """Return what a form holds; a browser sends a file field that is left empty, too."""
    files: dict[str, list[Upload]] = {FIELD: [], NEUTRAL: []}
    for name, file in request.files.items(multi=True):
        if file.filename and name not in files:
            raise ApiError("wrong-field" if request.files.getlist(FIELD) else "missing")
        if file.filename:
            # Unlike read(), getvalue() makes no copy.
            files[name].append(Upload(file.filename, file.stream.getvalue()))
    return Posted(files[FIELD], files[NEUTRAL], list(request.form.items(multi=True)))


def _from_json(request: Request) -> Posted:
    """Return what JSON holds: photos in base64, as data URIs or without their head."""
    fields = request.get_json(silent=True)
    if not isinstance(fields, dict):
        raise ApiError("bad-json")
    photos, neutral = (_decoded(fields.pop(name, [])) for name in (FIELD, NEUTRAL))
    options = [
        (name, str(int(value)) if isinstance(value, bool) else "") for name, value in fields.items()
    ]
    return Posted(photos, neutral, options)


def _decoded(value: object) -> list[Upload]:
    """Decode a photo in base64 or a list of them; they are called by their numbers from 1."""
    texts = value if isinstance(value, list) else [value]
    try:
        contents = [b64decode(_HEAD.sub("", text, count=1), validate=True) for text in texts]
    except (TypeError, ValueError):
        raise ApiError("bad-json") from None
    return [Upload(str(number), content) for number, content in enumerate(contents, 1)]
