"""Teaching over the API, and on the page with a camera and a mesh that are made up."""

import json
import re
import sys
import threading
import time
from io import BytesIO
from zipfile import ZipFile

import numpy as np
import pytest
from playwright.sync_api import expect

from classifiers.lesson import unpacked
from tests.fake_predictor import FakePredictor
from tests.lessons import PULL, film, form, recorded
from tests.live_browser import WHY_NOT
from web import create_app
from web.reader import Reader
from web.teach import MAX_BODY_BYTES, Teacher


def python(code):
    return (sys.executable, "-c", f"import sys, time; {code}")


ECHO = python("sys.stdout.buffer.write(sys.stdin.buffer.read())")
FAIL = python("sys.exit('Traceback: secret')")
SLEEP = python("time.sleep(60)")


@pytest.fixture
def app():
    app = create_app(Reader(FakePredictor()))
    app.extensions["teacher"] = Teacher(ECHO)
    return app


def post(app, text, points, **headers):
    data = {"lesson": text, "points": (BytesIO(points), "points")}
    return app.test_client().post("/api/teach", data=data, headers=headers)


def problem(response, status):
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.json["status"] == status
    return response.json["detail"]


def test_a_lesson_goes_to_the_command_and_its_zip_comes_back(app):
    points, labels = recorded(8)
    response = post(app, *form(points, labels))
    assert response.status_code == 200
    assert response.mimetype == "application/zip"
    assert response.headers["Content-Disposition"] == "attachment; filename=taught.zip"
    assert response.headers["Cache-Control"] == "no-store"
    heard = unpacked(response.data)
    np.testing.assert_array_equal(heard.points, points)
    assert heard.y.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("cut", "said"), [(4, "5616 bytes of points for each"), (5616 * 24, "got 0 bytes")]
)
def test_a_lesson_that_does_not_fit_gets_its_sentence(app, cut, said):
    text, points = form(*recorded(8))
    assert said in problem(post(app, text, points[:-cut]), 422)


def test_other_bodies_get_their_sentences(app):
    client = app.test_client()
    text, points = form(*recorded(8))
    for body in ({"data": b"{}"}, {"json": {}}, {"data": {"lesson": text}}):
        assert "multipart/form-data" in problem(client.post("/api/teach", **body), 415)
    missing = client.post("/api/teach", data={"lesson": text}, content_type="multipart/form-data")
    assert "send both" in problem(missing, 400)
    data = {"points": (BytesIO(points), "points")}
    assert "send both" in problem(client.post("/api/teach", data=data), 400)
    assert client.get("/api/teach").status_code == 405


def test_more_than_a_lesson_needs_is_not_read(app):
    said = problem(post(app, "{}", bytes(MAX_BODY_BYTES)), 413)
    assert said.startswith("A lesson has at most 800 faces")


def test_other_sites_cannot_teach(app):
    response = post(app, *form(*recorded(8)), Origin="http://elsewhere.example")
    problem(response, 403)


def test_one_lesson_is_learned_at_a_time(app):
    app.extensions["teacher"] = Teacher(SLEEP, most_seconds=2)
    answers = []
    sent = form(*recorded(8))
    first = threading.Thread(target=lambda: answers.append(post(app, *sent)))
    first.start()
    while app.extensions["teacher"]._free.acquire(blocking=False):
        app.extensions["teacher"]._free.release()
        time.sleep(0.01)
    second = post(app, *sent)
    assert "learning from another visitor" in problem(second, 503)
    assert second.headers["Retry-After"] == "10"
    first.join()
    assert "ended after 2 s" in problem(answers[0], 503)


def test_a_lesson_that_takes_too_long_is_ended_and_the_next_one_is_learned(app, tmp_path):
    late = tmp_path / "late"
    teacher = Teacher(python(f"time.sleep(1); open({str(late)!r}, 'w')"), most_seconds=0.5)
    app.extensions["teacher"] = teacher
    sent = form(*recorded(8))
    response = post(app, *sent)
    assert "ended after 0.5 s" in problem(response, 503)
    assert response.headers["Retry-After"] == "10"
    teacher.command, teacher.most_seconds = ECHO, 60
    assert post(app, *sent).status_code == 200
    time.sleep(1)
    assert not late.exists()


def test_a_fault_stays_in_the_log(app, caplog):
    app.extensions["teacher"] = Teacher(FAIL)
    response = post(app, *form(*recorded(8)))
    assert "the log of the server says why" in problem(response, 500)
    assert b"secret" not in response.data
    assert "secret" in caplog.text


CAMERA = """
window.colour = "black";
navigator.mediaDevices.getUserMedia = async () => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, {width: 64, height: 48});
  const context = canvas.getContext("2d");
  const paint = () => {
    context.fillStyle = window.colour;
    context.fillRect(0, 0, 64, 48);
  };
  paint();
  setInterval(paint, 30);
  return canvas.captureStream(30);
};
"""
"""A camera that shows a colour."""

