"""The photo page is everybody's: no scripts, a keyboard, a phone, dark, still, loud colours."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.helpers.browsing import NOTE, PHOTO, expect_answer, needs_chromium, photos
from tests.helpers.fake_predictor import FakePredictor

pytestmark = needs_chromium

PHONE = {"width": 320, "height": 640}


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_page_works_without_scripts(visit, address):
    page = visit(address, java_script_enabled=False)
    expect(page.get_by_text("or drop them anywhere")).to_be_hidden()
    page.get_by_label("Choose photos").set_input_files([PHOTO, NOTE])
    page.get_by_role("button", name="Read the expressions").click()
    expect_answer(page)
    expect(page.locator(".card")).to_have_count(2)
    page.get_by_text("note.txt").first.click()
    expect(page.get_by_text("Save it again as JPEG, PNG or WebP")).to_be_visible()
    page.get_by_text("astronaut.png").first.click()
    expect(page.get_by_text("Save it again as JPEG, PNG or WebP")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy JSON")).to_have_count(0)
    page.locator(".why summary").click()
    expect(page.get_by_text("mouth")).to_be_visible()


@pytest.mark.parametrize("path", ["", "live"])
def test_without_scripts_every_control_that_is_shown_works(visit, address, path):
    page = visit(address + path, java_script_enabled=False)
    shown = [each.inner_text() for each in page.locator("button:visible").all()]
    assert shown == ([] if path else ["Read the expressions"])


def test_a_wrong_address_leads_back(visit, address):
    page = visit(f"{address}nothing")
    page.get_by_role("link", name="To the first page").click()
    assert page.url == address


def test_keyboard_alone_reaches_and_opens_everything(visit, address):
    page = visit(address)
    page.on("filechooser", lambda chooser: chooser.set_files(PHOTO))  # before a key can open one
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    for name in ("Mien", "Photos", "Live"):
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#photo")).to_be_focused()
    outline = "getComputedStyle(document.querySelector('.way label')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    expect_answer(page)
    expect(page.get_by_role("heading", name="astronaut.png one face")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("a.found")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Mesh")).to_be_focused()
    with page.expect_download() as download:
        for name in ("Copy JSON", "Save PNG", "Save CSV"):
            page.keyboard.press("Tab")
            expect(page.get_by_role("button", name=name)).to_be_focused()
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "astronaut.csv"
    expect(page.get_by_role("status")).to_have_text("Saved astronaut.csv.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="This is the neutral face")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".tight-crop")).to_be_hidden()


def test_keyboard_alone_without_scripts(visit, address):
    page = visit(address, java_script_enabled=False)
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.locator("#photo")).to_be_focused()
    page.set_input_files("#photo", PHOTO)
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect_answer(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_phone_needs_no_sideways_scroll(visit, address, scripts):
    page = visit(
        address, viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=scripts
    )
    assert fits(page)
    long = PHOTO | {"name": 60 * "long" + ".png"}
    page.set_input_files("#photo", [long, NOTE | {"name": 60 * "note"}])
    if not scripts:
        page.get_by_role("button", name="Read").click()
    expect_answer(page)
    assert fits(page)
    page.locator(".card > summary").first.click()
    assert fits(page)
    width = page.locator("svg.photo").bounding_box()["width"]
    assert 280 < width <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing(visit, address_of_two, scheme):
    page = visit(address_of_two, color_scheme=scheme)
    assert Axe().run(page).generate_snapshot() == ""
    page.set_input_files("#photo", PHOTO)
    expect(page.locator("article.face")).to_have_count(2)
    page.locator(".why summary").first.click()
    assert Axe().run(page).generate_snapshot() == ""
    page.set_input_files("#photo", [PHOTO, NOTE, *photos(2)])
    expect(page.locator(".card")).to_have_count(4)
    assert Axe().run(page).generate_snapshot() == ""
    for tile in page.locator(".card > summary").all()[:2]:
        tile.click()
        assert Axe().run(page).generate_snapshot() == ""
    page.goto(f"{address_of_two}nothing")
    assert Axe().run(page).generate_snapshot() == ""


def test_axe_finds_nothing_in_a_crowd(visit, serve):
    page = visit(serve(FakePredictor(n_faces=5)))
    page.set_input_files("#photo", PHOTO)
    page.locator("details.face > summary").first.click()
    assert Axe().run(page).generate_snapshot() == ""


def test_axe_finds_nothing_on_the_page_of_the_api_which_fits_a_phone(visit, address):
    page = visit(f"{address}api", viewport=PHONE)
    assert Axe().run(page).generate_snapshot() == ""
    assert fits(page)


def test_axe_finds_nothing_on_the_part_for_custom_classes_which_fits_a_phone(visit, address):
    page = visit(f"{address}live#teach", viewport=PHONE)
    assert Axe().run(page).generate_snapshot() == ""
    assert fits(page)


def test_dark_scheme_changes_the_paper(visit, address):
    colours = {
        scheme: visit(address, color_scheme=scheme).evaluate(
            "getComputedStyle(document.body).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert colours["light"] != colours["dark"]


def test_forced_colours_fill_the_bars(visit, address):
    page = visit(address, forced_colors="active")
    page.set_input_files("#photo", PHOTO)
    expect_answer(page)
    fills = [
        page.locator(bar).first.evaluate("bar => getComputedStyle(bar).fill")
        for bar in (".bars rect", ".bars .best rect")
    ]
    swatches = ["CanvasText", "Highlight"]
    assert fills == [
        page.evaluate(
            "name => { document.body.style.forcedColorAdjust = 'none';"
            " document.body.style.color = name; return getComputedStyle(document.body).color; }",
            name,
        )
        for name in swatches
    ]


@pytest.mark.parametrize(("motion", "moves"), [("no-preference", True), ("reduce", False)])
def test_nothing_moves_for_those_who_ask_for_that(visit, address, motion, moves):
    page = visit(address, reduced_motion=motion)
    page.route(lambda url: url == address, lambda route: None)  # never answers
    page.set_input_files("#photo", PHOTO)
    expect(page.locator(".pending img")).to_be_visible()
    assert page.evaluate("document.getAnimations().length > 0") == moves
    scrolling = page.evaluate("getComputedStyle(document.documentElement).scrollBehavior")
    assert scrolling == ("smooth" if moves else "auto")


def test_first_paint_takes_under_100_kb(browser, address):
    page = browser.new_page()
    sizes = {}
    page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    page.goto(address, wait_until="networkidle")
    page.close()
    assert {url.rpartition("/")[2] for url in sizes} >= {"", "page.css", "page.js", "words.js"}
    assert sum(sizes.values()) < 100_000
    assert not [url for url in sizes if "/live" in url]
