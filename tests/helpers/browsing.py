"""The page's tests share a browser, Debian's chromium driven by Playwright, and a server for it."""

import shutil
import threading

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.posting import PORTRAIT
from web import create_app
from web.inference.service import Reader
from web.server import make_server

PHOTO = {"name": "astronaut.png", "mimeType": "image/png", "buffer": PORTRAIT}
NOTE = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"}
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip

expect.set_options(timeout=20_000)  # a machine may be busy

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium: apt-get install chromium"
)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def serve():
    servers = []

    def start(predictor=None):
        reader = Reader(predictor) if predictor else None
        server = make_server(create_app(reader), "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.run, daemon=True).start()
        return f"http://127.0.0.1:{server.effective_port}/"

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def address(serve):
    return serve(FakePredictor())


@pytest.fixture(scope="module")
def address_of_two(serve):
    """A server that finds two faces in every photo."""
    return serve(FakePredictor(n_faces=2, uncertain=True))


@pytest.fixture
def visit(browser):
    """Return a function that opens a page; afterwards no script or policy error was reported."""
    contexts, complaints = [], []

    def open_page(address, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    complaints = [line for line in complaints if "Failed to load resource" not in line]
    assert not complaints, complaints


def photos(count):
    return [PHOTO | {"name": f"{number}.png"} for number in range(count)]


def expect_answer(page, count=1):
    """Expect so many photos of one happy face, be they open or folded among others."""
    expect(page.locator('.card[data-kinds="happy"]')).to_have_count(count)
    expect(page.locator(".face h4", has_text="Happy 80.0\xa0%")).to_have_count(count)
    expect(page.locator(".bars tr")).to_have_count(7 * count)
    expect(page.locator("svg.photo .box:not(.shade)")).to_have_count(count)
