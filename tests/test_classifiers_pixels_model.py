import json
from dataclasses import asdict

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from classifiers.models import fused_onnx
from classifiers.models.calibration import Calibration, calibrated
from classifiers.models.ensemble import CONFIG, Ensemble, FusedModel, saved_weights
from classifiers.models.fused import FusedNetwork
from classifiers.models.fused_onnx import fused_to_onnx
from classifiers.models.onnx_export import TOLERANCE, ExportError
from landmarks.mesh import mirrored
from tests.helpers.small_fused import arrays, rows, small_network

CALIBRATION = Calibration(np.array([0.7, 0.9, 1.2]), np.array([0.1, -0.3, 0.2]))


@pytest.fixture(scope="module")
def model():
    preprocessing, prepared = arrays()
    torch.manual_seed(0)
    config = small_network(prepared.X.shape[2], widths=(16, 24), hidden=(32,))
    return Ensemble([FusedModel(FusedNetwork(config), preprocessing) for _ in range(2)])


def inputs(n=12):
    made = rows(n, seed=4)
    return made.points, made.crops, made.has_points.astype(np.float32)


def test_the_model_prepares_points_as_training_did(model):
    made, prepared = rows(), arrays()[1]
    points, flags = made.points[:5], torch.ones(5)
    crops = torch.from_numpy(made.crops[:5])
    seen = []
    branch = model.models[0].network.landmark_branch
    branch.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    model(torch.from_numpy(points), crops, flags)
    torch.testing.assert_close(seen[0], prepared.X[:5, 0].float(), atol=0.02, rtol=0.01)


def test_it_answers_with_and_without_points(model):
    proba = model.predict_proba(*inputs())
    assert proba.shape == (12, 3)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert np.isfinite(proba).all()


def test_the_mirror_image_s_mirror_image_is_the_face(model):
    points, crops, has_points = inputs()
    straight, turned = model.tta_proba(points, crops, has_points)
    again = model.tta_proba(mirrored(points), crops[:, :, ::-1], has_points)
    np.testing.assert_allclose(again, [turned, straight], atol=1e-5)
    assert np.abs(straight - turned).max() > 1e-4


def test_a_file_has_the_weights_and_the_configurations(model, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(saved_weights(model))
    with safe_open(path, "pt") as file:
        configs = json.loads(file.metadata()[CONFIG])
    assert configs == json.loads(json.dumps([asdict(m.network.config) for m in model.models]))
    loaded = Ensemble([FusedModel(FusedNetwork(m.network.config)) for m in model.models])
    loaded.load_state_dict(load_file(path))
    np.testing.assert_array_equal(loaded.predict_proba(*inputs()), model.predict_proba(*inputs()))


def test_an_ensemble_answers_the_mean_of_its_networks(model):
    one, other = (member.predict_proba(*inputs()) for member in model.models)
    np.testing.assert_allclose(model.predict_proba(*inputs()), (one + other) / 2, atol=1e-6)
    assert np.abs(one - other).max() > 1e-3


@pytest.fixture(scope="module")
def exported(model):
    return fused_to_onnx(model, CALIBRATION, *inputs())


@pytest.mark.parametrize("n", [1, 2, 12])
def test_the_graph_answers_as_the_model(model, exported, n):
    points, crops, has_points = (values[-n:] for values in inputs())
    session = onnxruntime.InferenceSession(exported)
    feeds = {"points": points, "crops": crops, "has_points": has_points}
    expected = calibrated(model.predict_proba(points, crops, has_points), CALIBRATION)
    np.testing.assert_allclose(session.run(None, feeds)[0], expected, atol=TOLERANCE)


def test_the_graph_is_small_and_says_nothing_of_its_maker(exported):
    assert b".py" not in exported
    assert b"/site-packages" not in exported
    sizes = {
        tensor.data_type: tensor.ByteSize()
        for tensor in onnx.load_from_string(exported).graph.initializer
        if np.prod(tensor.dims) > 2000
    }
    assert list(sizes) == [onnx.TensorProto.FLOAT16]


def test_a_graph_that_answers_otherwise_is_refused(model, exported, monkeypatch):
    monkeypatch.setattr(fused_onnx, "exported", lambda *_, **__: exported)
    monkeypatch.setattr(fused_onnx, "calibrated", lambda proba, calibration: proba[:, ::-1])
    with pytest.raises(ExportError, match="nothing was written"):
        fused_to_onnx(model, CALIBRATION, *inputs())


def test_a_model_of_pixels_alone_needs_no_points():
    torch.manual_seed(0)
    model = FusedModel(FusedNetwork(small_network(5, landmarks=False)))
    points, crops, has_points = inputs()
    proba = model.predict_proba(points, crops, has_points)
    np.testing.assert_array_equal(proba, model.predict_proba(points + 1, crops, has_points * 0))
    content = fused_to_onnx(model, CALIBRATION, points, crops, has_points)
    assert {entry.name for entry in onnxruntime.InferenceSession(content).get_inputs()} == {
        "points",
        "crops",
        "has_points",
    }
