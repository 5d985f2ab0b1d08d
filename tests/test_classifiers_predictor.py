import json
import subprocess
import sys

import numpy as np
import pytest

from classifiers.bundle.bundle import CARD, FILES, MANIFEST, MODEL, BundleError, save_bundle
from classifiers.inference import predictor as module
from classifiers.inference.predictor import Predictor
from classifiers.inference.shifts import RELATIVE, SCALE, neutral_shift, shifted
from classifiers.models.calibration import Calibration, calibrated
from classifiers.models.mlp_onnx import to_onnx
from classifiers.models.pipeline import tta_proba
from landmarks.detection.detector import MESH_VERSION, Face
from landmarks.images import ImageError
from landmarks.mesh import CANONICAL, REGIONS
from tests.helpers.small_bundle import MANIFEST as FIELDS
from tests.helpers.small_model import CLASSES, faces, small_pipeline

CALIBRATION = Calibration(np.array([0.7, 0.9, 1.2]), np.array([0.1, -0.3, 0.2]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    manifest = FIELDS | {
        "classes": list(CLASSES),
        "mesh": MESH_VERSION,
        "meshes": 2,
        "prior": [1 / len(CLASSES)] * len(CLASSES),
        "uncertain_threshold": 0.5,
        "neutral_face": CANONICAL.astype(float).tolist(),
    }
    model = to_onnx(small_pipeline(), CALIBRATION, faces(5)[0])
    files = dict.fromkeys(FILES, b"never unpickled") | {MODEL: model, CARD: b""}
    return save_bundle(tmp_path_factory.mktemp("bundles") / "small", manifest, files)


def test_answers_are_calibrated_and_averaged_over_the_mirror_image(folder):
    points, _ = faces(6, seed=2)
    expected = calibrated(tta_proba(small_pipeline(), points), CALIBRATION)
    both = Predictor(folder).predict_proba(points)
    np.testing.assert_allclose(both, expected.mean(axis=0), atol=2e-5)
    alone = Predictor(folder, mirror=False).predict_proba(points)
    np.testing.assert_allclose(alone, expected[0], atol=2e-5)


def test_no_faces_give_no_rows(folder):
    assert Predictor(folder).predict_proba(np.zeros((0, 468, 3))).shape == (0, 3)


def test_another_shape_is_refused(folder):
    with pytest.raises(ValueError, match="drop the iris points"):
        Predictor(folder).predict_proba(np.zeros((1, 478, 3)))


class FixedDetector:
    def __init__(self, points):
        self.points = points

    def detect(self, _, meshes):
        return [Face(points) for points in self.points]


def test_a_reading_says_what_each_face_shows(folder, monkeypatch):
    points, y = faces(2, seed=4)
    monkeypatch.setattr(module, "shared_detector", lambda detector: FixedDetector(points))
    prediction = Predictor(folder).predict(np.zeros((50, 40, 3), dtype=np.uint8))
    assert (prediction.width, prediction.height, prediction.reason) == (40, 50, "")
    assert [face.expression for face in prediction.faces] == list(y)
    first = prediction.faces[0]
    ranked = sorted(first.confidences, key=first.confidences.get, reverse=True)
    assert [first.expression, first.second] == ranked[:2]
    assert tuple(first.confidences) == CLASSES
    assert list(first.explanation()) == list(REGIONS)
    moved = first.explanation()
    assert max(moved, key=moved.get) == "mouth"
    entry = json.loads(json.dumps(prediction.to_json("me.png")))
    assert entry["image"] == "me.png"
    assert entry["reason"] == ""
    assert entry["faces"][0]["box"] == list(first.face.box)
    assert entry["faces"][0]["confidences"] == first.confidences
    assert not {"points", "explanation"} & set(entry["faces"][0])
    more = prediction.to_json("me.png", points=True, explain=True)["faces"][0]
    np.testing.assert_allclose(more["points"], first.face.points, atol=0.006)
    assert more["explanation"] == moved


def test_below_the_threshold_it_is_uncertain(folder, monkeypatch):
    points, _ = faces(1, seed=4)
    monkeypatch.setattr(module, "shared_detector", lambda detector: FixedDetector(points))
    predictor = Predictor(folder)
    assert not predictor.predict(np.zeros((9, 9, 3), dtype=np.uint8)).faces[0].uncertain
    predictor.min_confidence = 1.01
    assert predictor.predict(np.zeros((9, 9, 3), dtype=np.uint8)).faces[0].uncertain


def test_no_face_is_a_reason(folder, monkeypatch):
    monkeypatch.setattr(module, "shared_detector", lambda detector: FixedDetector([]))
    prediction = Predictor(folder).predict(np.zeros((9, 9, 3), dtype=np.uint8))
    assert prediction.to_json("x") == {
        "image": "x",
        "model": "small",
        "width": 9,
        "height": 9,
        "faces": [],
        "reason": "no-face",
    }


def test_bytes_that_are_no_image_raise(folder):
    with pytest.raises(ImageError):
        Predictor(folder).predict(b"not an image")


def test_a_model_of_other_classes_is_refused(folder, tmp_path):
    manifest = json.loads((folder / MANIFEST).read_text()) | {
        "classes": ["a", "b"],
        "prior": [0.5, 0.5],
    }
    files = {name: (folder / name).read_bytes() for name in FILES}
    other = save_bundle(tmp_path / "other", manifest, files)
    with pytest.raises(BundleError, match="2 classes, got 3"):
        Predictor(other)


def test_a_model_that_is_none_is_refused(folder, tmp_path):
    manifest = json.loads((folder / MANIFEST).read_text())
    other = save_bundle(tmp_path / "other", manifest, dict.fromkeys(FILES, b"?"))
    with pytest.raises(BundleError, match="none that loads"):
        Predictor(other)


def test_serving_imports_neither_torch_nor_sklearn_nor_pandas():
    code = (
        "import sys, classifiers.inference.predictor; "
        "print({'torch', 'sklearn', 'pandas', 'joblib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_confidences_relative_to_a_neutral_photograph(portrait):
    absolute = Predictor("landmarks")
    relative = absolute.relative_to([portrait])
    (face,) = relative.predict(portrait).faces
    confidences = absolute.predict(portrait).faces[0].confidences
    proba = np.array([list(confidences.values())])
    shift = neutral_shift(proba, absolute.classes, RELATIVE[False])
    expected = dict(zip(absolute.classes, shifted(proba, shift, SCALE)[0], strict=True))
    assert face.expression == "neutral"
    assert face.confidences == pytest.approx(expected, abs=1e-3)
    (same,) = absolute.predict(portrait, neutral=[portrait]).faces
    assert same.confidences == face.confidences
    assert absolute.predict(portrait).faces[0].expression == "happy"


def test_a_neutral_photograph_without_a_face_is_one_sentence(portrait):
    nobody = np.full((200, 200, 3), 90, np.uint8)
    with pytest.raises(ValueError, match="found none in number 2; name another"):
        Predictor("landmarks").relative_to([portrait, nobody])


def test_another_prior_moves_the_confidences(portrait):
    usual, even = Predictor("landmarks"), Predictor("landmarks", prior="uniform")
    points = np.stack([face.face.points for face in usual.predict(portrait).faces])
    odds = even.predict_proba(points) / usual.predict_proba(points)
    shares = np.array(usual.manifest["prior"])
    np.testing.assert_allclose(odds[0] * shares, (odds[0] * shares)[0], rtol=1e-3)
    np.testing.assert_allclose(even.predict_proba(points).sum(axis=1), 1, rtol=1e-6)
