"""Teaching: faces that a visitor named come in, a classifier of the visitor's own goes out.

Learning needs libraries and memory that serving shall not hold, so each lesson is learned by
``python -m classifiers.teach``, a process that is gone when it has answered. Nothing of a lesson is
kept: it goes there and comes back through pipes.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
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

from classifiers import lesson as lessons
from classifiers.lesson import LessonError, packed, read_lesson

PATH = "/api/teach"
FORM = "multipart/form-data"

LESSON, POINTS = "lesson", "points"
"""The form's fields: JSON, and a file of float32; see `classifiers.lesson.read_lesson`."""

MAX_BODY_BYTES = lessons.MOST_FACES * lessons.FACE_BYTES + 256 * 1024
"""Largest request body: the points of the most faces, their labels, and the form around them."""

MOST_SECONDS = 120
"""A lesson takes ten of a core, whatever its size; other work may leave it less than one."""

RETRY_SECONDS = 10

COMMAND = (sys.executable, "-m", "classifiers.teach")
ROOT = Path(__file__).parents[2]

LIMITS = {
    "fewestClasses": lessons.FEWEST_CLASSES,
    "mostClasses": lessons.MOST_CLASSES,
    "fewestFaces": lessons.FEWEST_FACES,
    "mostFaces": lessons.MOST_FACES,
    "longestName": lessons.LONGEST_NAME,
}
"""What the page has to know of a lesson's limits."""


class TooLarge(HTTPException):
    """A body that no lesson needs."""

    code = 413
    description = (
        f"A lesson has at most {lessons.MOST_FACES} faces and this is larger than they are. Leave "
        "some faces out, then try again."
    )


class Teacher:
    """Lets lessons be learned, one at a time.

    Parameters
    ----------
    command : sequence of str
        Reads a packed lesson from stdin and writes a zip to stdout.
    most_seconds : float
        When it is ended.
    """

    def __init__(self, command: Sequence[str] = COMMAND, most_seconds: float = MOST_SECONDS):
        self.command = command
        self.most_seconds = most_seconds
        self._free = Lock()

    def teach(self, content: bytes) -> bytes:
        """Return what `classifiers.teach.taught` makes of a packed lesson.

        Raises
        ------
        werkzeug.exceptions.ServiceUnavailable
            If another lesson is being learned, or this one took too long.
        werkzeug.exceptions.InternalServerError
            If it can't be learned; the cause stays in the log.
        """
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(
                "Mien is learning from another visitor. Try again in some seconds.",
                retry_after=RETRY_SECONDS,
            )
        try:
            done = self._run(content)
        finally:
            self._free.release()
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace")
            current_app.logger.error("A lesson ended with %s: %s", done.returncode, said)
            raise InternalServerError
        return done.stdout

    def _run(self, content: bytes) -> subprocess.CompletedProcess:
        """Run the command; it is killed when its time is over, and ends when this process does."""
        try:
            return subprocess.run(
                self.command,
                input=content,
                capture_output=True,
                timeout=self.most_seconds,
                cwd=ROOT,
                # The other cores are for those who have photos read.
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                start_new_session=True,  # a Ctrl-C is for the server
            )
        except subprocess.TimeoutExpired:
            raise ServiceUnavailable(
                f"Learning was ended after {self.most_seconds:g} s. Try again when Mien has less "
                "to do, or with fewer faces.",
                retry_after=RETRY_SECONDS,
            ) from None


def register(app: Flask) -> None:
    """Add the route to the application, and the limits to its templates."""
    app.extensions["teacher"] = Teacher()
    app.jinja_env.globals["lesson_limits"] = LIMITS
    app.add_url_rule(PATH, "teach", teach, methods=["POST"])


def teach() -> Response:
    """Answer a posted lesson with a zip: the bundle in ``model/``, the table in ``features/``."""
    content = current_app.extensions["teacher"].teach(packed(_posted_lesson()))
    response = Response(content, mimetype="application/zip")
    response.headers["Content-Disposition"] = "attachment; filename=taught.zip"
    return response


def _posted_lesson() -> lessons.Lesson:
    """Return the lesson that a request carries, or raise the answer to a request without one."""
    if request.mimetype != FORM:
        raise UnsupportedMediaType(
            f"A lesson comes as a form: send {FORM} with the field {LESSON} and the file {POINTS}."
        )
    request.max_content_length = MAX_BODY_BYTES
    try:
        text, points = request.form.get(LESSON), request.files.get(POINTS)
    except RequestEntityTooLarge:
        raise TooLarge from None
    if text is None or points is None:
        raise BadRequest(
            f"A lesson has the field {LESSON}, JSON of labels and sizes, and the file {POINTS}: "
            "send both."
        )
    try:
        return read_lesson(text, points.stream.read())
    except LessonError as error:
        raise UnprocessableEntity(str(error)) from None
