"""What other sites' pages can't do here, and what every answer tells the browser to forbid."""

import re
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import web
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.posting import PHOTO, post
from tests.helpers.refusing import Refusing
from web import create_app
from web.inference.service import Reader
from web.security import FILES, FORBIDDEN, LOOSER

STATIC = Path(web.__file__).parent / "static"


class Broken(FakePredictor):
    """Fails at every photo."""

    def predict(self, rgb):
        raise RuntimeError


def client_of(reader=None, **options):
    return create_app(reader or Reader(FakePredictor()), **options).test_client()


@pytest.fixture(scope="module")
def client():
    return client_of()


def directives(response):
    """Return directive -> its sources."""
    rules = response.headers["Content-Security-Policy"].split(";")
    return {name: rest for name, *rest in (rule.split() for rule in rules)}


def assert_guarded(response, scripts=("'self'",), camera="()"):
    """Check everything that an answer has to forbid."""
    assert directives(response) == {
        "default-src": ["'none'"],
        "script-src": list(scripts),
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    for name, value in expected.items():
        assert response.headers.getlist(name) == [value]
    features = dict(part.split("=") for part in response.headers["Permissions-Policy"].split(", "))
    assert features == {"camera": camera, **dict.fromkeys(FORBIDDEN, "()")}
    assert "Set-Cookie" not in response.headers
    assert "Access-Control-Allow-Origin" not in response.headers


ROUTES = [rule for rule in client_of().application.url_map.iter_rules() if not rule.arguments]


@pytest.mark.parametrize("rule", ROUTES, ids=lambda rule: rule.endpoint)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
def test_every_route_s_answer_is_guarded_and_kept_out_of_caches(client, rule, method):
    response = client.open(rule.rule, method=method)
    answered = method in rule.methods
    scripts = ["'self'", *LOOSER.get(rule.endpoint, "").split()] if answered else ["'self'"]
    sees = rule.rule in ("/", "/live") and method in ("GET", "HEAD", "OPTIONS")
    camera = "(self)" if sees else "()"
    assert_guarded(response, scripts, camera)
    is_file = answered and rule.endpoint in FILES
    assert response.headers["Cache-Control"] == ("no-cache" if is_file else "no-store")


def test_only_the_live_tab_and_its_worker_have_looser_rules():
    assert LOOSER == {"live": " 'wasm-unsafe-eval'", "mesh_worker": " 'unsafe-eval'"}


FAULTS = {
    "no address": (None, "GET", "/nothing", {}),
    "no address of the API": (None, "GET", "/api/nothing", {}),
    "no file": (None, "GET", "/static/nothing.js", {}),
    "no vendor's file": (None, "GET", "/vendor/nothing.js", {}),
    "path out of static": (None, "GET", "/static/../server.py", {}),
    "method": (None, "PUT", "/", {}),
    "no photo": (None, "POST", "/", {}),
    "no photo in the API": (None, "POST", "/api/predict", {}),
    "cross site": (None, "POST", "/", {"Origin": "null"}),
    "cross site in the API": (None, "POST", "/api/predict", {"Origin": "null"}),
    "host": (None, "GET", "/", {"Host": "evil.example"}),
    "host in the API": (None, "GET", "/healthz", {"Host": "evil.example"}),
    "not ready": (Refusing("busy"), "GET", "/readyz", {}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_error_is_guarded_and_kept_out_of_caches(client, fault):
    reader, method, path, headers = FAULTS[fault]
    asked = client if reader is None else client_of(reader)
    response = asked.open(path, method=method, headers=headers)
    assert response.status_code >= 400
    assert_guarded(response)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/api/predict"])
@pytest.mark.parametrize(
    ("reader", "content", "status"),
    [
        (Reader(FakePredictor()), PHOTO, 200),
        (Reader(FakePredictor()), b"no photo", 415),
        (Reader(FakePredictor(n_faces=0)), PHOTO, 422),
        (Reader(Broken()), PHOTO, 500),
        (Refusing("busy"), PHOTO, 503),
    ],
)
def test_every_answer_to_a_photo_is_guarded_and_kept_out_of_caches(path, reader, content, status):
    response = post(client_of(reader), content, path=path)
    assert response.status_code == status
    assert_guarded(response)
    assert response.headers["Cache-Control"] == "no-store"


def test_files_that_are_the_same_for_everyone_are_asked_for_but_not_sent_again(client):
    first = client.get("/static/page.css")
    assert_guarded(first)
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/static/page.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert_guarded(again)


def test_pages_hold_no_code_and_no_style_of_their_own(client):
    forbidden = r"<script(?![^>]*(\bsrc=|type=\"application/json\"))|\sstyle=|\son\w+=|<style"
    for response in (client.get("/"), client.get("/live"), post(client)):
        assert response.status_code == 200
        assert not re.search(forbidden, response.text)
        assert not re.search(r"(src|href|action)=\"(https?:)?//", response.text)


def test_scripts_are_sent_as_scripts(client):
    for path in sorted(STATIC.rglob("*.js")):
        response = client.get(f"/static/{path.relative_to(STATIC)}")
        assert response.mimetype == "text/javascript"


# Who may post: Origin, Sec-Fetch-Site and Host

OWN = [
    ("localhost", {}),  # as curl sends it
    ("localhost", {"Origin": "http://localhost"}),
    ("localhost:80", {"Origin": "http://localhost"}),
    ("localhost:5000", {"Origin": "http://localhost:5000"}),
    ("127.0.0.1:5000", {"Origin": "http://127.0.0.1:5000", "Sec-Fetch-Site": "same-origin"}),
    ("[::1]:5000", {"Origin": "http://[::1]:5000"}),
    ("[::1]", {"Origin": "http://[::1]"}),
    ("localhost", {"Origin": "https://localhost"}),  # something in front speaks TLS
    ("localhost", {"Sec-Fetch-Site": "none"}),
]

FOREIGN = [
    ("localhost", {"Origin": "null"}),
    ("localhost", {"Origin": ""}),
    ("localhost", {"Origin": "https://evil.example"}),
    ("localhost", {"Origin": "http://localhost.evil.example"}),
    ("localhost", {"Origin": "http://evil.example/localhost"}),
    ("localhost", {"Origin": "http://localhost@evil.example"}),
    ("localhost", {"Origin": "http://evil.example@localhost"}),
    ("localhost", {"Origin": "file://localhost"}),
    ("localhost", {"Origin": "localhost"}),
    ("localhost", {"Origin": "http://localhost, http://evil.example"}),
    ("localhost:5000", {"Origin": "http://localhost"}),
    ("localhost:5000", {"Origin": "http://localhost:8000"}),
    ("localhost:5000", {"Origin": "http://127.0.0.1:5000"}),
    ("[::1]:5000", {"Origin": "http://[::1]:5001"}),
    ("localhost", {"Sec-Fetch-Site": "cross-site"}),
    ("localhost", {"Sec-Fetch-Site": "same-site"}),
    ("localhost", {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"}),
    ("localhost", {"Origin": "null", "Sec-Fetch-Site": "same-origin"}),
]


def sent(client, path, host, headers):
    data = {"image": (BytesIO(PHOTO), "me.png")}
    return client.post(path, data=data, headers={"Host": host, **headers})


@pytest.mark.parametrize("path", ["/", "/api/predict"])
@pytest.mark.parametrize(("host", "headers"), OWN)
def test_own_pages_and_programs_may_post(client, path, host, headers):
    assert sent(client, path, host, headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/predict"])
@pytest.mark.parametrize(("host", "headers"), FOREIGN)
def test_other_sites_pages_may_not_post(client, path, host, headers):
    response = sent(client, path, host, headers)
    assert response.status_code == 403
    assert "another site" in response.text
    kind = "text/html" if path == "/" else "application/problem+json"
    assert response.mimetype == kind


@pytest.mark.parametrize("path", ["/", "/static/page.css", "/api/models"])
def test_a_link_from_another_site_may_be_followed(client, path):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.get(path, headers=headers).status_code == 200


def test_a_preflight_allows_nothing(client):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    response = client.options("/api/predict", headers=headers)
    assert not [name for name in dict(response.headers) if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:5000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"],
)
def test_the_machine_s_own_names_are_answered(client, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:5000",
        "localhost.evil.example",
        "evil.localhost",
        "localhost.",
        "evil@localhost",
        "localhost@evil",
        "127.0.0.2",
        "192.168.0.7:5000",
        "0.0.0.0",
        "::1",
        "[::2]",
        "[::1",
        "[::1].evil.example",
        "localhost:5000:5000",
        "localhost:x",
        "localhost evil",
        "localhost/evil",
        "localhost,evil.example",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", "/static/page.css", "/api/predict", "/healthz"])
def test_every_other_name_is_refused(client, path, host):
    for method in ("GET", "POST"):
        response = client.open(path, method=method, headers={"Host": host})
        assert response.status_code == 400
        assert "this name" in response.text


@pytest.mark.parametrize("given", ["::1", "[::1]", "Mien.Example", "10.0.0.7"])
def test_the_owner_says_which_names_are_answered(given):
    client = client_of(hosts=[given])
    host = f"[{given}]" if given == "::1" else given
    assert client.get("/healthz", headers={"Host": f"{host}:5000"}).status_code == 200
    assert client.get("/healthz", headers={"Host": "localhost"}).status_code == 400


def test_no_name_at_all_means_no_one():
    client = client_of(hosts=[])
    for host in ("localhost", "", "evil.example"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 400


# Addresses are never input


@pytest.mark.parametrize("field", ["image", "url", "path"])
@pytest.mark.parametrize("value", ["/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x.png"])
def test_a_path_or_an_address_is_no_photo(client, field, value):
    response = client.post(
        f"/api/predict?{field}={value}", data={field: value}, content_type="multipart/form-data"
    )
    assert (response.status_code, response.json["reason"]) == (400, "missing")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static//etc/passwd",
        "/vendor/../server.py",
    ],
)
def test_no_file_outside_is_served(client, path):
    assert client.get(path, follow_redirects=True).status_code == 404


@pytest.mark.parametrize("path", ["//evil.example/", "/static//evil.example", "/\\evil.example"])
def test_no_address_leads_to_another_site(client, path):
    location = client.get(path).headers.get("Location", "")
    assert urlsplit(location).netloc in ("", "localhost")
