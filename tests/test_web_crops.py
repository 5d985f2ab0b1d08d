"""The live tab resamples a photo as Python does, to within what rounding makes of it."""

from base64 import b64encode

import cv2
import numpy as np
import pytest

from landmarks.crops import CROP_SIDE, square_cut
from landmarks.images import read_image
from tests.helpers import live_browser
from tests.helpers.fake_predictor import FakePredictor
from tests.helpers.posting import PORTRAIT, encoded
from web.inference.service import Reader

pytestmark = pytest.mark.skipif(bool(live_browser.WHY_NOT), reason=live_browser.WHY_NOT)

CUT = """async ([encoded, places, side]) => {
    const { pixelsOf, squareCut } = await import("/static/live/resample.js");
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const photo = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const pixels = pixelsOf(photo);
    // As text, a row at a time: Playwright takes a second for a hundred thousand numbers.
    const rowOf = (data, row) => String.fromCharCode(...data.subarray(row, row + 4 * side));
    const textOf = (data) => {
        let text = "";
        for (let row = 0; row < data.length; row += 4 * side) text += rowOf(data, row);
        return text;
    };
    return places.map((place) => textOf(squareCut(pixels, place, side).data));
}"""

STEPS = (0.4, 0.9, 1.3, 1.9, 3.3, 6.0)
"""Pixels of the photo a pixel of the crop: enlarged, made smaller, and averaged first."""


def about_the_middle(image, step, turn):
    """Return the (2, 3) matrix of a crop that reaches out of the picture where step is large."""
    a, b = step * np.cos(turn), step * np.sin(turn)
    matrix = np.array([[a, -b, 0], [b, a, 0]])
    middle = np.array(image.shape[1::-1]) * (0.52, 0.47)
    matrix[:, 2] = middle - matrix[:, :2] @ np.full(2, CROP_SIDE / 2)
    return matrix


def test_a_crop_is_the_same_in_the_browser():
    image = read_image(PORTRAIT)
    matrices = [about_the_middle(image, step, 0.1 * step) for step in STEPS]
    places = [{"a": m[0, 0], "b": m[1, 0], "x": m[0, 2], "y": m[1, 2]} for m in matrices]
    with (
        live_browser.served(Reader(FakePredictor())) as address,
        live_browser.browser() as chromium,
    ):
        page = chromium.new_page()
        page.goto(f"{address}/live")
        cuts = page.evaluate(CUT, [b64encode(encoded(image)).decode(), places, CROP_SIDE])
    for matrix, cut in zip(matrices, cuts, strict=True):
        here = square_cut(image, matrix, CROP_SIDE).astype(int)
        there = np.frombuffer(cut.encode("latin-1"), np.uint8)
        there = there.reshape(CROP_SIDE, CROP_SIDE, 4)[:, :, :3]
        apart = np.abs(there - here)
        assert here.std() > 20
        assert apart.max() <= 8
        assert (apart > 1).mean() < 0.002


ENLARGE = """async ([numbers, small, side]) => {
    const { enlarged } = await import("/static/live/resample.js");
    const picture = new ImageData(Uint8ClampedArray.from(numbers), small, small);
    return [...enlarged(picture, side).data];
}"""


def test_a_crop_is_enlarged_as_opencv_does():
    small, side = 13, 40
    picture = np.random.default_rng(0).integers(0, 256, (small, small, 4), dtype=np.uint8)
    picture[..., 3] = 255
    with (
        live_browser.served(Reader(FakePredictor())) as address,
        live_browser.browser() as chromium,
    ):
        page = chromium.new_page()
        page.goto(f"{address}/live")
        there = page.evaluate(ENLARGE, [picture.ravel().tolist(), small, side])
    here = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    apart = np.abs(np.reshape(there, (side, side, 4)) - here.astype(int))
    assert apart.max() <= 1
