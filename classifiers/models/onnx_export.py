"""Export a PyTorch module to ONNX: any number of rows, small, and without machine paths."""

import logging
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

OPSET = 18
TOLERANCE = 1e-4
"""Largest difference of the graph's probabilities, in float32, from the trained model's."""

MIN_FLOAT16_SIZE = 1024
"""Constants of fewer numbers stay float32: float16 would save nothing."""


class ExportError(RuntimeError):
    """The graph's probabilities differ from the trained model's."""


def exported(module: nn.Module, examples: dict[str, torch.Tensor], optimize: bool = True) -> bytes:
    """Export a module whose output is ``proba``.

    Parameters
    ----------
    module : nn.Module
        In evaluation mode.
    examples : dict of str to Tensor
        An example of each input, of two rows or more, in the order of the module's arguments.
    optimize : bool, default True
        Let the exporter simplify the graph, which may change weights by a rounding.

    Returns
    -------
    bytes
        An ONNX model for any number of rows. Weights that float16 holds exactly are stored in it.
        The same module gives the same bytes.
    """
    graph = _exported(module, examples, optimize)
    store_float16(graph)
    return graph.SerializeToString(deterministic=True)


def check_proba(content: bytes, inputs: dict[str, np.ndarray], proba: np.ndarray) -> None:
    """Compare a graph's probabilities with the trained model's.

    Parameters
    ----------
    content : bytes
        From `exported`.
    inputs : dict of str to ndarray
    proba : ndarray of float, shape (n, k)
        The trained model's, for the inputs.

    Raises
    ------
    ExportError
        If a probability differs by more than `TOLERANCE`.
    """
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    gap = np.abs(session.run(None, inputs)[0] - proba).max()
    if not gap <= TOLERANCE:
        raise ExportError(
            f"Expected the ONNX graph to agree with the trained model within {TOLERANCE}, got "
            f"{gap:.1e}; report this with your table, nothing was written."
        )


def _exported(
    module: nn.Module, examples: dict[str, torch.Tensor], optimize: bool
) -> onnx.ModelProto:
    """Export with any number of rows, and without traces of the machine that did it."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    rows = {0: torch.export.Dim("n")}
    with warnings.catch_warnings():
        # PyTorch warns of its own deprecated calls.
        warnings.simplefilter("ignore", FutureWarning)
        # The rows of all inputs are one number, which needs one name only.
        warnings.filterwarnings("ignore", "# The axis name", UserWarning)
        program = torch.onnx.export(
            module,
            tuple(examples.values()),
            dynamo=True,
            verbose=False,
            optimize=optimize,
            opset_version=OPSET,
            input_names=list(examples),
            output_names=["proba"],
            dynamic_shapes=dict.fromkeys(examples, rows),
        )
    model = program.model_proto
    model.doc_string = ""
    # PyTorch notes the source line of each operation, with its path on this machine.
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info):
        del part.metadata_props[:]
    for part in (*model.graph.node, *model.graph.input, *model.graph.output):
        part.doc_string = ""
    _make_biases_constant(model)
    return model


def _make_biases_constant(model: onnx.ModelProto) -> None:
    """Turn the casts of constants "like" a layer's output into casts to float32.

    PyTorch writes a convolution without bias with one of zeros in the type of its input. The
    runtime sees no constant there and leaves BatchNorm beside it, which takes half as long again.
    """
    for node in model.graph.node:
        if node.op_type == "CastLike":
            cast = helper.make_node("Cast", node.input[:1], node.output, to=TensorProto.FLOAT)
            node.CopyFrom(cast)


def store_float16(model: onnx.ModelProto) -> None:
    """Store weights that float16 holds exactly as such, with a Cast back to float32.

    The runtime casts once, when it loads the graph.
    """
    casts, kept = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):  # what is too large for float16 stays as it is
            rounded = values.astype(np.float16) if tensor.data_type == TensorProto.FLOAT else values
        if rounded is values or values.size < MIN_FLOAT16_SIZE or (rounded != values).any():
            kept.append(tensor)
            continue
        stored = f"{tensor.name}_float16"
        kept.append(numpy_helper.from_array(rounded, stored))
        casts.append(helper.make_node("Cast", [stored], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:], model.graph.value_info[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
