"""Teaching on the page, with the mesh in the browser and composites before the camera."""

import json
import re
from base64 import b64encode
from zipfile import ZipFile

import pytest
from playwright.sync_api import expect

from classifiers.inference.predictor import Predictor
from classifiers.training.read_dataset import read_rows
from tests.helpers import live_browser
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.golden_faces import SAMPLE
from web.inference.service import Reader

pytestmark = pytest.mark.skipif(bool(live_browser.WHY_NOT), reason=live_browser.WHY_NOT)

FACES = {"grin": "happy_01", "pout": "surprise_01"}
"""Custom class -> composite that the camera sees."""

LONG = 180_000  # ms: software draws, and a machine may be busy


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    return tmp_path_factory.mktemp("camera") / "face.y4m"


@pytest.fixture(scope="module")
def page(camera):
    """The tab in a browser whose camera plays what `show` says."""
    show(camera, "grin")
    complaints = []
    reader = Reader(FakePredictor())
    with live_browser.served(reader) as address, live_browser.browser(camera) as chromium:
        page = chromium.new_page(viewport={"width": 1200, "height": 900})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text))
        page.goto(f"{address}/live#teach")
        page.set_default_timeout(LONG)
        expect.set_options(timeout=LONG)
        yield page
        expect.set_options(timeout=20_000)
        assert complaints == []


def show(camera, name):
    """Let a camera that is off see another face when it is on again."""
    live_browser.write_camera(camera, live_browser.moving(FACES[name]))


@pytest.mark.slow
def test_a_visitor_teaches_two_expressions_and_tries_and_keeps_them(page, camera, tmp_path):
    """One test, because each step needs the one before."""
    train = page.get_by_role("button", name="Train")
    note, why = page.locator("#teach .note"), page.locator("#teach-why")
    off = page.get_by_role("button", name="Stop the camera")
    expect(train).to_be_disabled()
    for name, number in zip(FACES, (1, 2), strict=True):
        page.get_by_label(f"Expression {number}", exact=True).fill(name)
    expect(why).to_have_text("“grin” needs 8 faces or more and has 0: record it or add photos.")
    for name in FACES:
        show(camera, name)
        record = page.get_by_role("button", name=f"Record: {name}")
        record.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"Stop recording: {name}")).to_be_focused()
        count = page.locator("#teach li", has=record_of(page, name)).locator(".count")
        expect(count).to_have_text(re.compile(r"^([89]|\d\d) faces"))
        page.keyboard.press("Escape")  # sooner than it would end by itself
        expect(record).to_be_focused()
        expect(note).to_have_text(re.compile(rf"^\d+ faces of “{name}” were added"))
        off.click()
    expect(why).to_be_empty()
    expect(train).to_be_enabled()
    sent = []
    page.on("request", lambda request: sent.append(request))
    train.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your classifier is ready")).to_be_focused()
    expect(page.locator("#teach .figures")).to_have_text(
        re.compile(r"named 100\s% of \d+ held-out faces rightly.*expect less on other days")
    )
    confusion = page.locator("#teach .confusion tr").all_inner_texts()
    held = sorted(int(count) for line in confusion[1:] for count in line.split()[1:])
    assert [line.split()[0] for line in confusion] == ["grin", *FACES]
    assert held[:2] == [0, 0]
    assert held[2] >= 2
    assert [request.url.split("/", 3)[3] for request in sent] == ["api/teach"]
    counts = page.locator("#teach .count").all_inner_texts()
    faces = sum(int(text.split()[0]) for text in counts)
    assert sent[0].sizes()["requestBodySize"] < 5616 * faces + 50 * faces + 1000

    for name in FACES:
        show(camera, name)
        page.get_by_role("button", name="Try it live").click()
        expect(page.locator("#teach .face-panel strong")).to_have_text(name)
        off.click()
        expect(page.locator("#teach .idle")).to_be_visible()

    keep(page, "Save the bundle (ZIP)", tmp_path / "custom-classes.zip")
    keep(page, "Save the faces (CSV)", tmp_path / "custom-classes.csv")
    with ZipFile(tmp_path / "custom-classes.zip") as archive:
        archive.extractall(tmp_path / "custom")
    tables = [(tmp_path / f"custom/features/all/{name}.csv").read_text("utf-8") for name in FACES]
    lines = (tmp_path / "custom-classes.csv").read_text("utf-8").splitlines()
    assert lines == tables[0].splitlines() + tables[1].splitlines()[1:]
    assert len(lines) == faces + 1
    # What `make train` reads, and what `make web` serves: it knows these faces in photos, too.
    assert set(read_rows([tmp_path / "custom-classes.csv"]).y) == set(FACES)
    predictor = Predictor(tmp_path / "custom/model")
    for name in FACES:
        (face,) = predictor.predict(live_browser.moving(FACES[name])[3]).faces
        assert face.expression == name


def record_of(page, name):
    return page.get_by_role("button", name=re.compile(f"(Record|Stop recording): {name}"))


def keep(page, button, path):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)


def test_names_are_checked_before_anything_is_sent(page):
    first, second = (page.get_by_label(f"Expression {n}", exact=True) for n in (1, 2))
    second.fill("pout")
    why = page.locator("#teach-why")
    for name, said in (("", "Give each expression a name"), ("=1+1", "is no name"),
                       ("POUT", "Two expressions are called")):  # fmt: skip
        first.fill(name)
        expect(why).to_contain_text(said)
        expect(page.get_by_role("button", name="Train")).to_be_disabled()
    first.fill("grin")
    faces = int(page.locator("#teach .count").first.inner_text().split()[0])
    missing = f"“grin” needs 8 faces or more and has {faces}: record it or add photos."
    expect(why).to_have_text(missing if faces < 8 else "")


