"""Every error as an answer: problem details (RFC 9457) for programs, the page for people."""

from collections.abc import Callable

from flask import Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError, RequestEntityTooLarge

from web import metrics
from web.uploads import REFUSALS, Refusal
from web.words import WORDS

MEDIA_TYPE = "application/problem+json"

KINDS = "/api/problems"
"""Where the kinds of problem are listed; a problem's ``type`` is this and ``#reason``."""

FOR_PROGRAMS = ("/healthz", "/metrics", "/openapi.json", "/readyz")

RETRY_SECONDS = 1
"""When a client that was sent away may ask again: a photo is read in less."""


def register(app: Flask, show: Callable[[str, str], str]) -> None:
    """Let every error of the application get its answer.

    Parameters
    ----------
    app : Flask
    show : callable
        Returns the page with a sentence, for the photo of the name given as second argument.
    """

    def refused(refusal: Refusal) -> Response:
        """Answer a request or a photo that Mien does not take."""
        metrics.current().refusals.labels(refusal.reason).inc()
        if wanted():
            extra = {"image": refusal.name} if refusal.name else {}
            response = _problem(**kind(refusal.reason), reason=refusal.reason, **extra)
        else:
            response = make_response(show(refusal.sentence, refusal.name), refusal.status)
        if refusal.status == 503:
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response

    def failed(error: HTTPException) -> Response:
        """Answer every other error; the cause of a 500 stays in the log."""
        status = error.code or InternalServerError.code
        sentence = WORDS["errors"].get(str(status), error.description)
        if wanted():
            reason = error.name.lower().replace(" ", "-")
            response = _problem("about:blank", error.name, status, sentence, reason=reason)
        else:
            response = make_response(show(sentence, ""), status)
        # Such as Allow, which a 405 has to have.
        response.headers.update({k: v for k, v in error.get_headers() if k != "Content-Type"})
        return response

    app.add_url_rule(KINDS, "problems", kinds)
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(RequestEntityTooLarge, lambda _error: refused(Refusal("too-much")))
    app.register_error_handler(HTTPException, failed)


def wanted() -> bool:
    """Say whether the request came from a program rather than from a person at the page."""
    return request.path.startswith("/api/") or request.path in FOR_PROGRAMS


def kind(reason: str) -> dict[str, str | int]:
    """Return what all problems of one reason share: type, title, status and detail."""
    status, sentence = REFUSALS[reason]
    title = reason.replace("-", " ").capitalize()
    return {"type": f"{KINDS}#{reason}", "title": title, "status": status, "detail": sentence}


def kinds() -> Response:
    """List every kind of problem, so that a problem's ``type`` leads somewhere."""
    return jsonify(problems=[kind(reason) for reason in REFUSALS])


def _problem(type: str, title: str, status: int, detail: str, **extra: str) -> Response:
    """Return a problem detail."""
    response = jsonify(type=type, title=title, status=status, detail=detail, **extra)
    response.status_code = status
    response.content_type = MEDIA_TYPE
    return response
