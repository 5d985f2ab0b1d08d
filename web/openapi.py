"""What the API takes and answers, as an OpenAPI document made from the served model and limits."""

from typing import Any

from flask import Flask, Response, current_app, jsonify

from landmarks.images import PAGE_FORMATS
from landmarks.mesh import N_POINTS, REGIONS
from web import api, problems
from web.uploads import FIELD, MAX_BODY_BYTES, MAX_PHOTO_BYTES, MAX_PHOTOS, REFUSALS

Schema = dict[str, Any]

VERSION = "1.0.0"
"""Of the API: its first number changes when an old client no longer understands it."""

TEXT: Schema = {"type": "string"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
CHANGE: Schema = {"type": "number", "minimum": -1, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
MILLISECONDS: Schema = {"type": "number", "minimum": 0}
SWITCH: Schema = {"type": "string", "enum": ["0", "1"], "default": "0"}


def register(app: Flask) -> None:
    """Add the route to the application."""
    app.add_url_rule("/openapi.json", "openapi", show)


def show() -> Response:
    """Answer the document."""
    return jsonify(document(current_app.extensions["mien"].manifest))


def document(manifest: dict[str, Any]) -> dict[str, Any]:
    """Describe the API.

    Parameters
    ----------
    manifest : dict
        Of the bundle that answers.

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
            "/api/models": {"get": _get("models", "List the models", _ref("Models"))},
            problems.KINDS: {"get": _get("problems", "List the kinds of problem", _ref("Kinds"))},
            "/openapi.json": {"get": _get("openapi", "Describe this API", {"type": "object"})},
            "/healthz": {"get": _get("health", "Say that the server answers", _ref("Health"))},
            "/readyz": {
                "get": _get("ready", "Say that photos can be read", _ref("Ready"), (503,)),
            },
            "/metrics": {
                "get": _get("metrics", "Show the counters, for Prometheus", TEXT, kind="text/plain")
            },
        },
        "components": {"schemas": _schemas(manifest["classes"])},
    }


def _predict() -> dict[str, Any]:
    """Describe the reading of photos."""
    formats = ", ".join(f"image/{name.lower()}" for name in PAGE_FORMATS)
    photos = {
        "type": "array",
        "items": {"type": "string", "contentMediaType": "application/octet-stream"},
        "minItems": 1,
        "maxItems": MAX_PHOTOS,
        "description": f"Photos of up to {MAX_PHOTO_BYTES} bytes and 25 megapixels each.",
    }
    form = {
        "type": "object",
        "required": [FIELD],
        "properties": {FIELD: photos, **dict.fromkeys(api.OPTIONS, SWITCH)},
        "additionalProperties": False,
    }
    return {
        "operationId": "predict",
        "summary": "Read the expressions in photos",
        "description": "Of several photos, one that can't be read is answered in its place, with "
        "`reason` and `detail`, and the status is 200 even if that goes for all of them. A problem "
        "is answered for a request that can't be taken, for a single photo that can't be read, "
        "and if the server can read none of several photos now.",
        "parameters": [_switch("points", "the mesh"), _switch("explain", "the explanation")],
        "requestBody": {
            "required": True,
            "description": f"A form of up to {MAX_BODY_BYTES} bytes.",
            "content": {
                api.FORM: {"schema": form, "encoding": {FIELD: {"contentType": formats}}},
            },
        },
        "responses": _responses(_ref("Answer"), (400, 403, 413, 415, 422, 503)),
    }


def _get(
    name: str,
    summary: str,
    schema: Schema,
    problems: tuple[int, ...] = (),
    kind: str = "application/json",
) -> dict[str, Any]:
    """Describe an operation that only answers."""
    responses = _responses(schema, (400, *problems), kind)
    return {"operationId": name, "summary": summary, "responses": responses}


def _switch(name: str, brings: str) -> dict[str, Any]:
    """Describe an option, which the form may hold as well."""
    return {
        "name": name,
        "in": "query",
        "schema": SWITCH,
        "description": f"1: each face brings {brings}. A field of the form does the same.",
    }


def _responses(schema: Schema, statuses: tuple[int, ...], kind: str = "application/json") -> Schema:
    """Describe a good answer and the problems that there can be beside a wrong host."""
    told = {status: [] for status in (*statuses, 500)}
    for reason, (status, _) in REFUSALS.items():
        told.get(status, []).append(f"`{reason}`")
    return {
        "200": {"description": "The answer.", "content": {kind: {"schema": schema}}},
        **{str(status): _failure(reasons) for status, reasons in told.items()},
    }


def _failure(reasons: list[str]) -> Schema:
    """Describe a problem of one status."""
    description = f"A problem: {', '.join(reasons)}." if reasons else "A fault in Mien."
    return {
        "description": description,
        "content": {problems.MEDIA_TYPE: {"schema": _ref("Problem")}},
    }


def _schemas(classes: list[str]) -> dict[str, Schema]:
    """Describe every object by its name."""
    named_classes = {"type": "array", "items": {"enum": classes}, "minItems": 2}
    kind = {
        "type": {"type": "string", "format": "uri-reference"},
        "title": TEXT,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": TEXT,
    }
    return {
        "Answer": _object(
            model=TEXT,
            version=TEXT,
            classes=named_classes,
            images={
                "type": "array",
                "items": {"anyOf": [_ref("Reading"), _ref("Failure")]},
                "minItems": 1,
                "maxItems": MAX_PHOTOS,
            },
            ms=MILLISECONDS,
        ),
        "Reading": _object(
            image=TEXT | {"description": "The file's name as it was sent."},
            model=TEXT,
            width=COUNT,
            height=COUNT,
            faces={"type": "array", "items": _ref("Face"), "minItems": 1},
            reason={"const": ""},
            ms=MILLISECONDS,
        ),
        "Failure": _object(
            image=TEXT,
            faces={"type": "array", "maxItems": 0},
            reason={"enum": list(REFUSALS)},
            detail=TEXT,
        ),
        "Face": _face(classes),
        "Problem": _object(optional=("image",), **kind, reason=TEXT, image=TEXT),
        "Kinds": _object(problems={"type": "array", "items": _object(**kind)}),
        "Models": _object(models={"type": "array", "items": _ref("Model"), "minItems": 1}),
        "Model": _model(),
        "Health": _object(status={"const": "ok"}, model=TEXT, version=TEXT),
        "Ready": _object(status={"const": "ready"}),
    }


def _face(classes: list[str]) -> Schema:
    """Describe one face."""
    return _object(
        optional=api.BRINGS,
        box={
            "type": "array",
            "items": {"type": "integer"},
            "minItems": 4,
            "maxItems": 4,
            "description": "Left, top, width and height in pixels of the upright photo.",
        },
        expression={"enum": classes},
        confidences=_object(**dict.fromkeys(classes, SHARE)),
        unsure={"type": "boolean", "description": "Whether no expression stands out."},
        points={
            "type": "array",
            "items": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
            "minItems": N_POINTS,
            "maxItems": N_POINTS,
            "description": "x to the right, y down and z away, in pixels of the upright photo.",
        },
        explanation=_object(**dict.fromkeys(REGIONS, CHANGE))
        | {"description": "What each region added to the expression's confidence."},
    )


def _model() -> Schema:
    """Describe one model."""
    return _object(
        name=TEXT,
        version=TEXT,
        classes={"type": "array", "items": TEXT, "minItems": 2},
        input=TEXT,
        takes_pixels={"type": "boolean"},
        metrics={
            "type": "object",
            "additionalProperties": {"type": ["number", "null"]},
            "description": "Measured on the validation rows of its training.",
        },
        unsure_threshold={"type": "number"},
        bytes=COUNT,
        served={"type": "boolean", "description": "Whether it is the one that answers."},
    )


def _object(optional: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Describe an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
