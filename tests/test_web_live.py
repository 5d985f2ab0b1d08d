"""The live tab in a browser, with a file as camera."""

import csv
import re
from io import BytesIO, StringIO
from urllib.parse import urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from classifiers.inference.shifts import RELATIVE, REST, SCALE, neutral_shift, shifted
from classifiers.inference.tables import Schema
from landmarks.mesh import MIRROR, N_POINTS, mirrored
from tests.helpers import live_browser
from tests.helpers.fake_predictor import CONFIDENCES, FakePredictor
from tests.helpers.posting import PHOTO, PORTRAIT
from web.inference.service import Reader

LONG = 180_000  # ms: software draws the mesh, and a machine may be busy

pytestmark = pytest.mark.skipif(bool(live_browser.WHY_NOT), reason=live_browser.WHY_NOT)


COUNTING = """() => {
    const devices = navigator.mediaDevices;
    const ask = devices.getUserMedia.bind(devices);
    window.asked = 0;
    window.tracks = [];
    devices.getUserMedia = async (wanted) => {
        window.asked += 1;
        const stream = await ask(wanted);
        window.tracks.push(...stream.getTracks());
        return stream;
    };
}"""


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    path = tmp_path_factory.mktemp("camera") / "two.y4m"
    live_browser.write_camera(path, live_browser.two_faces())
    return path


@pytest.fixture(scope="module")
def opened(camera):
    """One page for all tests; afterwards it has asked no other host and sent nothing."""
    reader = Reader(FakePredictor())
    with live_browser.served(reader) as address, live_browser.browser(camera) as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.requests, complaints = [], []
        page.on("request", lambda request: page.requests.append(request))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text))
        page.add_init_script(f"({COUNTING})()")
        page.goto(f"{address}/live")
        yield page
        assert sent_away(page.requests) == []
        assert complaints == []


@pytest.fixture
def page(opened):
    """The page on its camera, which is off."""
    opened.evaluate("location.hash = '#camera'")
    if opened.locator("#camera .stop").is_visible():
        opened.click("#camera .stop")
    expect(opened.locator("#camera .start")).to_be_enabled()
    return opened


def sent_away(requests):
    """Return the requests that carry something, or that go to another host than the first."""
    home = urlsplit(requests[0].url).netloc
    return [
        request.url[:100]
        for request in requests
        if request.method != "GET"
        or not (request.url.startswith("blob:") or urlsplit(request.url).netloc == home)
    ]


def start(page):
    page.click("#camera .start")
    expect(page.locator("#camera .face-panel:not(.lost)")).to_have_count(2, timeout=LONG)


def saved(page, part, button):
    with page.expect_download() as download:
        page.locator(part).get_by_role("button", name=button).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def states(page):
    return set(page.evaluate("window.tracks.map((track) => track.readyState)"))


NOTES = """() => {
    window.notes = [];
    const note = document.querySelector("#camera .note");
    const watcher = new MutationObserver(() => window.notes.push(note.textContent));
    watcher.observe(note, { childList: true });
}"""


def test_camera_is_asked_for_on_a_click_alone_and_starts_in_steps(page):
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.asked") == 0
    page.evaluate(NOTES)
    start(page)
    notes = page.evaluate("window.notes")
    assert [note[:11] for note in notes[:3]] == ["Step 1 of 3", "Step 2 of 3", "Step 3 of 3"]
    assert set(notes[3:]) == {""}
    assert page.evaluate("window.asked") == 1
    assert states(page) == {"live"}


def test_each_face_gets_its_expression_and_bars_that_sum_to_one(page):
    start(page)
    names = page.locator("#camera .face-panel strong")
    expect(names.first).to_have_text("happy")
    expect(names.last).to_have_text("surprise")
    scales = page.locator("#camera .face-panel").evaluate_all(
        "(panels) => panels.map((panel) => [...panel.querySelectorAll('.fill')]"
        ".map((fill) => new DOMMatrix(fill.style.transform).a))"
    )
    assert np.shape(scales) == (2, 7)
    assert np.allclose(np.sum(scales, axis=1), 1, atol=0.005)
    expect(page.locator("#camera .rate")).to_contain_text("frames/s")
    expect(page.locator("#camera .told")).to_contain_text("1 happy", timeout=LONG)


