"""Take photos from requests, in memory alone."""

from io import BytesIO
from typing import NamedTuple

from flask import Request

from web.errors import ApiError

FORM = "multipart/form-data"

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


def uploads(request: Request) -> list[Upload]:
    """Return the files that a request carries.

    Parameters
    ----------
    request : flask.Request
        A multipart request with one file or several in the field `FIELD`.

    Raises
    ------
    ApiError
        If there is none, or more than `MAX_PHOTOS`, or one in another field besides.
    werkzeug.exceptions.RequestEntityTooLarge
        If the whole body is above `MAX_BODY_BYTES`.
    """
    files = [file for file in request.files.getlist(FIELD) if file.filename]
    if not files:
        raise ApiError("missing")
    if any(file.filename and name != FIELD for name, file in request.files.items(multi=True)):
        raise ApiError("wrong-field")
    if len(files) > MAX_PHOTOS:
        raise ApiError("too-many")
    # Unlike read(), getvalue() makes no copy.
    return [Upload(file.filename, file.stream.getvalue()) for file in files]
