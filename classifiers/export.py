"""A trained pipeline becomes one ONNX graph, from points in pixels to calibrated confidences."""

import logging
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.pipeline import Pipeline
from torch import nn

from classifiers.calibration import tempered
from classifiers.features import features
from classifiers.networks import Layers
from landmarks.mesh import CANONICAL, N_POINTS

OPSET = 18
TOLERANCE = 1e-4
"""How far the confidences of the graph, in float32, may lie from the pipeline's."""

SMALLEST_STORED = 1024
"""Constants of fewer numbers stay float32: halving them saves nothing."""


class ExportError(RuntimeError):
    """The graph does not answer as the pipeline does."""


class _Served(nn.Module):
    """The pipeline's arithmetic in PyTorch, for the export alone."""

    def __init__(self, pipeline: Pipeline, temperature: float):
        super().__init__()
        scaler, pca = pipeline["scaler"], pipeline["pca"]
        self.mean, self.scale = _tensor(scaler.mean_), _tensor(scaler.scale_)
        self.components = _tensor(pca.components_.T)
        self.offset = _tensor(pca.mean_ @ pca.components_.T)
        self.networks = [
            [(_tensor(weight), _tensor(bias)) for weight, bias in layers]
            for layers in pipeline["classifier"].networks_
        ]
        self.temperature = temperature

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        """Return proba (n, k) of points (n, 468, 3)."""
        X = (features(points) - self.mean) / self.scale
        X = X @ self.components - self.offset
        # Kept as logarithms: a float32 probability of 0 would lose what the temperature needs.
        logs = torch.stack([_log_proba(layers, X) for layers in self.networks])
        average = torch.logsumexp(logs, dim=0) if len(self.networks) > 1 else logs[0]
        return torch.softmax(average / self.temperature, dim=1)


def to_onnx(pipeline: Pipeline, temperature: float, points: np.ndarray) -> bytes:
    """Export a trained pipeline and check the graph against it.

    Parameters
    ----------
    pipeline : Pipeline
        From `classifiers.pipeline.fit_pipeline`.
    temperature : float
        See `classifiers.calibration`.
    points : ndarray of float32, shape (n, 468, 3)
        Real faces in pixels, on which graph and pipeline have to agree.

    Returns
    -------
    bytes
        An ONNX model: input ``points`` float32 (n, 468, 3), output ``proba`` float32 (n, k).
        The same pipeline gives the same bytes.

    Raises
    ------
    ExportError
        If a confidence differs by more than `TOLERANCE`.
    """
    graph = _exported(_Served(pipeline, temperature).eval())
    _store_halved(graph)
    content = graph.SerializeToString(deterministic=True)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    answers = session.run(None, {"points": points})[0]
    gap = np.abs(answers - tempered(pipeline.predict_proba(points), temperature)).max()
    if not gap <= TOLERANCE:
        raise ExportError(
            f"Expected the ONNX graph to agree with the trained pipeline within {TOLERANCE}, got "
            f"{gap:.1e}; report this with your table, nothing was written."
        )
    return content


def _exported(served: nn.Module) -> onnx.ModelProto:
    """Export with any number of faces, and without traces of the machine that did it."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    example = torch.from_numpy(np.stack([CANONICAL, CANONICAL * 2])).reshape(2, N_POINTS, 3)
    with warnings.catch_warnings():
        # PyTorch warns of its own old ways.
        warnings.simplefilter("ignore", FutureWarning)
        program = torch.onnx.export(
            served,
            (example,),
            dynamo=True,
            verbose=False,
            opset_version=OPSET,
            input_names=["points"],
            output_names=["proba"],
            dynamic_shapes={"points": {0: torch.export.Dim("n")}},
        )
    model = program.model_proto
    model.doc_string = ""
    # PyTorch notes the source line of each operation, with its path on this machine.
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]
    for part in (*model.graph.node, *model.graph.input, *model.graph.output):
        part.doc_string = ""
    return model


def _store_halved(model: onnx.ModelProto) -> None:
    """Store weights that float16 holds exactly as such, with a Cast back to float32.

    The runtime casts once, when it loads the graph.
    """
    casts, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        halved = values.astype(np.float16) if tensor.data_type == TensorProto.FLOAT else values
        if halved is values or values.size < SMALLEST_STORED or (halved != values).any():
            kept.append(tensor)
            continue
        stored = f"{tensor.name}_float16"
        kept.append(numpy_helper.from_array(halved, stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:], model.graph.value_info[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def _log_proba(layers: Layers, X: torch.Tensor) -> torch.Tensor:
    for weight, bias in layers[:-1]:
        X = torch.relu(X @ weight + bias)
    weight, bias = layers[-1]
    return torch.log_softmax(X @ weight + bias, dim=1)


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float32)
