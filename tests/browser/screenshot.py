"""Take the pictures of the page: ``python -m tests.browser.screenshot`` writes docs/img/*.webp.

``example`` shows NASA's portrait of Eileen Collins, which is in the public domain and comes with
scikit-image; ``composites`` two composite faces of data/sample in one photo, neither of them a
person, and ``overview`` many of them. The shipped model answers both: once it is trained anew, run
this again and look at them.
"""

import threading
from io import BytesIO

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from classifiers.inference.predictor import Predictor
from landmarks.images import read_image
from tests.helpers.browsing import ARGUMENTS, CHROMIUM
from tests.helpers.golden_faces import SAMPLE
from tests.helpers.paths import ROOT
from tests.helpers.posting import PORTRAIT, encoded
from web import create_app
from web.inference.service import Reader
from web.server import make_server

FOLDER = ROOT / "docs" / "img"
WINDOW = {"width": 1120, "height": 1400}
COMPOSITES = ("test/surprise/surprise_01.png", "test/angry/angry_01.png")
SIDE = 256
"""Side of a composite in the photo of several, in pixels."""

MANY = sorted(SAMPLE.glob("test/*/*_0[1-4].png"))
"""Photos of the overview."""

QUALITY = 90
"""Of the pictures, as WebP: a fifth of a PNG's size with its colours kept."""


def photos() -> dict[str, bytes]:
    """Return the photos to upload, as PNG, by the name that the page shows for them."""
    faces = [Image.fromarray(read_image(SAMPLE / name)) for name in COMPOSITES]
    column = np.concatenate([face.resize((SIDE, SIDE), Image.Resampling.LANCZOS) for face in faces])
    return {"astronaut.png": PORTRAIT, "composites.png": encoded(column)}


def take(page: Page, files: list[dict]) -> bytes:
    """Return a screenshot, as PNG, of the whole page with the predictions of photos."""
    page.set_input_files("#photo", files)
    page.locator(f".results li:nth-child({len(files)}) .card[data-kinds]").wait_for()
    page.locator(".pending").first.wait_for(state="detached")
    return page.locator("body").screenshot()


def main() -> None:
    """Serve the page, upload each photo in a browser and write what it shows."""
    predictor = Predictor()
    predictor.predict(PORTRAIT)  # loads the mesh, whose time is no prediction's
    server = make_server(create_app(Reader(predictor)), "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    taken = {
        target: [{"name": name, "mimeType": "image/png", "buffer": photo}]
        for target, (name, photo) in zip(("example", "composites"), photos().items(), strict=True)
    } | {"overview": [str(path) for path in MANY]}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=WINDOW)
        page.goto(f"http://127.0.0.1:{server.effective_port}")
        for name, files in taken.items():
            picture = Image.open(BytesIO(take(page, files))).convert("RGB")
            picture.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)
            print(f"wrote {FOLDER / name}.webp")
        browser.close()


if __name__ == "__main__":
    main()
