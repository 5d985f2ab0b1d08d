"""The photo page in a real browser: photos come in, predictions come out."""

from base64 import b64encode

import pytest
from playwright.sync_api import expect

from tests.helpers.browsing import NOTE, PHOTO, expect_answer, needs_chromium, photos
from tests.helpers.fake_predictor import FakePredictor
from web.uploads import MAX_PHOTO_BYTES

pytestmark = needs_chromium

PHONE = {"width": 320, "height": 640}
HEIC = {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": b"\0\0\0\x18ftypheic" + bytes(9)}

TRANSFER = """encoded => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    for (const name of ["astronaut.png", "again.png"]) {
        transfer.items.add(new File([bytes], name, {type: "image/png"}));
    }
    return transfer;
}"""


def transfer(page):
    return page.evaluate_handle(TRANSFER, b64encode(PHOTO["buffer"]).decode())


def names(page):
    return page.locator(".results h3 .file").all_inner_texts()


# Ways to bring a photo


def test_chosen_photo_is_read_at_once(visit, address):
    page = visit(address)
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    assert page.url == address
    assert "Results" in page.title()
    assert names(page) == ["astronaut.png"]
    expect(page.get_by_role("status")).to_be_empty()


def test_dropped_photos_are_read(visit, address):
    page = visit(address)
    page.dispatch_event("body", "dragover", {"dataTransfer": transfer(page)})
    expect(page.locator("form.over")).to_have_count(1)
    page.dispatch_event("body", "drop", {"dataTransfer": transfer(page)})
    expect_answer(page, 2)
    expect(page.locator("form.over")).to_have_count(0)
    assert names(page) == ["astronaut.png", "again.png"]


def test_pasted_photo_is_read(visit, address):
    page = visit(address)
    page.evaluate(
        "data => document.body.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true}))",
        transfer(page),
    )
    expect_answer(page, 2)


def test_a_phone_offers_its_camera_and_no_desk_does(visit, address):
    desk = visit(address)
    expect(desk.get_by_text("Take a photo")).to_be_hidden()
    expect(desk.get_by_text("or drop them anywhere")).to_be_visible()
    phone = visit(address, viewport=PHONE, has_touch=True, is_mobile=True)
    expect(phone.get_by_text("Take a photo")).to_be_visible()
    expect(phone.get_by_text("or drop them anywhere")).to_be_hidden()
    assert phone.locator("#camera").get_attribute("capture") == "user"
    phone.set_input_files("#camera", PHOTO)
    expect_answer(phone)


def test_second_photo_replaces_the_first_even_the_same_file(visit, address):
    page = visit(address)
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    page.set_input_files("#photo", NOTE)
    expect(page.get_by_role("alert")).to_be_visible()
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_way_to_reading_on_this_device_is_marked(visit, address):
    link = visit(address).get_by_role("link", name="Read on this device instead: nothing is sent")
    assert link.get_attribute("href") == "/live#photo"


# Many photos


def test_many_photos_are_posted_one_by_one_two_at_a_time_and_shown_in_order(visit, address):
    page = visit(address)
    at_once, most = [], []

    def start(request):
        if request.method == "POST":
            at_once.append(request)
            most.append(len(at_once))

    page.on("request", start)
    page.on("requestfinished", lambda request: request in at_once and at_once.remove(request))
    page.set_input_files("#photo", [*photos(3), NOTE, PHOTO])
    expect_answer(page, 4)
    expect(page.get_by_role("status")).to_have_text("5 of 5 photos done.")
    assert len(most) == 5
    assert max(most) == 2
    titles = page.locator(".results h3").all_inner_texts()
    assert [title.split()[0] for title in titles] == [
        "0.png", "1.png", "2.png", "note.txt", "astronaut.png",
    ]  # fmt: skip
    expect(page.get_by_role("alert")).to_contain_text("Save it again as JPEG, PNG or WebP")
    expect(page.get_by_role("heading", name="Results")).to_be_focused()
    expect(page.locator("details[open]")).to_have_count(0)


def test_a_busy_server_is_asked_again_after_the_time_it_names(visit, address):
    page = visit(address)
    asked = []

    def answer(route):
        asked.append(route)
        busy = len(asked) < 3
        route.fulfill(status=503, headers={"Retry-After": "0.1"}) if busy else route.continue_()

    page.route(lambda url: url == address, answer)
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    assert len(asked) == 3


def test_a_server_that_stays_busy_is_left_alone(visit, address):
    page = visit(address)
    asked = []

    def answer(route):
        asked.append(route)
        route.fulfill(status=503, headers={"Retry-After": "0.01"})

    page.route(lambda url: url == address, answer)
    page.set_input_files("#photo", PHOTO)
    expect(page.get_by_role("alert")).to_contain_text("status 503")
    assert len(asked) == 6


# Photos that are not read


@pytest.fixture
def heavy(tmp_path):
    """A file one byte too large; by its path, since Playwright takes seconds for the bytes."""
    file = tmp_path / "heavy.jpg"
    file.write_bytes(bytes(MAX_PHOTO_BYTES + 1))
    return file


def test_too_large_a_file_and_heic_are_refused_before_they_are_sent(visit, address, heavy):
    page = visit(address)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#photo", heavy)
    expect(page.get_by_role("alert")).to_contain_text("larger than 8 MB")
    page.set_input_files("#photo", HEIC)
    expect(page.get_by_role("alert")).to_contain_text("IMG_1.HEIC was not read")
    expect(page.get_by_role("alert")).to_contain_text("Save it as JPEG")
    assert "POST" not in sent


def test_too_large_a_file_is_refused_without_scripts(visit, address, heavy):
    page = visit(address, java_script_enabled=False)
    page.set_input_files("#photo", heavy)
    page.get_by_role("button", name="Read").click()
    expect(page.get_by_role("alert")).to_contain_text("larger than 8 MB")


def test_photo_without_a_face_says_what_to_try(visit, serve):
    page = visit(serve(FakePredictor(n_faces=0)))
    page.set_input_files("#photo", PHOTO)
    expect(page.get_by_role("alert")).to_contain_text("No face was found")
    expect(page.get_by_role("heading", name="astronaut.png was not read")).to_be_focused()


def test_unreachable_server_says_so(visit, address):
    page = visit(address)
    page.route("**/*", lambda route: route.abort())
    page.set_input_files("#photo", PHOTO)
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")


# Faces and their boxes


def test_a_face_and_its_box_light_up_together(visit, address_of_two):
    page = visit(address_of_two)
    page.set_input_files("#photo", PHOTO)
    card = page.locator("article.face").nth(1)
    box = page.locator("a.found").nth(1)
    lit = page.locator(".lit")
    expect(page.get_by_role("link", name="Face 2: Uncertain: happy or neutral")).to_have_count(1)
    card.hover()
    expect(box).to_contain_class("lit")
    expect(lit).to_have_count(2)
    page.locator("header").hover()
    expect(lit).to_have_count(0)
    box.locator(".box").last.hover()
    expect(card).to_contain_class("lit")
    page.locator("header").hover()
    card.locator("summary").focus()
    expect(box).to_contain_class("lit")
    box.focus()
    expect(card).to_contain_class("lit")
    expect(lit).to_have_count(2)


def test_shipped_model_reads_the_portrait(visit, serve):
    page = visit(serve())
    page.set_input_files("#photo", PHOTO)
    expect(page.locator("h4")).to_contain_text("Happy")
    box = page.locator("svg.photo .box:not(.shade)")
    assert 100 < float(box.get_attribute("x")) < 230
    expect(page.locator("svg.photo path.edges")).to_have_count(1)
    expect(page.locator(".tight-crop .region")).to_have_count(5)