def test_two_to_eight_expressions_can_be_trained(page):
    add = page.get_by_role("button", name="Add an expression")
    for number in range(3, 9):
        add.click()
        expect(page.get_by_label(f"Expression {number}", exact=True)).to_be_focused()
    expect(add).to_be_hidden()
    for _ in range(6):
        page.get_by_role("button", name=re.compile("^Remove: Expression")).last.click()
    expect(add).to_be_focused()
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)


DROP = """([row, photos]) => {
    const data = new DataTransfer();
    for (const [name, type, encoded] of photos) {
        const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
        data.items.add(new File([bytes], name, { type }));
    }
    const dropped = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    const rows = document.querySelectorAll(".expressions > li");
    (rows[row] ?? document.body).dispatchEvent(dropped);
    return dropped.defaultPrevented;
}"""


def photo(name):
    content = (SAMPLE / "test" / name[:-3] / f"{name}.png").read_bytes()
    return [f"{name}.png", "image/png", b64encode(content).decode()]


def test_dropped_photos_are_faces_of_the_expression_they_fall_on(page):
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    note = page.locator("#teach .note")
    clear = page.get_by_role("button", name="Clear: pout")
    if clear.is_visible():
        clear.click()
    first = page.locator(".expressions .count").first.inner_text()
    second = page.locator(".expressions .count").nth(1)
    text = ["note.txt", "text/plain", b64encode(b"no picture").decode()]
    assert page.evaluate(DROP, [1, [photo("sad_01"), text, photo("sad_02")]])
    expect(note).to_have_text(re.compile("^2 faces of .* were added. 1 photo was left out"))
    expect(second).to_have_text("2 faces")
    assert page.evaluate(DROP, [None, [photo("sad_03")]])  # else the browser would open it
    page.locator(".expressions .photos input").nth(1).set_input_files(
        SAMPLE / "test" / "sad" / "sad_03.png"
    )
    expect(second).to_have_text("3 faces")
    assert page.locator(".expressions .count").first.inner_text() == first
    assert set(sent) <= {"GET"}
    takes = page.locator(".expressions > li").nth(1).locator(".takes button")
    expect(takes).to_have_count(3)
    takes.nth(1).click()
    expect(second).to_have_text("2 faces")
    expect(takes).to_have_count(2)


def test_a_project_is_saved_and_opened_again(page, tmp_path):
    sent = []
    page.on("request", lambda request: sent.append(request.url.partition(":")[0]))
    counts, pictures = page.locator(".expressions .count"), page.locator(".takes img")
    names = page.locator(".expressions .name")
    sources = "(images) => images.map(({ src }) => src)"
    before = counts.all_inner_texts(), pictures.evaluate_all(sources)
    assert len(before[1]) >= 2
    keep(page, "Save the project", tmp_path / "expressions.zip")
    named = names.evaluate_all("(fields) => fields.map(({ value }) => value)")
    for clear in page.get_by_role("button", name=re.compile("^Clear: ")).all():
        clear.click() if clear.is_visible() else None
    names.first.fill("other")
    opening, note = page.locator("#teach .unpack input"), page.locator("#teach .note")
    (tmp_path / "note.zip").write_bytes(b"no zip")
    with ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("project.json", '{"format": 1, "expressions": []}')
    for name in ("note.zip", "other.zip"):
        opening.set_input_files(tmp_path / name)
        expect(note).to_have_text(re.compile(f"^{name} is no project of Teach"))
        expect(names.first).to_have_value("other")
    opening.set_input_files(tmp_path / "expressions.zip")
    expect(note).to_have_text("expressions.zip is open.")
    assert names.evaluate_all("(fields) => fields.map(({ value }) => value)") == named
    assert (counts.all_inner_texts(), pictures.evaluate_all(sources)) == before
    assert set(sent) <= {"blob", "data"}
    page.locator(".takes button").last.click()  # its face is one of them again
    assert counts.all_inner_texts() != before[0]


def test_a_project_takes_the_place_of_unsaved_faces_only_if_the_visitor_agrees(page, tmp_path):
    assert page.evaluate(DROP, [1, [photo("sad_04")]])
    expect(page.locator("#teach .note")).to_have_text(re.compile("^1 face of"))
    counts = page.locator(".expressions .count")
    before = counts.all_inner_texts()
    with ZipFile(tmp_path / "empty.zip", "w") as archive:
        empty = [{"name": name, "faces": []} for name in FACES]
        text = json.dumps({"format": 1, "pictures": [], "expressions": empty})
        archive.writestr("project.json", text)
        archive.writestr("points.f32", b"")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator("#teach .unpack input").set_input_files(tmp_path / "empty.zip")
    expect(page.locator("#teach")).not_to_have_class(re.compile("busy"))
    assert len(asked) == 1
    assert counts.all_inner_texts() == before


def test_leaving_with_faces_that_are_not_saved_asks(page):
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    assert asked == ["beforeunload"]
    page.reload()  # there are none now
    assert len(asked) == 1


def test_the_part_fits_a_phone(page):
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