OVERLAY = """() => {
    const one = (name) => document.querySelector(`#camera .${name}`);
    const mirrored = new OffscreenCanvas(640, 480).getContext("2d");
    mirrored.setTransform(-1, 0, 0, 1, 640, 0);
    mirrored.drawImage(one("video"), 0, 0);
    const [shown, seen] = [one("overlay").getContext("2d"), mirrored].map((context) =>
        context.getImageData(0, 0, 640, 480).data);
    const white = (pixels) => pixels.reduce((sum, value) => sum + (value === 255), 0);
    // Below the faces the camera sees the same in each picture.
    const [below, seenBelow] = [shown, seen].map((pixels) => pixels.subarray(360 * 640 * 4));
    const gap = below.reduce((sum, value, i) => sum + Math.abs(value - seenBelow[i]), 0);
    return {
        hidden: one("video").style.visibility === "hidden",
        gap: gap / below.length,
        drawn: (white(shown) - white(seen)) / 3,
        empty: !shown.some(Boolean),
    };
}"""


def test_faces_are_drawn_on_their_own_picture(page):
    start(page)
    overlay = page.evaluate(OVERLAY)
    assert overlay["hidden"]
    assert overlay["gap"] < 2
    assert overlay["drawn"] > 400  # pixels of two boxes and labels
    page.click("#camera .stop")
    overlay = page.evaluate(OVERLAY)
    assert overlay["empty"]
    assert not overlay["hidden"]


def test_a_face_is_read_relative_to_its_own_neutral_face(page):
    start(page)
    panel = page.locator("#camera .face-panel").first
    panel.get_by_role("button", name="This is my neutral face").click()
    again = panel.get_by_role("button", name="Relative to your neutral face")
    expect(again).to_have_attribute("aria-pressed", "true")
    # A smile at rest is neutral; the other face stays what it is.
    expect(panel.locator("li", has_text="neutral").locator(".share")).to_have_text(
        re.compile(r"(3\d|4[0-5])\s%"), timeout=LONG
    )
    expect(page.locator("#camera .face-panel strong").last).to_have_text("surprise")
    again.click()
    expect(panel.locator("strong")).to_have_text("happy", timeout=LONG)


def test_a_desk_s_camera_takes_a_photo_in_a_dialog(opened):
    page = opened.context.browser.new_page()
    page.goto(opened.url.partition("live")[0])
    page.get_by_role("button", name="Take a photo").click()
    assert Axe().run(page).generate_snapshot() == ""
    page.get_by_role("button", name="Take the photo").click()
    expect(page.locator(".results h3")).to_contain_text("camera.jpg one face", timeout=LONG)
    expect(page.locator("#shot")).to_be_hidden()
    assert page.evaluate("document.querySelector('#shot video').srcObject === null")
    page.close()


def test_the_neutral_face_moves_confidences_as_in_python(page):
    resting = [[0.5999, 0.0001, 0.4], [0.5999, 0.0001, 0.4]]
    classes = ["angry", "happy", "neutral"]
    found = page.evaluate(
        """async ([probas, classes, relative]) => {
            const { neutralShift, shifted } = await import("/static/live/neutral.js");
            const shift = neutralShift(probas, classes, relative);
            return [shift, [...shifted(probas[0], shift, relative.scale)]];
        }""",
        [resting, classes, RELATIVE[True]._asdict() | {"rest": REST, "scale": SCALE}],
    )
    shift = neutral_shift(np.array(resting), classes, RELATIVE[True])
    np.testing.assert_allclose(found[0], shift, atol=1e-6)
    np.testing.assert_allclose(found[1], shifted(np.array(resting[:1]), shift, SCALE)[0], rtol=1e-6)


