"""Train a classifier of custom classes from faces that a visitor labelled.

Training needs libraries and memory that serving shall not hold, so each dataset is trained on by
``python -m classifiers.custom``, a process that ends with its response. Nothing of a dataset is
kept: it goes there and comes back through pipes.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from threading import Lock

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    RequestEntityTooLarge,
    ServiceUnavailable,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from classifiers.custom import dataset
from web.inference.process import ONE_THREAD, ROOT
from web.uploads import FORM

PATH = "/api/teach"

DATASET, POINTS = "dataset", "points"
"""The form's fields: JSON, and a file of float32; see `classifiers.custom.dataset.read_dataset`."""

MAX_BODY_BYTES = dataset.MAX_FACES * dataset.FACE_BYTES + 256 * 1024
"""Largest request body: the points of the most faces, their labels, and the form around them."""

MAX_SECONDS = 120
"""Training takes ten of a core, whatever the dataset; other work may leave it less than one."""

RETRY_SECONDS = 10

COMMAND = (sys.executable, "-m", "classifiers.custom")

LIMITS = {
    "minClasses": dataset.MIN_CLASSES,
    "maxClasses": dataset.MAX_CLASSES,
    "minFaces": dataset.MIN_FACES,
    "maxFaces": dataset.MAX_FACES,
    "maxNameLength": dataset.MAX_NAME_LENGTH,
}
"""The limits of a dataset, by the names that the page's scripts know."""


class TooLarge(HTTPException):
    """A body larger than any dataset."""

    code = 413
    description = (
        f"A dataset has at most {dataset.MAX_FACES} faces and this is larger than they are. Leave "
        "some faces out, then try again."
    )


class Trainer:
    """Trains on one dataset at a time.

    Parameters
    ----------
    command : sequence of str
        Reads a dataset in .npz format from stdin and writes a zip to stdout.
    max_seconds : float
        When it is ended.
    """

    def __init__(self, command: Sequence[str] = COMMAND, max_seconds: float = MAX_SECONDS):
        self.command = command
        self.max_seconds = max_seconds
        self._free = Lock()

    def train(self, content: bytes) -> bytes:
        """Return what `classifiers.custom` makes of a dataset in .npz format.

        Raises
        ------
        werkzeug.exceptions.ServiceUnavailable
            If another dataset is trained on, or this one took too long.
        werkzeug.exceptions.InternalServerError
            If training fails; the cause stays in the log.
        """
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(
                "Mien is training for another visitor. Try again in some seconds.",
                retry_after=RETRY_SECONDS,
            )
        try:
            done = self._run(content)
        finally:
            self._free.release()
        if done.returncode != 0:
            stderr = done.stderr.decode(errors="replace")
            current_app.logger.error("Training ended with %s: %s", done.returncode, stderr)
            raise InternalServerError
        return done.stdout

    def _run(self, content: bytes) -> subprocess.CompletedProcess:
        """Run the command; it is killed when its time is over, and ends when this process does."""
        try:
            return subprocess.run(
                self.command,
                input=content,
                capture_output=True,
                timeout=self.max_seconds,
                cwd=ROOT,
                env=os.environ | ONE_THREAD,  # the other cores are for those who have photos read
                start_new_session=True,  # a Ctrl-C is for the server
            )
        except subprocess.TimeoutExpired:
            raise ServiceUnavailable(
                f"Training was ended after {self.max_seconds:g} s. Try again when Mien has less "
                "to do, or with fewer faces.",
                retry_after=RETRY_SECONDS,
            ) from None


def register(app: Flask) -> None:
    """Add the route to the application, and the limits to its templates."""
    app.extensions["trainer"] = Trainer()
    app.jinja_env.globals["custom_limits"] = LIMITS
    app.add_url_rule(PATH, "teach", train, methods=["POST"])


def train() -> Response:
    """Answer a posted dataset with a zip: the bundle in ``model/``, the table in ``features/``."""
    content = current_app.extensions["trainer"].train(dataset.to_npz(_posted_dataset()))
    response = Response(content, mimetype="application/zip")
    response.headers["Content-Disposition"] = "attachment; filename=custom-classes.zip"
    return response


def _posted_dataset() -> dataset.Dataset:
    """Return the dataset of the request, or raise the error that the request gets."""
    if request.mimetype != FORM:
        raise UnsupportedMediaType(
            f"A dataset comes as a form: send {FORM} with the field {DATASET} and the file "
            f"{POINTS}."
        )
    request.max_content_length = MAX_BODY_BYTES
    try:
        text, points = request.form.get(DATASET), request.files.get(POINTS)
    except RequestEntityTooLarge:
        raise TooLarge from None
    if text is None or points is None:
        raise BadRequest(
            f"A dataset has the field {DATASET}, JSON of labels and sizes, and the file {POINTS}: "
            "send both."
        )
    try:
        return dataset.read_dataset(text, points.stream.read())
    except dataset.DatasetError as error:
        raise UnprocessableEntity(str(error)) from None
