"""The browser gives the same points and the same expression as Python; see tests.browser.parity."""

import numpy as np
import pytest

from classifiers.inference.predictor import Predictor
from tests.browser.parity import compared
from tests.helpers import live_browser
from tests.helpers.golden_faces import COMPOSITES, golden_images
from web.inference.service import Reader

pytestmark = pytest.mark.skipif(bool(live_browser.WHY_NOT), reason=live_browser.WHY_NOT)

IMAGES = (*COMPOSITES[::3], "astronaut")
"""A few, for a browser without a graphics chip; the command compares all."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["landmarks", "fused"])
def test_browser_answers_as_python_does(name):
    images = [image for name, image in golden_images() if name in IMAGES]
    predictor = Predictor(name)
    with live_browser.served(Reader(predictor)) as address, live_browser.browser() as chromium:
        page = chromium.new_page()
        page.set_default_timeout(300_000)
        page.goto(f"{address}/live")
        differences = [compared(page, image, predictor) for image in images]
    assert len(differences) == 4
    assert None not in differences
    assert np.mean([difference.pixels for difference in differences]) < 0.5
    assert max(difference.pixels for difference in differences) < 1.5
    assert all(difference.same for difference in differences)
    assert max(difference.proba for difference in differences) < 0.2
