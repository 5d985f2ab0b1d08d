"""Quantize a graph's convolutions to int8: half the time, at the same accuracy.

The shipped fused model on 3,589 images of FER2013: 2.2 times as fast, see docs/RESULTS.md for what
it answers.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from classifiers.models.onnx_export import ExportError, store_float16

TOLERANCE = 0.03
"""Largest mean difference of a quantized graph's probabilities from the graph's before."""

_BATCH = 32


def quantized(content: bytes, inputs: dict[str, np.ndarray]) -> bytes:
    """Quantize the convolutions of a graph to int8.

    Static quantization: weights by channel, and activations in the range that they have for the
    inputs. Weights take 7 of 8 bits, since processors without VNNI overflow otherwise.

    Parameters
    ----------
    content : bytes
        From `classifiers.models.onnx_export.exported`.
    inputs : dict of str to ndarray
        Some hundred real rows.

    Returns
    -------
    bytes
        An ONNX model of the same inputs and output. The same graph and rows give the same bytes.

    Raises
    ------
    classifiers.models.onnx_export.ExportError
        If the probabilities differ by more than `TOLERANCE` on average.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder, "plain.onnx"), Path(folder, "small.onnx")
        # BatchNorm is multiplied into the convolutions.
        quant_pre_process(onnx.load_from_string(content), plain, skip_symbolic_shape=True)
        quantize_static(
            plain,
            small,
            _Rows(inputs),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        graph = onnx.load(small)
    store_float16(graph)
    made = graph.SerializeToString(deterministic=True)
    gap = np.abs(_proba(made, inputs) - _proba(content, inputs)).mean()
    if not gap <= TOLERANCE:
        raise ExportError(
            f"Expected the quantized graph to agree with the graph within {TOLERANCE} on average, "
            f"got {gap:.1e}; report this with your table, nothing was written."
        )
    return made


class _Rows(CalibrationDataReader):
    """Gives the rows in batches, once."""

    def __init__(self, inputs: dict[str, np.ndarray]):
        n = len(next(iter(inputs.values())))
        self.batches = iter(
            [
                {name: values[start : start + _BATCH] for name, values in inputs.items()}
                for start in range(0, n, _BATCH)
            ]
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return a batch, None after the last."""
        return next(self.batches, None)


def _proba(content: bytes, inputs: dict[str, np.ndarray]) -> np.ndarray:
    """Return a graph's probabilities."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0]
