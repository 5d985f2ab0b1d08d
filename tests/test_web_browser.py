"""The page in a real browser: Debian's chromium, driven by Playwright."""

import shutil
import threading
from base64 import b64encode

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.fake_predictor import FakePredictor
from tests.posting import PORTRAIT
from web import create_app
from web.reader import Reader
from web.serve import make_server
from web.uploads import MAX_PHOTO_BYTES

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}

expect.set_options(timeout=20_000)  # a machine may be busy

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")


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
        server = make_server(create_app(Reader(predictor)), "127.0.0.1", 0)
        servers.append(server)
        threading.Thread(target=server.run, daemon=True).start()
        return f"http://127.0.0.1:{server.effective_port}/"

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def address(serve):
    return serve(FakePredictor())


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
    assert [line for line in complaints if "Failed to load resource" not in line] == []


PHOTO = {"name": "astronaut.png", "mimeType": "image/png", "buffer": PORTRAIT}
NOTE = {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"}

TRANSFER = """encoded => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], "astronaut.png", {type: "image/png"}));
    return transfer;
}"""


def transfer(page):
    return page.evaluate_handle(TRANSFER, b64encode(PHOTO["buffer"]).decode())


def expect_answer(page):
    expect(page.get_by_role("heading", name="Happy 80.0 %")).to_be_visible()
    expect(page.locator(".bars tr")).to_have_count(7)
    expect(page.locator("svg.photo .box:not(.shade)")).to_have_count(1)


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_chosen_photo_is_read_at_once(visit, address):
    page = visit(address)
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    assert page.url == address
    assert "Reading" in page.title()
    expect(page.get_by_text("astronaut.png")).to_be_visible()
    expect(page.get_by_role("status")).to_be_empty()


def test_dropped_photo_is_read(visit, address):
    page = visit(address)
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer(page)})
    expect(page.locator("form.over")).to_have_count(1)
    page.dispatch_event("body", "drop", {"dataTransfer": transfer(page)})
    expect_answer(page)
    expect(page.locator("form.over")).to_have_count(0)


def test_pasted_photo_is_read(visit, address):
    page = visit(address)
    page.evaluate(
        "data => document.body.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true}))",
        transfer(page),
    )
    expect_answer(page)


def test_second_photo_replaces_the_first_even_the_same_file(visit, address):
    page = visit(address)
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    page.set_input_files("#photo", NOTE)
    expect(page.get_by_role("alert")).to_be_visible()
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_page_works_without_scripts(visit, address):
    page = visit(address, java_script_enabled=False)
    expect(page.get_by_text("or drop one anywhere")).to_be_hidden()
    page.get_by_label("Choose a photo").set_input_files(PHOTO)
    page.get_by_role("button", name="Read the expression").click()
    expect_answer(page)
    page.get_by_label("Choose a photo").set_input_files(NOTE)
    page.get_by_role("button", name="Read the expression").click()
    expect(page.get_by_role("alert")).to_contain_text("Save it again as JPEG, PNG or WebP")


def test_keyboard_alone_reaches_and_opens_everything(visit, address):
    page = visit(address)
    page.on("filechooser", lambda chooser: chooser.set_files(PHOTO))  # before a key can open one
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the result")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the result")).to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#photo")).to_be_focused()
    outline = "getComputedStyle(document.querySelector('form strong')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    expect_answer(page)
    expect(page.get_by_role("heading", name="One face found")).to_be_focused()


def test_keyboard_alone_without_scripts(visit, address):
    page = visit(address, java_script_enabled=False)
    for _ in range(3):
        page.keyboard.press("Tab")
    expect(page.locator("#photo")).to_be_focused()
    page.set_input_files("#photo", PHOTO)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_answer(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_phone_needs_no_sideways_scroll(visit, address, scripts):
    page = visit(address, viewport=PHONE, has_touch=True, java_script_enabled=scripts)
    assert fits(page)
    page.set_input_files("#photo", PHOTO | {"name": 60 * "long" + ".png"})
    if not scripts:
        page.get_by_role("button", name="Read").click()
    expect_answer(page)
    assert fits(page)
    width = page.locator("svg.photo").bounding_box()["width"]
    assert 300 < width <= PHONE["width"]


def test_too_large_a_file_is_refused_before_it_is_sent(visit, address):
    page = visit(address)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#photo", PHOTO | {"buffer": bytes(MAX_PHOTO_BYTES + 1)})
    expect(page.get_by_role("alert")).to_contain_text("larger than 8 MB")
    assert "POST" not in sent


def test_too_large_a_file_is_refused_without_scripts(visit, address):
    page = visit(address, java_script_enabled=False)
    page.set_input_files("#photo", PHOTO | {"buffer": bytes(2 * MAX_PHOTO_BYTES)})
    page.get_by_role("button", name="Read").click()
    expect(page.get_by_role("alert")).to_contain_text("larger than 8 MB")


def test_photo_without_a_face_says_what_to_try(visit, serve):
    page = visit(serve(FakePredictor(n_faces=0)))
    page.set_input_files("#photo", PHOTO)
    expect(page.get_by_role("alert")).to_contain_text("No face was found")
    expect(page.get_by_role("heading", name="That photo was not read")).to_be_focused()


def test_unreachable_server_says_so(visit, address):
    page = visit(address)
    page.route("**/*", lambda route: route.abort())
    page.set_input_files("#photo", PHOTO)
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")


def test_dark_scheme_changes_the_paper(visit, address):
    colours = {
        scheme: visit(address, color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert colours["light"] != colours["dark"]


def test_shipped_model_reads_the_portrait(visit, serve):
    page = visit(serve())
    page.set_input_files("#photo", PHOTO)
    expect(page.locator("h3")).to_contain_text("Happy")
    box = page.locator("svg.photo .box:not(.shade)")
    assert 100 < float(box.get_attribute("x")) < 230
    expect(page.locator("svg.photo path.edges")).to_have_count(1)
    expect(page.locator(".close-up .region")).to_have_count(5)
