"""The live tab in Debian's chromium, with a file for a camera and software for a graphics chip."""

import contextlib
import threading

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

from landmarks.images import read_image
from tests.helpers.browsing import CHROMIUM
from tests.helpers.golden_faces import SAMPLE
from tests.helpers.posting import PORTRAIT
from web import create_app
from web.routes.live import installed
from web.server import make_server

ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]  # fmt: skip
RATE = 20

WHY_NOT = (
    "no chromium: apt-get install chromium"
    if CHROMIUM is None
    else "" if installed() else "no web/node_modules: install npm, then make web"
)  # fmt: skip
"""Why the live tab can't be tried here; empty if it can."""


def two_faces():
    """Return frames of NASA's portrait, on the left, and of a composite that moves a little."""
    portrait = read_image(PORTRAIT)
    composite = read_image(SAMPLE / "test" / "surprise" / "surprise_01.png")
    frames = []
    for shift in (0, 3):
        frame = np.full((480, 640, 3), 60, np.uint8)
        frame[:, :300] = portrait[10:490, 90:390]
        frame[60 + shift : 300 + shift, 330:570] = cv2.resize(composite, (240, 240))
        frames.append(frame)
    return frames


def moving(composite):
    """Return frames of a composite of the sample, such as "happy_01", that moves a little."""
    face = read_image(SAMPLE / "test" / composite[:-3] / f"{composite}.png")
    face = cv2.resize(face, (300, 300), interpolation=cv2.INTER_CUBIC)
    frames = []
    for shift in (*range(0, 24, 3), *range(24, 0, -3)):
        frame = np.full((480, 640, 3), 60, np.uint8)
        frame[70 + shift : 370 + shift, 150 + 2 * shift : 450 + 2 * shift] = face
        frames.append(frame)
    return frames


def write_camera(path, frames):
    """Write RGB frames as the YUV4MPEG2 file that a fake camera plays again and again.

    A browser opens it anew whenever a page starts the camera, so that another video may take its
    place while the camera is off.
    """
    height, width = frames[0].shape[:2]
    written = path.with_suffix(".part")
    with written.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420mpeg2\n".encode())
        for frame in frames:
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    written.replace(path)


@contextlib.contextmanager
def served(reader=None):
    """Serve the application on a free port; yields its address."""
    server = make_server(create_app(reader), "127.0.0.1", 0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


@contextlib.contextmanager
def browser(camera=None):
    """Start a browser, with the frames of the file `camera` as what its camera sees."""
    arguments = list(ARGUMENTS)
    if camera:
        arguments += [
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera}",
        ]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()
