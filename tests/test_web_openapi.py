"""The API's description: a valid document, and what a contract fuzzer finds the API to do."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.fake_predictor import FakePredictor
from tests.posting import PHOTO
from web import create_app
from web.reader import Reader


class EasyReader(Reader):
    """Takes any bytes for a photo: a description can't say which bytes are one."""

    def read(self, content, picture=False):
        return super().read(PHOTO, picture)


APP = create_app(EasyReader(FakePredictor()))
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
    case.call_and_validate()
