"""The API's description: a valid document, and what a contract fuzzer finds the API to do."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.fake_predictor import FakePredictor
from tests.posting import PHOTO
from web import create_app
from web.problems import FOR_PROGRAMS
from web.reader import Reader
from web.teach import PATH as TEACH
from web.teach import Teacher


class EasyReader(Reader):
    """Takes any bytes for a photo: a description can't say which bytes are one."""

    def read(self, content, picture=False):
        return super().read(PHOTO, picture)


APP = create_app(EasyReader(FakePredictor()))
APP.extensions["teacher"] = Teacher(command=("cat",))  # what learns has tests of its own
API = schemathesis.openapi.from_wsgi("/openapi.json", APP)


@pytest.fixture(scope="module")
def document():
    return APP.test_client().get("/openapi.json").json


def test_the_document_is_openapi(document):
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1.")


def test_every_address_for_programs_is_described(document):
    rules = {rule.rule: rule.methods for rule in APP.url_map.iter_rules()}
    told = {path: {method.upper() for method in item} for path, item in document["paths"].items()}
    expected = {path for path in rules if path.startswith("/api/")} | set(FOR_PROGRAMS)
    assert set(told) == expected
    assert all(told[path] == rules[path] - {"HEAD", "OPTIONS"} for path in expected)


@API.parametrize()
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_api_does_what_it_says(case):
    # A schema can't say that a lesson has as many points as labels, so good ones may be refused.
    excluded = [positive_data_acceptance] if case.path == TEACH else []
    case.call_and_validate(excluded_checks=excluded)
