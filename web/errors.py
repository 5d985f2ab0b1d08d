"""Answer every error: by problem details (RFC 9457) for programs, by the page for people."""

from collections.abc import Callable

from flask import Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from landmarks.images import Reason
from web import metrics
from web.words import WORDS

STATUSES = {
    "wrong-host": 400,
    "cross-site": 403,
    "bad-option": 400,
    "bad-json": 400,
    "no-neutral": 400,
    "missing": 400,
    "wrong-field": 400,
    "not-a-form": 415,
    "too-many": 400,
    "too-much": 413,
    "too-heavy": 413,
    Reason.TOO_LARGE: 413,
    Reason.UNSUPPORTED: 415,
    "heic": 415,
    Reason.UNREADABLE: 415,
    Reason.EMPTY: 415,
    Reason.NO_FACE: 422,
    "too-slow": 422,
    "too-much-memory": 413,
    "crashed": 422,
    "busy": 503,
    "not-ready": 503,
}
"""Reason -> HTTP status."""

ERRORS = {reason: (status, WORDS["errors"][reason]) for reason, status in STATUSES.items()}
"""Reason -> HTTP status and the sentence that the page and the API both give."""

MEDIA_TYPE = "application/problem+json"

KINDS = "/api/problems"
"""Where the kinds of problem are listed; a problem's ``type`` is this and ``#reason``."""

FOR_PROGRAMS = ("/healthz", "/metrics", "/openapi.json", "/readyz")

RETRY_SECONDS = 1
"""When a client may ask again after a 503: a photo is read in less."""


class ApiError(Exception):
    """A request or a photo that can't be answered.

    Parameters
    ----------
    reason : str
        A key of `ERRORS`.
    name : str, default ""
        The file's name as the sender gave it, where there is one.

    Attributes
    ----------
    status : int
        HTTP status.
    sentence : str
        What is wrong and what to do.
    """

    def __init__(self, reason: str, name: str = "") -> None:
        self.reason = reason
        self.name = name
        self.status, self.sentence = ERRORS[reason]
        super().__init__(reason)


def register(app: Flask, show: Callable[[str, str, str], str]) -> None:
    """Answer every error of the application.

    Parameters
    ----------
    app : Flask
    show : callable
        Returns the page with a sentence, for a photo of a name, by a reason.
    """

    def answer(error: ApiError) -> Response:
        """Answer a request or a photo that can't be taken."""
        metrics.current().errors.labels(error.reason).inc()
        if _is_for_programs():
            extra = {"image": error.name} if error.name else {}
            response = _problem(**kind(error.reason), reason=error.reason, **extra)
        else:
            response = make_response(show(error.sentence, error.name, error.reason), error.status)
        if error.status == 503:
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    def answer_other(error: HTTPException) -> Response:
        """Answer every other error; the cause of a 500 stays in the log."""
        status = error.code or InternalServerError.code
        sentence = WORDS["statuses"].get(str(status), error.description)
        if _is_for_programs():
            reason = error.name.lower().replace(" ", "-")
            response = _problem("about:blank", error.name, status, sentence, reason=reason)
        else:
            response = make_response(show(sentence, "", ""), status)
        # A 405, for example, needs Allow.
        response.headers.update({k: v for k, v in error.get_headers() if k != "Content-Type"})
        return response

    app.add_url_rule(KINDS, "problems", kinds)
    app.register_error_handler(ApiError, answer)
    app.register_error_handler(RequestEntityTooLarge, lambda _error: answer(ApiError("too-much")))
    app.register_error_handler(HTTPException, answer_other)


def _is_for_programs() -> bool:
    """Say whether the request came from a program rather than from a person at the page."""
    return request.path.startswith("/api/") or request.path in FOR_PROGRAMS


def kind(reason: str) -> dict[str, str | int]:
    """Return what all problems of one reason share: type, title, status and detail."""
    status, sentence = ERRORS[reason]
    title = reason.replace("-", " ").capitalize()
    return {"type": f"{KINDS}#{reason}", "title": title, "status": status, "detail": sentence}


def kinds() -> Response:
    """List every kind of problem, so that a problem's ``type`` leads somewhere."""
    return jsonify(problems=[kind(reason) for reason in ERRORS])


def _problem(type: str, title: str, status: int, detail: str, **extra: str) -> Response:
    """Return problem details."""
    response = jsonify(type=type, title=title, status=status, detail=detail, **extra)
    response.status_code = status
    response.content_type = MEDIA_TYPE
    return response
