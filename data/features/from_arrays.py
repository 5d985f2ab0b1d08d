"""Faces that were found elsewhere, such as in a browser, as the files of a feature folder."""

import json

import numpy as np

from data.features.schema import (
    DECIMALS,
    FORMAT,
    MANIFEST,
    PIXELS,
    PIXELS_HEADER,
    file_stem,
    header_line,
    row_line,
)
from data.sources import NO_SPLIT
from landmarks import __version__
from landmarks.detection.detector import DEFAULT_MESHES, MESH_VERSION


def feature_files(points: np.ndarray, y: np.ndarray, sizes: np.ndarray) -> dict[str, bytes]:
    """Return what ``make features`` would write, but for pixel hashes.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 468, 3)
        In pixels of each face's picture.
    y : ndarray of str, shape (n,)
    sizes : ndarray of int, shape (n, 2)
        Width and height of each picture, in pixels.

    Returns
    -------
    dict of str to bytes
        Content of each file by its path in the folder; `data.features.table.read_table` reads
        them. A picture's name is its number among the n, so that a class's pictures keep their
        order.
    """
    files, counts, hashes = {}, {}, [PIXELS_HEADER]
    for label in np.unique(y).tolist():
        lines = [header_line()]
        for i in np.flatnonzero(y == label):
            row = {"image": f"{i:05}", "label": label, "split": NO_SPLIT, "face": 1}
            row |= {"width": sizes[i, 0], "height": sizes[i, 1], "success": 1, "reason": ""}
            lines.append(row_line(row | {"points": points[i]}))
            hashes.append(f"{i:05}\t{NO_SPLIT}\t{label}\t\n")
        files[f"{NO_SPLIT}/{file_stem(label)}.csv"] = "".join(lines).encode()
        counts[label] = _counted(len(lines) - 1)
    manifest = {
        "format": FORMAT,
        "mien": __version__,
        "mesh": MESH_VERSION,
        "meshes": DEFAULT_MESHES,
        "decimals": DECIMALS,
        **_counted(len(y)),
        "splits": {NO_SPLIT: counts},
        "files": {name: len(content) for name, content in files.items()},
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    return {**files, PIXELS: "".join(hashes).encode(), MANIFEST: text.encode()}


def _counted(images: int) -> dict[str, int]:
    """Return the counts of pictures that all show a face."""
    return {"images": images, "found": images, "missed": 0, "unreadable": 0}
