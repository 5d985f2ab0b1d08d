"""How many pictures a second the live tab reads here, and what each costs.

``python -m tests.browser.live_rate`` prints it. A file plays the camera and software draws, so that
this is a machine's processor without a graphics chip. A part's figure is the middle one of its
times. What software draws grows with the picture, and the networks' work doesn't: the same picture
made small shows what is left where a graphics chip draws.
"""

import statistics
import tempfile
from pathlib import Path

from tests.helpers.live_browser import browser, moving, served, two_faces, write_camera
from tests.reliability.report import machine_now, table

PICTURES = 100
WATCHED = 8_000
"""Milliseconds that the tab itself is watched."""

PARTS = """async (pictures) => {
    const { openEngine } = await import("/static/live/runtime.js");
    const { drawFaces } = await import("/static/live/overlay.js");
    const { finder } = await import("/static/live/frames.js");
    const { corners } = await import("/static/live/geometry.js");
    const { bundle, mesh, classifier } = await openEngine();
    const video = document.createElement("video");
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    await video.play();
    const overlay = document.createElement("canvas");
    Object.assign(overlay, { width: video.videoWidth, height: video.videoHeight });
    const small = new OffscreenCanvas(video.videoWidth / 4, video.videoHeight / 4);
    const context = small.getContext("2d");
    const times = { mesh: [], small: [], classifier: [], drawing: [] };
    const timed = async (part, work) => {
        const start = performance.now();
        const result = await work();
        times[part].push(performance.now() - start);
        return result;
    };
    const find = finder(mesh, video);
    for (let i = 0; i < pictures; i++) {
        const { faces: found, pixels } = await timed("mesh", find);
        const points = found.map((face) => face.points);
        await timed("classifier", () => classifier.predict(points, bundle.crop && pixels()));
        const faces = points.map((face) => ({ points: face, box: corners(face), label: "happy" }));
        await timed("drawing", () => drawFaces(overlay, faces, bundle.edges, true));
    }
    for (let i = 0; i < pictures; i++) {
        context.drawImage(video, 0, 0, small.width, small.height);
        await timed("small", () => mesh.find(small, { fresh: i === 0 }));
    }
    return times;
}"""

NAMES = {
    "mesh": "picture to the worker, mesh and back, ms",
    "small": "the same for 160 x 120 pixels, ms",
    "classifier": "classifier, ms",
    "drawing": "mesh and box drawn, ms",
}


def measured(frames):
    """Return what the tab shows as frames a second, and each part's milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder, "camera.y4m")
        write_camera(camera, frames)
        with served() as address, browser(camera) as chromium:
            page = chromium.new_page()
            page.goto(f"{address}/live")
            page.click("#camera .start")
            page.locator("#camera .face-panel").first.wait_for(timeout=180_000)
            page.wait_for_timeout(WATCHED)
            rate = page.locator("#camera .rate").inner_text()
            page.click("#camera .stop")
            times = page.evaluate(PARTS, PICTURES)
    return rate, {part: statistics.median(values[1:]) for part, values in times.items()}


def main():
    """Measure one face and two, and print the table."""
    print(f"On {machine_now()}, 640 x 480 pixels:\n")
    found = [measured(moving("happy_01")), measured(two_faces())]
    rows = [["the tab shows", *(rate for rate, _ in found)]]
    rows += [[NAMES[part], *(f"{parts[part]:.1f}" for _, parts in found)] for part in NAMES]
    print(table(("", "one face", "two faces"), rows))


if __name__ == "__main__":
    main()
