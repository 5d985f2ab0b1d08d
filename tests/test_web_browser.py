"""The photo page in a real browser: photos come in, predictions come out."""

from base64 import b64encode
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.helpers.browsing import NOTE, PHOTO, expect_answer, needs_chromium, photos
from tests.helpers.fake_predictor import CONFIDENCES, FakePredictor
from tests.helpers.processes import eventually
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
    return page.locator(".results h3 .file").all_text_contents()


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


def test_a_phone_opens_its_camera_and_a_desk_a_dialog(visit, address):
    desk = visit(address)
    expect(desk.locator("label", has_text="Take a photo")).to_be_hidden()
    expect(desk.get_by_role("button", name="Take a photo")).to_be_visible()
    expect(desk.get_by_text("or drop them anywhere")).to_be_visible()
    phone = visit(address, viewport=PHONE, has_touch=True, is_mobile=True)
    expect(phone.locator("#shoot")).to_be_hidden()
    expect(phone.locator("label", has_text="Take a photo")).to_be_visible()
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


def test_the_other_ways_to_read_say_what_they_are(visit, address):
    ways = visit(address).locator(".others a")
    hrefs = [way.get_attribute("href") for way in ways.all()]
    assert hrefs == ["/live", "/live#teach", "/live#photo"]
    expect(ways.locator("..").nth(2)).to_contain_text("nothing is sent")


def test_a_sample_is_one_click_away(visit, address):
    page = visit(address)
    page.get_by_role("button", name="Sample 1").click()
    expect_answer(page)
    assert names(page) == ["happy.webp"]


DROP = """([type, text]) => {
    const transfer = new DataTransfer();
    transfer.setData(type, text);
    document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true}));
}"""


@pytest.mark.parametrize("type", ["text/uri-list", "text/plain"])
def test_an_address_that_is_dropped_gets_a_sentence(visit, address, type):
    page = visit(address)
    page.evaluate(DROP, [type, "https://example.org/a.jpg"])
    expect(page.locator("#status")).to_contain_text("Mien opens no addresses")


def test_results_outlive_a_reload_and_a_visit_elsewhere_and_can_be_cleared(visit, address):
    page = visit(address)
    page.set_input_files("#photo", photos(2))
    expect_answer(page, 2)
    expect(page.get_by_role("heading", name="Results")).to_be_focused()
    eventually(lambda: page.evaluate("sessionStorage.getItem('results')"))
    for elsewhere in (address, f"{address}live"):
        page.goto(elsewhere)
        page.goto(address)
        expect_answer(page, 2)
    expect(page.locator("button.neutral").first).to_be_hidden()
    page.get_by_role("button", name="Clear").click()
    page.reload()
    expect(page.locator("#result")).to_be_hidden()


FULL = """() => {
    const set = Storage.prototype.setItem;
    let tries = 0;
    Storage.prototype.setItem = function (...entry) {
        if (tries++ === 0) throw new DOMException("full", "QuotaExceededError");
        set.apply(this, entry);
    };
}"""


def test_where_the_tab_has_little_room_smaller_pictures_are_kept(visit, address):
    page = visit(address)
    page.evaluate(FULL)
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    eventually(lambda: page.evaluate("sessionStorage.getItem('results')"))
    page.reload()
    expect_answer(page)
    assert page.locator("svg.photo image").evaluate(
        """async (image) => {
            const photo = new Image();
            photo.src = image.getAttribute("href");
            await photo.decode();
            return [photo.naturalWidth, photo.naturalHeight];
        }"""
    ) == [480, 480]


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
    titles = page.locator(".results h3").all_text_contents()
    assert [title.split()[0] for title in titles] == [
        "0.png", "1.png", "2.png", "note.txt", "astronaut.png",
    ]  # fmt: skip
    expect(page.get_by_role("heading", name="Results")).to_be_focused()
    expect(page.locator("details[open]")).to_have_count(0)


