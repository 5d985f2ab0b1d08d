"""A page of another site, in a real browser, against a Mien on the visitor's own machine."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import pytest
from playwright.sync_api import sync_playwright

from tests.helpers.browsing import ARGUMENTS, CHROMIUM, needs_chromium

pytestmark = needs_chromium

REBOUND = "rebound.test"
"""A name of the attacker's, which leads to the visitor's machine."""

POST_FORM = """target => {
    const form = Object.assign(document.createElement("form"),
        {method: "post", enctype: "multipart/form-data", action: target});
    document.body.append(form);
    form.submit();
}"""
POST_BLINDLY = """target => {
    const body = new FormData();
    body.append("image", new Blob(["x"]), "x.png");
    return fetch(target, {method: "POST", mode: "no-cors", body}).then((r) => r.type, String);
}"""
READ = "target => fetch(target).then((r) => r.text(), (error) => error.name)"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rules])
        yield browser
        browser.close()


class Attacker(BaseHTTPRequestHandler):
    """Serves an empty page without any rules."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def port():
    """Return the port of the attacker's server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Attacker)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["127.0.0.1", "localhost", REBOUND])
def foreign(request, browser, port):
    """Return an attacker's page: of the same site on another port, and of two others."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{request.param}:{port}/")
    yield page
    context.close()


def refused(address):
    """Return how many requests of other sites' pages the server has refused."""
    with urlopen(f"{address}metrics") as response:
        found = re.search(rb'mien_errors_total{reason="cross-site"} (\S+)', response.read())
    return float(found[1]) if found else 0


def test_it_can_not_post_a_form(foreign, address):
    with foreign.expect_navigation() as navigation:
        foreign.evaluate(POST_FORM, address)
    assert navigation.value.status == 403
    assert "another site" in foreign.inner_text("main")


def test_it_can_not_have_a_photo_read_or_see_an_answer(foreign, address):
    before = refused(address)
    assert foreign.evaluate(POST_BLINDLY, f"{address}api/predict") == "TypeError: Failed to fetch"
    assert refused(address) == before + 1
    assert foreign.evaluate(READ, f"{address}healthz") == "TypeError"


def test_it_can_not_frame_the_page(foreign, address):
    foreign.set_content(f'<iframe src="{address}"></iframe>')
    frame = foreign.frames[1]
    frame.wait_for_load_state()
    assert frame.query_selector("main") is None


def test_a_name_that_leads_here_is_not_answered(browser, address):
    context = browser.new_context()
    response = context.new_page().goto(address.replace("127.0.0.1", REBOUND))
    assert response.status == 400
    assert "does not answer to this name" in response.text()
    context.close()
