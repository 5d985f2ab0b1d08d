"""Say in an ONNX file what its inputs and its output mean, for those who run it without Mien."""

import json
from collections.abc import Mapping
from typing import Any

import onnx

UNITS = {
    "points": "468 Face Mesh landmarks of a face in pixels: x right, y down, z away",
    "crops": "the upright face in grey, 0 to 255, see landmarks/face_crop.py",
    "has_points": "1, or 0 for a face that has a crop alone",
    "proba": "calibrated confidences, 0 to 1, in the order of classes; of a face and its mirror "
    "image take the mean",
}
"""Input or output of a graph -> what its numbers are."""

COPIED = ("version", "mesh", "meshes", "uncertain_threshold")
"""Keys of the manifest that the metadata have, too; not the name, which is the folder's."""


def described(content: bytes, manifest: Mapping[str, Any]) -> bytes:
    """Put a bundle's classes, threshold, mesh and units into its ONNX file.

    Parameters
    ----------
    content : bytes
        An ONNX model; metadata that it has are replaced.
    manifest : mapping
        The bundle's.

    Returns
    -------
    bytes
        The same graph, with texts in ``metadata_props``: the keys of `COPIED`, ``classes`` as a
        JSON list, and ``units.`` followed by the name of each input and output.
    """
    model = onnx.load_from_string(content)
    ends = [*model.graph.input, *model.graph.output]
    units = {f"units.{end.name}": UNITS[end.name] for end in ends}
    props = {key: str(manifest[key]) for key in COPIED} | units
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, props | {"classes": json.dumps(manifest["classes"])})
    return model.SerializeToString(deterministic=True)