def test_many_photos_are_small_pictures_that_open_one_at_a_time(visit, address):
    page = visit(address, viewport={"width": 390, "height": 844})
    page.set_input_files("#photo", photos(12))
    expect_answer(page, 12)
    assert page.evaluate("document.documentElement.scrollHeight") < 12 * 150
    tiles = page.locator(".card > summary")
    expect(tiles.first).to_contain_text("happy 80\xa0%")
    tiles.nth(1).click()
    expect(page.get_by_role("heading", name="Happy 80.0 %")).to_have_count(1)
    tiles.nth(5).click()
    expect(page.locator(".card[open] h3")).to_contain_text("5.png")
    expect(page.locator(".card[open]")).to_have_count(1)


def test_photos_are_counted_and_filtered_by_what_they_show(visit, address):
    page = visit(address)
    page.set_input_files("#photo", [*photos(2), NOTE])
    expect_answer(page, 2)
    chips = page.locator(".filters button")
    expect(chips).to_have_text(["all 3", "happy 2", "not read 1"])
    chips.nth(2).click()
    expect(page.locator(".results > li:visible")).to_have_count(1)
    expect(chips.nth(2)).to_have_attribute("aria-pressed", "true")
    page.get_by_text("note.txt").first.click()
    expect(page.locator(".error")).to_contain_text("Save it again as JPEG, PNG or WebP")
    chips.first.click()
    expect(page.locator(".results > li:visible")).to_have_count(3)


class Shades(FakePredictor):
    """Takes dark photos for angry faces and light ones for happy ones, by how dark or light."""

    def predict(self, rgb):
        prediction = super().predict(rgb)
        light = float(rgb.mean()) / 255
        confidences = CONFIDENCES | {"happy": light, "angry": 1 - light}
        name = max(confidences, key=confidences.get)
        face = replace(prediction.faces[0], expression=name, confidences=confidences)
        return replace(prediction, faces=[face])


def shade(name, grey):
    file = BytesIO()
    Image.new("RGB", (64, 64), (grey,) * 3).save(file, "png")
    return PHOTO | {"name": name, "buffer": file.getvalue()}


def test_photos_are_sorted_and_keep_their_order_and_their_files(visit, serve):
    page = visit(serve(Shades()))
    chosen = [NOTE, shade("10.png", 250), shade("9.png", 10), shade("b.png", 160)]
    page.set_input_files("#photo", chosen)
    expect(page.get_by_role("status")).to_have_text("4 of 4 photos done.")
    order, shown = page.get_by_label("Sort"), page.locator(".results .card > summary .file")
    orders = {
        "by name": ["9.png", "10.png", "b.png", "note.txt"],
        "by expression": ["9.png", "10.png", "b.png", "note.txt"],
        "least certain first": ["b.png", "9.png", "10.png", "note.txt"],
        "as chosen": ["note.txt", "10.png", "9.png", "b.png"],
    }
    tile = page.locator(".card > summary", has_text="9.png")
    tile.focus()
    for label, names in orders.items():
        order.select_option(label=label)
        expect(shown).to_have_text(names)
        expect(tile).to_be_focused()
    order.select_option(label="least certain first")
    tile.click()
    page.get_by_role("button", name="This is the neutral face").click()
    expect(page.locator(".relative span")).to_have_text(
        "Read relative to the neutral face in 9.png."
    )
    expect(page.get_by_role("status")).to_have_text("4 of 4 photos done.")
    expect(shown.last).to_have_text("note.txt")
    eventually(lambda: page.evaluate("sessionStorage.getItem('results')"))
    page.reload()
    page.get_by_label("Sort").select_option(label="as chosen")
    expect(shown).to_have_text(orders["as chosen"])


def test_photos_are_read_relative_to_the_one_of_the_neutral_face(visit, address):
    page = visit(address)
    page.set_input_files("#photo", photos(2))
    expect_answer(page, 2)
    page.locator(".card > summary").first.click()
    page.get_by_role("button", name="This is the neutral face").click()
    # The fake predictor's faces are all alike, so that each is neutral now.
    expect(page.locator("figcaption strong")).to_have_count(2)
    expect(page.locator("figcaption strong").first).to_contain_text("neutral face in 0.png")
    expect(page.locator(".face td", has_text="62.0\xa0%")).to_have_count(2)
    page.get_by_role("button", name="Read without it").click()
    expect(page.locator("figcaption strong")).to_have_count(0)
    expect_answer(page, 2)