def test_what_was_seen_is_saved_as_csv(page):
    start(page)
    with page.expect_download() as download:
        page.click("#camera .keep")
    text = download.value.path().read_text("utf-8")
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert {row["face"] for row in rows} == {"1", "2"}
    first = rows[0]
    assert list(first) == Schema(tuple(CONFIDENCES)).names
    assert (first["frame"], first["timestamp"], first["image_width"]) == ("1", "0.000", "640")
    assert float(first["expression_confidence"]) == max(float(first[n]) for n in CONFIDENCES)
    assert (first["success"], first["reason"], first["yaw"]) == ("1", "", "")
    assert sum(float(first[name]) for name in CONFIDENCES) == pytest.approx(1, abs=0.001)
    # Boxes are the picture's own, not its mirror's: the portrait's face is on the left.
    assert int(first["x"]) + int(first["width"]) < 300
    assert 80 < int(first["width"]) < 110


STOPS = {
    "the button": lambda page: page.click("#camera .stop"),
    "another part": lambda page: page.evaluate("location.hash = '#photo'"),
    "a hidden page": lambda page: page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange')); delete document.hidden"
    ),
    "leaving": lambda page: page.evaluate("window.dispatchEvent(new Event('pagehide'))"),
    "the browser": lambda page: page.evaluate(
        "window.tracks.at(-1).stop(); window.tracks.at(-1).dispatchEvent(new Event('ended'))"
    ),
}


@pytest.mark.parametrize("way", STOPS)
def test_a_stopped_camera_is_off(page, way):
    page.click("#camera .start")
    expect(page.locator("#camera .stop")).to_be_visible()
    assert page.evaluate("window.tracks.at(-1).readyState") == "live"
    STOPS[way](page)
    expect(page.locator("#camera .note")).to_have_text("The camera is off.")
    assert states(page) == {"ended"}
    assert page.locator("#camera video").evaluate("(video) => video.srcObject") is None


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("NotAllowedError", "was not allowed"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "Another program"),
        ("TypeError", "did not start"),
    ],
)
def test_a_camera_that_cannot_be_had_gets_a_sentence(page, name, sentence):
    page.evaluate(
        "(name) => { window.good = navigator.mediaDevices.getUserMedia;"
        " navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) } }",
        name,
    )
    page.click("#camera .start")
    expect(page.locator("#camera .note")).to_contain_text(sentence)
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = window.good }")


def test_a_browser_that_cannot_run_the_mesh_gets_a_sentence_and_another_try(opened):
    page = opened.context.browser.new_page()
    page.goto(opened.url)
    worker = "**/live/mesh-worker.js"
    page.route(worker, lambda route: route.fulfill(body="throw new Error('no WebGL')"))
    for _ in range(2):
        page.click("#camera .start")
        expect(page.locator("#camera .note")).to_contain_text("Try a current Chrome")
        expect(page.locator("#camera .start")).to_be_enabled()
    page.close()


def test_photos_are_read_on_this_device(page):
    page.evaluate("location.hash = '#photo'")
    before = len(page.requests)
    page.set_input_files(
        "#photo input",
        [
            {"name": "portrait.png", "mimeType": "image/png", "buffer": PORTRAIT},
            {"name": "grey.png", "mimeType": "image/png", "buffer": PHOTO},
            {"name": "note.txt", "mimeType": "text/plain", "buffer": b"hello"},
        ],
    )
    expect(page.locator("#photo .face-panel strong")).to_have_text("happy", timeout=LONG)
    expect(page.locator("#photo .error").first).to_contain_text("No face was found", timeout=LONG)
    expect(page.locator("#photo .error").last).to_contain_text("is no picture", timeout=LONG)
    name, content = saved(page, "#photo", "Save PNG")
    assert name == "portrait-mien.png"
    with Image.open(BytesIO(content)) as picture:
        assert picture.size == (512, 512)
    name, content = saved(page, "#photo", "Save CSV")
    (row,) = csv.DictReader(StringIO(content.decode(), newline=""))
    assert name == "portrait.csv"
    assert list(row) == Schema(tuple(CONFIDENCES)).names
    assert [row[key] for key in ("image", "image_width", "face", "expression", "uncertain")] == [
        "portrait.png", "512", "1", "happy", "false",
    ]  # fmt: skip
    assert 80 < int(row["width"]) < 110
    assert all(request.post_data is None for request in page.requests[before:])
    assert sent_away(page.requests) == []


