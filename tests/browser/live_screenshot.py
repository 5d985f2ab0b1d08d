"""Take the live tab's picture, docs/img/live.webp: ``python -m tests.browser.live_screenshot``.

The camera is a file: NASA's portrait of Eileen Collins, which is in the public domain, and a
composite face, which is nobody's. Software draws the mesh here, so the frame rate says nothing.
"""

import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.helpers.live_browser import browser, served, two_faces, write_camera
from tests.helpers.paths import ROOT

TARGET = ROOT / "docs" / "img" / "live.webp"
WINDOW = {"width": 1120, "height": 900}
WATCHED = 40_000
"""Milliseconds of the timeline that the picture shows."""


def main():
    """Let the live tab watch two faces for a while and write what it shows."""
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder, "two.y4m")
        write_camera(camera, two_faces())
        with served() as address, browser(camera) as chromium:
            page = chromium.new_page(viewport=WINDOW)
            page.goto(f"{address}/live")
            page.click("#camera .start")
            page.locator("#camera .face-panel").nth(1).wait_for(timeout=180_000)
            page.wait_for_timeout(WATCHED)
            shot = page.locator("body").screenshot()
    Image.open(BytesIO(shot)).convert("RGB").save(TARGET, quality=88, method=6)
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