def test_neutral_photos_of_the_form_are_used_without_scripts(visit, address):
    page = visit(address, java_script_enabled=False)
    page.set_input_files("#photo", PHOTO)
    page.set_input_files("#neutral", PHOTO | {"name": "rest.png"})
    page.get_by_role("button", name="Read").click()
    expect(page.locator("figcaption strong")).to_contain_text("neutral face in rest.png")


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
    assert len(asked) == 20


# Photos that are not read


@pytest.fixture
def heavy(tmp_path):
    """A file one byte too large; by its path, since Playwright takes seconds for the bytes."""
    file = tmp_path / "heavy.jpg"
    file.write_bytes(bytes(MAX_PHOTO_BYTES + 1))
    return file


def test_what_the_browser_can_not_open_either_is_refused(visit, address, heavy):
    page = visit(address)
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.set_input_files("#photo", heavy)
    expect(page.get_by_role("alert")).to_contain_text("larger than 8 MB")
    assert "POST" not in sent
    page.set_input_files("#photo", HEIC)
    expect(page.get_by_role("alert")).to_contain_text("IMG_1.HEIC was not read")
    expect(page.get_by_role("alert")).to_contain_text("Save it as JPEG")


def image_of(form, size=(80, 60), mode="RGB"):
    buffer = BytesIO()
    Image.new(mode, size).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "size", "made"),
    [
        ("GIF", (80, 60), "80 \N{MULTIPLICATION SIGN} 60"),
        ("AVIF", (80, 60), "80 \N{MULTIPLICATION SIGN} 60"),
        ("PNG", (7000, 4000), "4096 \N{MULTIPLICATION SIGN} 2341"),
    ],
)
def test_what_the_server_refuses_becomes_a_jpeg_in_the_browser(visit, address, form, size, made):
    page = visit(address)
    mime = f"image/{form.lower()}"
    content = image_of(form, size, "1" if form == "PNG" else "RGB")
    page.set_input_files("#photo", {"name": "p", "mimeType": mime, "buffer": content})
    expect_answer(page)
    expect(page.locator("figcaption")).to_contain_text(f"made a JPEG of {made} pixels")


def test_a_photo_above_8_mb_becomes_a_jpeg_in_the_browser(visit, address, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (1700, 1700, 3), dtype=np.uint8)
    file = tmp_path / "noise.png"
    Image.fromarray(noise).save(file, compress_level=0)
    assert file.stat().st_size > MAX_PHOTO_BYTES
    page = visit(address)
    page.set_input_files("#photo", file)
    expect_answer(page)
    expect(page.locator("figcaption")).to_contain_text(
        "made a JPEG of 1700 \N{MULTIPLICATION SIGN} 1700"
    )


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
    card.locator(".why summary").focus()
    expect(box).to_contain_class("lit")
    box.focus()
    expect(card).to_contain_class("lit")
    expect(lit).to_have_count(2)


def test_a_crowd_is_a_grid_of_faces_that_open(visit, serve):
    page = visit(serve(FakePredictor(n_faces=12)))
    page.set_input_files("#photo", PHOTO)
    cards = page.locator("details.face")
    expect(cards).to_have_count(12)
    expect(page.locator("details.face[open]")).to_have_count(0)
    expect(cards.nth(2)).to_contain_text("Face 3 happy 80\xa0%")
    label = page.locator("svg.photo text").nth(2)
    rest = label.locator("tspan")
    expect(rest).to_be_hidden()  # there is no room for more than its number
    page.locator("a.found .box:not(.shade)").nth(2).click()
    expect(cards.nth(2).locator(".bars")).to_be_visible()
    cards.nth(2).hover()
    expect(rest).to_be_visible()


def test_shipped_model_reads_the_portrait(visit, serve):
    page = visit(serve())
    page.set_input_files("#photo", PHOTO)
    expect(page.locator("h4")).to_contain_text("Happy")
    box = page.locator("svg.photo .box:not(.shade)")
    assert 100 < float(box.get_attribute("x")) < 230
    expect(page.locator("svg.photo text")).to_contain_text("happy")
    mesh = page.locator("svg.photo path.edges")
    expect(mesh).to_be_hidden()
    page.get_by_label("Mesh").check()
    expect(mesh).to_be_visible()
    expect(page.locator(".tight-crop .region")).to_have_count(5)
