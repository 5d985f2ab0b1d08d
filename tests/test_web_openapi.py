"""The API's description: a valid document, and what a contract fuzzer finds the API to do."""

import re

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from landmarks.images import PAGE_FORMATS
from landmarks.mesh import N_POINTS, REGIONS
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.posting import PHOTO
from web import create_app
from web.errors import ERRORS, FOR_PROGRAMS
from web.inference.service import Reader
from web.routes.api import OPTIONS
from web.routes.custom import MAX_BODY_BYTES as MAX_TEACH_BYTES
from web.routes.custom import PATH as TEACH
from web.routes.custom import Trainer
from web.uploads import (
    FIELD,
    FORM,
    MAX_BODY_BYTES,
    MAX_NEUTRAL,
    MAX_PHOTO_BYTES,
    MAX_PHOTOS,
    NEUTRAL,
)


class EasyReader(Reader):
    """Takes any bytes for a photo: a description can't say which bytes are one."""

    def read(self, content, picture=False, shift=()):
        return super().read(PHOTO, picture, shift)


APP = create_app(EasyReader(FakePredictor()))
APP.extensions["trainer"] = Trainer(command=("cat",))  # what learns has tests of its own
API = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@pytest.fixture(scope="module")
def document():
    return APP.test_client().get("/openapi.json").json


def test_the_document_is_openapi(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1.")


def test_the_page_describes_every_call_field_and_type(document):
    page = APP.test_client().get("/api").text
    ids, links = (re.findall(rf' {name}="(.*?)"', page) for name in ("id", "href"))
    for path, item in document["paths"].items():
        for verb, call in item.items():
            assert f'id="{call["operationId"]}"><code>{verb.upper()} {path}</code>' in page
            assert set(call["responses"]) <= set(re.findall(r'"row">(\d+)', page))
    schemas = document["components"]["schemas"]
    assert set(schemas) <= set(ids)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    for schema in schemas.values():
        for name in schema.get("properties", ()):
            assert f'<th scope="row">{name}' in page
    assert '<a href="/api">' in APP.test_client().get("/").text


def test_every_address_for_programs_is_described(document):
    rules = {rule.rule: rule.methods for rule in APP.url_map.iter_rules()}
    told = {path: {method.upper() for method in item} for path, item in document["paths"].items()}
    expected = {path for path in rules if path.startswith("/api/")} | set(FOR_PROGRAMS)
    assert set(told) == expected
    assert all(told[path] == rules[path] - {"HEAD", "OPTIONS"} for path in expected)


def test_the_limits_and_reasons_are_those_of_the_code(document):
    predict, teach = (document["paths"][path]["post"] for path in ("/api/predict", TEACH))
    form = predict["requestBody"]["content"][FORM]
    photos = form["schema"]["properties"][FIELD]
    schemas = document["components"]["schemas"]
    assert predict["requestBody"]["description"] == f"Up to {MAX_BODY_BYTES} bytes."
    assert teach["requestBody"]["description"] == f"Up to {MAX_TEACH_BYTES} bytes."
    assert f"up to {MAX_PHOTO_BYTES} bytes" in photos["description"]
    assert photos["maxItems"] == schemas["Predictions"]["properties"]["images"]["maxItems"]
    assert photos["maxItems"] == MAX_PHOTOS
    formats = [f"image/{name.lower()}" for name in PAGE_FORMATS]
    assert form["encoding"][FIELD]["contentType"] == ", ".join(formats)
    assert set(form["schema"]["properties"]) == {FIELD, NEUTRAL, *OPTIONS}
    assert form["schema"]["properties"][NEUTRAL]["maxItems"] == MAX_NEUTRAL
    assert schemas["ImageError"]["properties"]["reason"]["enum"] == list(ERRORS)
    face = schemas["FacePrediction"]["properties"]
    assert face["points"]["maxItems"] == N_POINTS
    assert list(face["explanation"]["properties"]) == list(REGIONS)
    told = {
        (status, reason)
        for status, response in predict["responses"].items()
        for reason in re.findall("`(.*?)`", response.get("description", ""))
    }
    assert told == {(str(ERRORS[r][0]), r) for r in ERRORS if r != "not-ready"}


def test_the_classes_are_those_of_the_model_that_answers():
    reader = Reader(FakePredictor())
    reader.manifest = reader.manifest | {"classes": ["smile", "frown"]}
    document = create_app(reader).test_client().get("/openapi.json").json
    schemas = document["components"]["schemas"]
    assert schemas["Expression"]["enum"] == ["smile", "frown"]
    assert schemas["Confidences"]["required"] == ["smile", "frown"]


@API.parametrize()
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_does_what_it_says(case):
    # A schema can't say that a dataset has as many points as labels, so good ones may be refused.
    excluded = [positive_data_acceptance] if case.path == TEACH else []
    case.call_and_validate(excluded_checks=excluded)
