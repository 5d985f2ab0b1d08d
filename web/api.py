"""The API beside the page, and the health check."""

from flask import Flask, Response, current_app, jsonify, request

from web.uploads import Refusal, uploads

PREFIX = "/api/"


def register(app: Flask) -> None:
    """Add the routes to the application."""
    app.add_url_rule("/api/predict", "predict", predict, methods=["POST"])
    app.add_url_rule("/healthz", "health", health)


def predict() -> Response:
    """Answer the posted photo's reading as JSON, with the time it took in ``Server-Timing``."""
    photo = uploads(request)[0]
    found = current_app.extensions["mien"].read(photo.content)
    response = jsonify(found.reading.to_json(photo.name))
    response.headers["Server-Timing"] = f"read;dur={1000 * found.seconds:.1f}"
    return response


def health() -> Response:
    """Say that the server answers, and with which model."""
    manifest = current_app.extensions["mien"].manifest
    return jsonify(status="ok", model=manifest["name"], version=manifest["version"])


def refused(refusal: Refusal) -> tuple[Response, int]:
    """Answer a photo that can't be read."""
    element = {"image": "", "faces": [], "reason": refusal.reason}
    return jsonify(element | {"error": refusal.sentence}), refusal.status


def failed(sentence: str, status: int) -> tuple[Response, int]:
    """Answer every other error."""
    return jsonify(error=sentence), status
