import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from classifiers.bundle.bundle import MANIFEST, MODEL, PREFERRED, SHIPPED
from classifiers.bundle.manifest import read_manifest
from classifiers.models import mlp_onnx
from classifiers.models.calibration import Calibration, calibrated
from classifiers.models.onnx_export import TOLERANCE, ExportError
from classifiers.models.onnx_metadata import UNITS, described
from classifiers.models.pipeline import fit_pipeline, make_pipeline
from classifiers.models.torch_mlp import TorchMLPClassifier
from tests.helpers.small_model import faces, small_pipeline

CALIBRATION = Calibration(np.array([0.7, 0.9, 1.2]), np.array([0.1, -0.3, 0.2]))


def torch_pipeline():
    points, y = faces()
    classifier = TorchMLPClassifier(hidden=(64, 32), epochs=4, n_networks=2)
    return fit_pipeline(make_pipeline(classifier, 12), points, y)


@pytest.fixture(
    scope="module", params=[small_pipeline, pytest.param(torch_pipeline, marks=pytest.mark.slow)]
)
def exported(request):
    pipeline = request.param()
    return pipeline, mlp_onnx.to_onnx(pipeline, CALIBRATION, faces(20)[0])


@pytest.mark.parametrize("n", [1, 2, 33])
def test_the_graph_answers_as_the_pipeline(exported, n):
    pipeline, content = exported
    points, _ = faces(n, seed=5)
    session = onnxruntime.InferenceSession(content)
    answers = session.run(None, {"points": points})[0]
    expected = calibrated(pipeline.predict_proba(points), CALIBRATION)
    np.testing.assert_allclose(answers, expected, atol=TOLERANCE)


def test_the_graph_says_nothing_of_the_machine_that_made_it(exported):
    content = exported[1]
    assert b".py" not in content
    assert b"/site-packages" not in content


def test_large_weights_are_stored_in_two_bytes(exported):
    graph = onnx.load_from_string(exported[1]).graph
    large = [t for t in graph.initializer if np.prod(t.dims) > 2000 and t.dims[0] == 1413]
    assert [t.data_type for t in large] == [TensorProto.FLOAT16]


@pytest.mark.slow
def test_the_same_pipeline_gives_the_same_bytes(exported):
    pipeline, content = exported
    assert mlp_onnx.to_onnx(pipeline, CALIBRATION, faces(4)[0]) == content


def test_the_file_says_what_its_numbers_mean_and_answers_as_before(exported):
    manifest = {
        "version": "1", "mesh": "m 1", "meshes": 2, "uncertain_threshold": 0.25,
        "classes": ["a", "é", "c"],
    }  # fmt: skip
    once = described(exported[1], manifest)
    assert described(once, manifest) == once
    sessions = [onnxruntime.InferenceSession(content) for content in (exported[1], once)]
    about = sessions[1].get_modelmeta().custom_metadata_map
    assert json.loads(about.pop("classes")) == manifest.pop("classes")
    assert about == {key: str(value) for key, value in manifest.items()} | {
        f"units.{name}": UNITS[name] for name in ("points", "proba")
    }
    before, after = (session.run(None, {"points": faces(9)[0]})[0] for session in sessions)
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", PREFERRED)
def test_the_included_models_say_what_their_manifest_says(name):
    content = (SHIPPED / name / MODEL).read_bytes()
    assert described(content, read_manifest(SHIPPED / name / MANIFEST)) == content


def test_a_graph_that_answers_otherwise_is_refused(exported, monkeypatch):
    pipeline, content = exported
    monkeypatch.setattr(mlp_onnx, "exported", lambda *_: content)
    monkeypatch.setattr(mlp_onnx, "calibrated", lambda proba, calibration: proba[:, ::-1])
    with pytest.raises(ExportError, match="nothing was written"):
        mlp_onnx.to_onnx(pipeline, CALIBRATION, faces(3)[0])
