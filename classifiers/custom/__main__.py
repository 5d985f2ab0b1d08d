"""Train on a custom dataset: ``python -m classifiers.custom < dataset.npz > custom.zip``.

The server runs this for a visitor with classes of their own, in a process that is
bounded in memory and gone with all that it loaded.
"""

import os
import resource
import sys
import tempfile
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import typer

from classifiers.bundle.bundle import checksummed
from classifiers.custom.dataset import Dataset, DatasetError, from_npz
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.dataset import Rows
from classifiers.training.landmarks import train
from data.console import STOPPED, handle_errors
from data.duplicates import group_by_mesh
from data.features.from_arrays import feature_files
from data.processes import end_with_parent
from landmarks import __version__
from landmarks.detection.detector import MESH_VERSION

MEMORY = 2 * 1024**3
"""Bytes of data that the process may hold; PyTorch's exporter, the largest part, takes 0.6 GB."""

VALIDATION_SHARE = 0.25
"""More than a training on thousands of rows holds out: a tenth of ten frames is one."""

DATA_NAME = "custom classes, recorded on the page with the browser's mesh"


def main() -> None:
    """Read a dataset from stdin and write bundle and feature table to stdout, in one zip."""
    _keep_to_bounds()
    with handle_errors(DatasetError, stopped="Stopped; nothing was written."):
        content = train_to_zip(from_npz(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(content)


def train_to_zip(dataset: Dataset) -> bytes:
    """Train on a dataset.

    Returns
    -------
    bytes
        A zip: ``model/`` is a bundle as ``make train`` writes it, ``features/`` the feature table
        as ``make features`` does. The same dataset gives the same model.
    """
    held_out = last_of_each(dataset.y)
    unknown = np.full(len(dataset.y), "")
    rows = Rows(dataset.points, dataset.y, unknown, MESH_VERSION)
    options = TrainOptions(
        name="custom",
        version=__version__,
        data_name=DATA_NAME,
        # So few frames that none shall be lost to the model; those held out still measure it.
        refit=True,
        validation=_validation_note(rows, held_out),
    )
    manifest, files = train(rows, held_out, options)
    table = feature_files(dataset.points, dataset.y, dataset.sizes)
    return _zipped({"model": checksummed(manifest, files), "features": table})


def last_of_each(y: np.ndarray) -> np.ndarray:
    """Choose validation rows: the last quarter of each class, in the order of recording.

    Frames of a video are near copies of their neighbours, so rows drawn at random would be known
    already. A block at the end has one frame only whose neighbour trains, or is another take.

    Parameters
    ----------
    y : ndarray of str, shape (n,)

    Returns
    -------
    ndarray of bool, shape (n,)
        At least one row of each class, and not all.
    """
    held_out = np.zeros(len(y), dtype=bool)
    for name in np.unique(y):
        rows = np.flatnonzero(y == name)
        held_out[rows[-max(1, round(VALIDATION_SHARE * len(rows))) :]] = True
    return held_out


def _validation_note(rows: Rows, held_out: np.ndarray) -> str:
    """Describe the validation rows for the model card."""
    group = group_by_mesh(rows.points, rows.pixels)
    known = np.isin(group[held_out], group[~held_out]).mean()
    return (
        "these are the last quarter of each expression's frames, of the same session, and "
        f"{known:.0%} of them are near copies of frames that trained it: expect less on other "
        "days and of other people"
    )


def _zipped(folders: dict[str, dict[str, bytes]]) -> bytes:
    """Return folders of files as a zip whose bytes no clock changes."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for folder, files in folders.items():
            for name, content in files.items():
                archive.writestr(ZipInfo(f"{folder}/{name}"), content, ZIP_DEFLATED)
    return buffer.getvalue()


def _keep_to_bounds() -> None:
    """Bound memory, leave no folder behind, and end with the parent."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    # PyTorch's exporter makes this folder where there is none, and leaves it there, empty.
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = tempfile.gettempdir()
    end_with_parent(STOPPED)


if __name__ == "__main__":
    typer.run(main)
