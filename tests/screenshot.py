"""Take the README's picture of the page: ``python -m tests.screenshot`` writes web/example.png.

The photo is NASA's portrait of Eileen Collins, which is in the public domain and comes with
scikit-image.
"""

import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.test_web_browser import ARGUMENTS, CHROMIUM, PHOTO
from web import create_app
from web.serve import make_server

TARGET = Path(__file__).parents[1] / "web" / "example.png"
WINDOW = {"width": 1120, "height": 760}


def main():
    server = make_server(create_app(), "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport=WINDOW)
        page.goto(f"http://127.0.0.1:{server.effective_port}")
        for _ in range(2):  # the second reading's time is not that of loading the mesh
            page.set_input_files("#photo", PHOTO)
            page.locator("h3").wait_for()
        page.screenshot(path=TARGET, full_page=True)
        browser.close()
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
