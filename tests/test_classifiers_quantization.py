import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from classifiers.models import quantization
from classifiers.models.calibration import Calibration
from classifiers.models.ensemble import Ensemble, FusedModel
from classifiers.models.fused import FusedNetwork
from classifiers.models.fused_onnx import fused_to_onnx
from classifiers.models.onnx_export import ExportError
from tests.helpers.small_fused import arrays, rows, small_network
from tests.helpers.small_model import CLASSES

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graphs():
    """A graph, the same one quantized, and what they were made for."""
    torch.manual_seed(0)
    preprocessing, prepared = arrays()
    network = FusedNetwork(small_network(prepared.X.shape[2], stem=16, widths=(16, 32))).eval()
    model = Ensemble([FusedModel(network, preprocessing)])
    made, k = rows(36), len(CLASSES)
    flags = made.has_points.astype(np.float32)
    inputs = {"points": made.points, "crops": made.crops, "has_points": flags}
    plain = Calibration(np.ones(k), np.zeros(k))
    graph = fused_to_onnx(model, plain, *inputs.values())
    return graph, quantization.quantized(graph, inputs), inputs


def test_it_answers_nearly_the_same_with_convolutions_of_int8(graphs):
    graph, small, inputs = graphs
    before, after = (
        onnxruntime.InferenceSession(content).run(None, inputs)[0] for content in (graph, small)
    )
    assert 0 < np.abs(before - after).max() < 0.03
    kernels = [
        tensor.data_type
        for tensor in onnx.load_from_string(small).graph.initializer
        if len(tensor.dims) == 4
    ]
    assert set(kernels) == {onnx.TensorProto.INT8}


def test_it_is_the_same_each_time_and_says_nothing_of_its_maker(graphs):
    graph, small, inputs = graphs
    assert quantization.quantized(graph, inputs) == small
    assert b"/tmp" not in small
    assert b"/site-packages" not in small


def test_a_graph_that_answers_otherwise_is_refused(graphs, monkeypatch):
    monkeypatch.setattr(quantization, "TOLERANCE", 0.0)
    with pytest.raises(ExportError, match="nothing was written"):
        quantization.quantized(graphs[0], graphs[2])