def test_mirrored_is_pythons(page):
    points = np.random.default_rng(0).normal(size=(N_POINTS, 3)).astype(np.float32)
    found = page.evaluate(
        "async ([points, mirror]) => [...(await import('/static/live/geometry.js'))"
        ".mirrored(new Float32Array(points), mirror, 10)]",
        [points.ravel().tolist(), MIRROR.tolist()],
    )
    assert np.allclose(np.reshape(found, (-1, 3)), mirrored(points, 10), atol=1e-5)


SHOWN = """async (radii) => {
    const { finder } = await import("/static/live/frames.js");
    const video = document.createElement("canvas");
    [video.width, video.height] = [video.videoWidth, video.videoHeight] = [640, 480];
    video.getContext("2d");
    const widths = [];
    let size;
    // A point's distance from the centre, in two dimensions, is the radius at the video's scale.
    const face = (scale) => Float32Array.from({ length: 1404 }, (_, i) =>
        i % 3 === 2 ? 0 : scale * (i % 2 ? 1 : -1) * (size / Math.SQRT2));
    const find = finder({ find: async (picture) => {
        widths.push(picture.width);
        return size ? [{ points: face(picture.width / 640) }] : [];
    } }, video);
    const found = [];
    for (size of radii) found.push((await find()).faces[0]?.points[1] ?? null);
    return [widths, found.map((x) => x && Math.abs(x) * Math.SQRT2)];
}"""


def test_video_is_shown_at_the_scale_of_photos(page):
    radii = [15, 29, 58, 400, 0, 15]
    widths, found = page.evaluate(SHOWN, radii)
    # Each face sets the next picture's size; a detector would miss new faces below 128 pixels.
    assert widths == [640, 640, 320, 160, 128, 640]
    assert found == [pytest.approx(radius, rel=1e-5) if radius else None for radius in radii]


FOLLOW = """async (smooth) => {
    const { createTracker } = await import("/static/live/tracker.js");
    const { tracking } = await (await fetch("/live/bundle.json")).json();
    const tracker = createTracker(tracking);
    tracker.smooth = smooth;
    const face = (x) => ({ points: Float32Array.from({ length: 1404 }, (_, i) => x + (i % 50)) });
    return [[0, [0, 100]], [0.1, [101, 1]], [0.2, [102]], [2, [102, 0]]].map(([time, places]) => {
        const faces = tracker.follow(places.map(face), time);
        tracker.settle(faces, faces.map(() => Float32Array.of(time)));
        return faces.map(({ trackId, points, proba }) => [trackId, points[0], proba[0]]);
    });
}"""


def test_faces_keep_their_numbers_until_they_are_forgotten(page):
    seen = page.evaluate(FOLLOW, False)
    assert [[number for number, *_ in faces] for faces in seen] == [[1, 2], [1, 2], [2], [1, 2]]
    assert [x for _, x, _ in seen[1]] == [1, 101]
    assert [x for _, x, _ in seen[3]] == [102, 0]  # after a second they are new faces


def test_smoothing_weighs_by_age_and_can_be_off(page):
    (_, rough_x, rough_proba), _ = page.evaluate(FOLLOW, False)[1]
    assert (rough_x, rough_proba) == (1, pytest.approx(0.1))
    (_, x, proba), _ = page.evaluate(FOLLOW, True)[1]
    assert x == pytest.approx(1 - np.exp(-0.1 / 0.06), rel=1e-3)
    assert proba == pytest.approx(0.1 * (1 - np.exp(-0.1 / 0.35)), rel=1e-3)


def test_fits_a_phone_and_nothing_serious_bars_anyone(page):
    page.set_viewport_size({"width": 320, "height": 700})
    for part in ("#camera", "#photo"):
        page.evaluate("(part) => { location.hash = part }", part)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), part
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
    page.set_viewport_size({"width": 1100, "height": 900})