MESH = """
const films = %s;
let frame = 0;
self.addEventListener("message", ({data: {id, bitmap}}) => {
  if (!bitmap) return self.postMessage({id, ready: true});
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  const film = films[[red, green, blue].findIndex((value) => value > 128)];
  self.postMessage({id, faces: film ? [Float32Array.from(film[frame++ %% film.length])] : []});
});
"""
"""A mesh that sees a face of a film in each colour, and none in black."""

SCRIPT = {"Content-Type": "text/javascript", "Cross-Origin-Embedder-Policy": "require-corp"}

COLOURS = {"grin": "red", "pout": "blue"}


@pytest.fixture(scope="module")
def page(browser, serve):
    """The tab in a browser whose camera and mesh are made up: quick, and the same each time."""
    films = [film(PULL[name], 30, seed=3).reshape(30, -1) for name in ("grin", "blank", "pout")]
    faces = json.dumps([np.round(points.astype(float), 2).tolist() for points in films])
    complaints = []
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text))
    page.add_init_script(CAMERA)
    page.route(
        "**/live/mesh-worker.js", lambda route: route.fulfill(body=MESH % faces, headers=SCRIPT)
    )
    page.goto(f"{serve()}live#teach")
    yield page
    page.close()
    assert complaints == []


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_a_visitor_teaches_two_expressions_and_tries_and_keeps_them(page, tmp_path):
    """One test, because each step needs the one before."""
    expect.set_options(timeout=120_000)  # a machine may be busy
    train = page.get_by_role("button", name="Train")
    note, why = page.locator("#teach .note"), page.locator("#teach-why")
    expect(train).to_be_disabled()
    for name, number in zip(COLOURS, (1, 2), strict=True):
        page.get_by_label(f"Expression {number}", exact=True).fill(name)
    expect(why).to_have_text("“grin” needs 8 faces or more and has 0: record it.")
    for name, colour in COLOURS.items():
        page.evaluate("colour => { window.colour = colour; }", colour)
        record = page.get_by_role("button", name=f"Record: {name}")
        record.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"Stop recording: {name}")).to_be_focused()
        count = page.locator("#teach li", has=record_of(page, name)).locator(".count")
        expect(count).to_have_text(re.compile(r"^([89]|\d\d) faces"))
        page.keyboard.press("Escape")  # sooner than it would end by itself
        expect(record).to_be_focused()
        expect(note).to_have_text(re.compile(rf"^\d+ faces of “{name}” were added"))
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
    assert [request.url.split("/", 3)[3] for request in sent] == ["api/teach"]
    counts = page.locator("#teach .count").all_inner_texts()
    faces = sum(int(text.split()[0]) for text in counts)
    assert len(sent[0].post_data_buffer) < 5616 * faces + 50 * faces + 1000

    page.get_by_role("button", name="Try it live").click()
    panel = page.locator("#teach .face-panel strong")
    expect(panel).to_have_text("pout")
    page.evaluate("() => { window.colour = 'red'; }")
    expect(panel).to_have_text("grin")
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator("#teach .idle")).to_be_visible()

    keep(page, "Save the bundle (ZIP)", tmp_path / "taught.zip")
    keep(page, "Save the faces (CSV)", tmp_path / "taught.csv")
    with ZipFile(tmp_path / "taught.zip") as archive:
        manifest = json.loads(archive.read("model/manifest.json"))
        assert manifest["classes"] == ["grin", "pout"]
        tables = [archive.read(f"features/all/{name}.csv").decode() for name in COLOURS]
    lines = (tmp_path / "taught.csv").read_text("utf-8").splitlines()
    assert lines == tables[0].splitlines() + tables[1].splitlines()[1:]
    assert len(lines) == faces + 1


def record_of(page, name):
    return page.get_by_role("button", name=re.compile(f"(Record|Stop recording): {name}"))


def keep(page, button, path):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_names_are_checked_before_anything_is_sent(page):
    first = page.get_by_label("Expression 1", exact=True)
    why = page.locator("#teach-why")
    for name, said in (("", "Give each expression a name"), ("=1+1", "is no name"),
                       ("POUT", "Two expressions are called")):  # fmt: skip
        first.fill(name)
        expect(why).to_contain_text(said)
        expect(page.get_by_role("button", name="Train")).to_be_disabled()
    first.fill("grin")
    expect(why).to_be_empty()


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_two_to_eight_expressions_can_be_taught(page):
    add = page.get_by_role("button", name="Add an expression")
    for number in range(3, 9):
        add.click()
        expect(page.get_by_label(f"Expression {number}", exact=True)).to_be_focused()
    expect(add).to_be_hidden()
    for _ in range(6):
        page.get_by_role("button", name=re.compile("^Remove: Expression")).last.click()
    expect(add).to_be_focused()
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(0)


@pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
def test_the_part_fits_a_phone(page):
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
