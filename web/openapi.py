"""What the API takes and answers, as an OpenAPI document made from the served model and limits."""

from typing import Any

from flask import Flask, Response, current_app, jsonify

from landmarks.images import PAGE_FORMATS
from web import api, problems, teach
from web.schemas import TEXT, Schema, objects, ref
from web.uploads import FIELD, MAX_BODY_BYTES, MAX_PHOTO_BYTES, MAX_PHOTOS, REFUSALS

VERSION = "1.0.0"
"""Of the API: its first number changes when an old client no longer understands it."""

SWITCH: Schema = {"type": "string", "enum": ["0", "1"], "default": "0"}
FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
JSON = "application/json"


def register(app: Flask) -> None:
    """Add the route to the application."""
    app.add_url_rule("/openapi.json", "openapi", show)


def show() -> Response:
    """Answer the document."""
    return jsonify(document(current_app.extensions["mien"].manifest["classes"]))


def document(classes: list[str]) -> dict[str, Any]:
    """Describe the API.

    Parameters
    ----------
    classes : list of str
        Of the model that answers.

    Returns
    -------
    dict
        OpenAPI 3.1.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mien",
            "version": VERSION,
            "summary": "The expression a face shows, with a confidence for each.",
            "description": "Mien names the expression a face shows, as people have labelled such "
            "faces; it does not know what a person feels, and it is often wrong. Photos are kept "
            "in memory while they are read: not stored, not logged, not sent on.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/api/predict": {"post": _predict()},
            teach.PATH: {"post": _teach()},
            "/api/models": _get("models", "List the models", ref("Models")),
            problems.KINDS: _get("problems", "List the kinds of problem", ref("Kinds")),
            "/openapi.json": _get("openapi", "Describe this API", {"type": "object"}),
            "/healthz": _get("health", "Say that the server answers", ref("Health")),
            "/readyz": _get("ready", "Say that photos can be read", ref("Ready"), "not-ready"),
            "/metrics": _get(
                "metrics", "Show the counters, for Prometheus", TEXT, kind="text/plain"
            ),
        },
        "components": {"schemas": objects(classes)},
    }


def _predict() -> dict[str, Any]:
    """Describe the reading of photos."""
    formats = ", ".join(f"image/{name.lower()}" for name in PAGE_FORMATS)
    photos = {
        "type": "array",
        "items": FILE,
        "minItems": 1,
        "maxItems": MAX_PHOTOS,
        "description": f"Photos of up to {MAX_PHOTO_BYTES} bytes and 25 megapixels each.",
    }
    return {
        "operationId": "predict",
        "summary": "Read the expressions in photos",
        "description": "Of several photos, one that can't be read is answered in its place, with "
        "`reason` and `detail`, and the status is 200 even if that goes for all of them. A problem "
        "is answered for a request that can't be taken, for a single photo that can't be read, "
        "and if the server can read none of several photos now.",
        "parameters": [_switch("points", "the mesh"), _switch("explain", "the explanation")],
        "requestBody": _form(
            f"Up to {MAX_BODY_BYTES} bytes.",
            {FIELD: photos, **dict.fromkeys(api.OPTIONS, SWITCH)},
            required=[FIELD],
            encoding={FIELD: {"contentType": formats}},
        ),
        "responses": _responses(
            {JSON: {"schema": ref("Answer")}},
            [reason for reason in REFUSALS if reason != "not-ready"],
        ),
    }


def _teach() -> dict[str, Any]:
    """Describe the learning of a visitor's own expressions."""
    lesson = {
        "type": "object",
        "required": ["labels", "sizes"],
        "properties": {
            "labels": {"type": "array", "items": TEXT},
            "sizes": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        },
        "description": "The name that each face was given, and width and height of its picture.",
    }
    points = FILE | {
        "description": "Each face's 468 points in pixels, x to the right, y down and z away, as "
        "float32 with the low byte first."
    }
    return {
        "operationId": "teach",
        "summary": "Learn expressions of one's own from the points of named faces",
        "requestBody": _form(
            f"Up to {teach.MAX_BODY_BYTES} bytes.",
            {teach.LESSON: lesson, teach.POINTS: points},
            required=[teach.LESSON, teach.POINTS],
            encoding={teach.LESSON: {"contentType": JSON}},
        ),
        "responses": _responses(
            {"application/zip": {}}, ["wrong-host", "cross-site"], 413, 415, 422, 503
        ),
    }


def _get(name: str, summary: str, schema: Schema, *reasons: str, kind: str = JSON) -> Schema:
    """Describe an address that only answers, for some reasons with a problem."""
    responses = _responses({kind: {"schema": schema}}, ["wrong-host", *reasons])
    return {"get": {"operationId": name, "summary": summary, "responses": responses}}


def _switch(name: str, brings: str) -> dict[str, Any]:
    """Describe an option, which the form may hold as well."""
    return {
        "name": name,
        "in": "query",
        "schema": SWITCH,
        "description": f"1: each face brings {brings}. A field of the form does the same.",
    }


def _form(
    description: str, properties: dict[str, Schema], required: list[str], encoding: Schema
) -> dict[str, Any]:
    """Describe a posted form."""
    schema = {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }
    return {
        "required": True,
        "description": description,
        "content": {api.FORM: {"schema": schema, "encoding": encoding}},
    }


def _responses(content: Schema, reasons: list[str], *statuses: int) -> dict[str, Any]:
    """Describe a good answer, and the problems of some reasons and of other statuses."""
    told = {status: [] for status in (*statuses, 500)}
    for reason in reasons:
        told.setdefault(REFUSALS[reason][0], []).append(f"`{reason}`")
    failures = {str(status): _failure(names) for status, names in sorted(told.items())}
    return {"200": {"description": "The answer.", "content": content}, **failures}


def _failure(reasons: list[str]) -> dict[str, Any]:
    """Describe the problems of one status."""
    return {
        "description": f"A problem: {', '.join(reasons)}." if reasons else "A problem.",
        "content": {problems.MEDIA_TYPE: {"schema": ref("Problem")}},
    }
