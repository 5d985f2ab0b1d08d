"""The objects that the API answers, as JSON schemas for its OpenAPI document."""

from typing import Any

from landmarks.mesh import N_POINTS, REGIONS
from web.api import BRINGS
from web.uploads import MAX_PHOTOS, REFUSALS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
CHANGE: Schema = {"type": "number", "minimum": -1, "maximum": 1}
COUNT: Schema = {"type": "integer", "minimum": 0}
MILLISECONDS: Schema = {"type": "number", "minimum": 0}


def objects(classes: list[str]) -> dict[str, Schema]:
    """Describe every object by its name.

    Parameters
    ----------
    classes : list of str
        Of the model that answers.
    """
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
            classes=_list({"enum": classes}, fewest=2),
            images=_list({"anyOf": [ref("Reading"), ref("Failure")]}, 1, MAX_PHOTOS),
            ms=MILLISECONDS,
        ),
        "Reading": _object(
            image=TEXT | {"description": "The file's name as it was sent."},
            model=TEXT,
            width=COUNT,
            height=COUNT,
            faces=_list(ref("Face"), fewest=1),
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
        "Kinds": _object(problems=_list(_object(**kind))),
        "Models": _object(models=_list(ref("Model"), fewest=1)),
        "Model": _model(),
        "Health": _object(status={"const": "ok"}, model=TEXT, version=TEXT),
        "Ready": _object(status={"const": "ready"}),
    }


def ref(name: str) -> Schema:
    """Point to the object of a name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _face(classes: list[str]) -> Schema:
    """Describe one face."""
    return _object(
        optional=BRINGS,
        box=_list({"type": "integer"}, 4, 4)
        | {"description": "Left, top, width and height in pixels of the upright photo."},
        expression={"enum": classes},
        confidences=_object(**dict.fromkeys(classes, SHARE)),
        unsure=FLAG | {"description": "Whether no expression stands out."},
        points=_list(_list({"type": "number"}, 3, 3), N_POINTS, N_POINTS)
        | {"description": "x to the right, y down and z away, in pixels of the upright photo."},
        explanation=_object(**dict.fromkeys(REGIONS, CHANGE))
        | {"description": "What each region added to the expression's confidence."},
    )


def _model() -> Schema:
    """Describe one model."""
    return _object(
        name=TEXT,
        version=TEXT,
        classes=_list(TEXT, fewest=2),
        input=TEXT,
        takes_pixels=FLAG,
        metrics={
            "type": "object",
            "additionalProperties": {"type": ["number", "null"]},
            "description": "Measured on the validation rows of its training.",
        },
        unsure_threshold={"type": "number"},
        bytes=COUNT,
        served=FLAG | {"description": "Whether it is the one that answers."},
    )


def _object(optional: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Describe an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _list(items: Schema, fewest: int = 0, most: int | None = None) -> Schema:
    """Describe a list."""
    described = {"type": "array", "items": items, "minItems": fewest}
    return described if most is None else described | {"maxItems": most}
