"""The browser's answer beside Python's: points and expression of the same images.

`python -m tests.browser.parity` compares NASA's portrait and all composites by the model that is
served and says how far they differ; `tests/test_web_parity.py` asks the same of a few.
"""

import sys
from base64 import b64encode
from typing import NamedTuple

import numpy as np

from classifiers.inference.predictor import Predictor
from landmarks.images import read_image
from tests.helpers.golden_faces import SAMPLE
from tests.helpers.live_browser import browser, served
from tests.helpers.posting import PORTRAIT, encoded

READ = """async (encoded) => {
    const { openEngine } = await import("/static/live/runtime.js");
    const { findInPhoto } = await import("/static/live/photo-detector.js");
    const { pixelsOf } = await import("/static/live/resample.js");
    const { bundle, mesh, classifier } = await openEngine();
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const photo = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const [face] = await findInPhoto(mesh, photo, bundle.mirror, bundle.meshes);
    if (!face) return null;
    const [proba] = await classifier.predict([face.points], pixelsOf(photo));
    return { points: [...face.points], proba: [...proba] };
}"""


class Difference(NamedTuple):
    """How far apart the two answers to one image are.

    Attributes
    ----------
    pixels : float
        Mean distance of the points in the picture's plane, of a face scaled to 100 px width.
    same : bool
        Whether both name the same expression.
    proba : float
        Largest difference of a confidence.
    """

    pixels: float
    same: bool
    proba: float


def compared(page, image, predictor):
    """Compare the two answers to an RGB image; None where the browser finds no face."""
    found = page.evaluate(READ, b64encode(encoded(image)).decode())
    if found is None:
        return None
    (face, *_) = predictor.predict(image).faces
    points, proba = face.face.points, np.array(list(face.confidences.values()))
    there = np.reshape(found["points"], (-1, 3))
    apart = np.linalg.norm((there - points)[:, :2], axis=1).mean()
    return Difference(
        pixels=100 * apart / np.ptp(points[:, 0]),
        same=int(np.argmax(found["proba"])) == int(proba.argmax()),
        proba=float(np.abs(np.array(found["proba"]) - proba).max()),
    )


def summary(differences):
    """Return the sentence that states the difference."""
    found = [difference for difference in differences if difference]
    pixels = [difference.pixels for difference in found]
    same = sum(difference.same for difference in found)
    proba = np.mean([difference.proba for difference in found])
    return (
        f"{len(differences)} images, {len(found)} found in the browser: points "
        f"{np.mean(pixels):.2f} px apart on average ({max(pixels):.2f} at most) on a face 100 px "
        f"wide, the same expression on {same} ({100 * same / len(differences):.1f} %), "
        f"the confidences at most {proba:.3f} apart on average."
    )


def main():
    """Compare all composites, or every n-th with `python -m tests.browser.parity n`."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    paths = sorted(SAMPLE.rglob("*.png"))[::step]
    images = [
        ("portrait", read_image(PORTRAIT)),
        *((path.name, read_image(path)) for path in paths),
    ]
    predictor = Predictor()
    differences = []
    with served() as address, browser() as chromium:
        page = chromium.new_page()
        page.goto(f"{address}/live")
        for name, image in images:
            differences.append(compared(page, image, predictor))
            print(name, differences[-1], flush=True)
    print(summary(differences))


if __name__ == "__main__":
    main()
