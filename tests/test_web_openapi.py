"""The API's description: a valid document, and what a contract fuzzer finds the API to do."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from landmarks.images import PAGE_FORMATS
from tests.fake_predictor import FakePredictor
from tests.posting import PHOTO
from web import create_app
from web.reader import Reader
from web.uploads import FIELD

APP = create_app(Reader(FakePredictor()))
for name in PAGE_FORMATS:
    # What a file holds tells its format; the part's media type is not looked at.
    schemathesis.openapi.media_type(f"image/{name.lower()}", st.just(PHOTO))
API = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@pytest.fixture(scope="module")
def document():
    return APP.test_client().get("/openapi.json").json


def test_the_document_is_openapi(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1.")


@API.parametrize()
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_does_what_it_says(case):
    if isinstance(case.body, dict) and isinstance(case.body.get(FIELD), bytes):
        # A registered strategy stands for the whole list; only a list's items are sent as files.
        case.body[FIELD] = [case.body[FIELD]]
    case.call_and_validate()
