"""A bundle: the folder that holds a trained model and says everything about itself.

``manifest.json`` names the rest with their SHA-256: ``model.onnx`` is what is served,
``train_pixels.npy`` the pixel hashes of the training images, ``card.md`` the model card; the model
as it was trained, a pipeline in ``model.joblib`` (a pickle, which nothing here ever loads) or a
network's weights in ``network.safetensors``; and how it was trained and measured, see `REPORTS`.

The hashes tell a damaged or half-copied bundle from a whole one. They don't tell who made it: the
manifest names them and nobody signs it, so that whoever rewrites both is believed. Such a bundle
still runs no code, for what is served of it is a graph of the runtime's own operations; but its
predictions are what its maker likes.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.bundle.manifest import FORMAT, MANIFEST, BundleError, is_plain, read_manifest

MODEL, PICKLE, WEIGHTS, PIXELS, CARD = (
    "model.onnx",
    "model.joblib",
    "network.safetensors",
    "train_pixels.npy",
    "card.md",
)
REQUIRED = (MODEL, PIXELS, CARD)
CONFIG, CURVES, CURVES_PICTURE = "config.toml", "curves.csv", "curves.png"
TRAIN_METRICS, VALIDATION_METRICS = "train_metrics.json", "validation_metrics.json"
CONFUSION = "confusion.png"
REPORTS = (CONFIG, CURVES, CURVES_PICTURE, TRAIN_METRICS, VALIDATION_METRICS, CONFUSION)
"""How it was trained and measured, for people."""

FILES = (*REQUIRED, PICKLE, WEIGHTS, *REPORTS)

MAX_BYTES = 2 * 1024**3
"""Largest file of a bundle, which is ONNX's own limit."""

_PICKLED = (b"\x80", b"PK")
"""How pickles and PyTorch's zipped ones begin; only `PICKLE` may be one."""

_SAFETENSORS_HEAD = 8
"""Bytes of the header's length in a safetensors file, before the header, which is a JSON object."""

SHIPPED = Path(__file__).parents[1] / "pretrained"
DEFAULT_BUNDLE = "auto"
"""What the page and the commands use: the first of `PREFERRED` that is shipped."""

PREFERRED = ("fused", "landmarks")


class BundleNotWritable(BundleError):
    """A folder where no bundle can be written."""


def resolve(bundle: str | Path) -> Path:
    """Return the folder of a bundle.

    Parameters
    ----------
    bundle : str or Path
        Its folder, the name of a shipped one, or ``"auto"``, the most accurate shipped one.

    Raises
    ------
    BundleError
        If there is none.
    """
    names: Sequence[str | Path] = PREFERRED if bundle == DEFAULT_BUNDLE else (bundle,)
    for folder in (*(SHIPPED / name for name in names), Path(bundle)):
        if (folder / MANIFEST).is_file():
            return folder
    shipped = sorted(path.parent.name for path in SHIPPED.glob(f"*/{MANIFEST}"))
    raise BundleError(
        f"Expected a bundle's folder or a shipped one's name ({', '.join(shipped) or 'none yet'}), "
        f"got {bundle}; make one with make train."
    )


def save_bundle(folder: str | Path, manifest: dict[str, Any], files: dict[str, bytes]) -> Path:
    """Write a bundle whole, or not at all.

    Parameters
    ----------
    folder : str or Path
        Where it shall be; a bundle that is there is replaced.
    manifest : dict
        What the bundle says about itself; the format and the hashes are added.
    files : dict
        Content of each of `REQUIRED`, and of the model as it was trained.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    BundleError
        If `folder` holds something that is no bundle.
    BundleNotWritable
        On an I/O error.
    """
    folder = Path(folder)
    check_place(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            new, old = Path(beside, "new"), Path(beside, "old")
            new.mkdir()
            for name, content in checksummed(manifest, files).items():
                (new / name).write_bytes(content)
            if folder.exists():
                os.replace(folder, old)
            os.replace(new, folder)
    except OSError as error:
        raise BundleNotWritable(
            f"Expected to write a bundle to {folder}, got: {error.strerror}; name another OUT."
        ) from error
    return folder


def checksummed(manifest: dict[str, Any], files: dict[str, bytes]) -> dict[str, bytes]:
    """Return all files of a bundle: the given ones, and the manifest with format and checksums.

    Parameters
    ----------
    manifest : dict
    files : dict of str to bytes
        See `save_bundle`.
    """
    hashes = {name: sha256(content).hexdigest() for name, content in files.items()}
    text = json.dumps({"format": FORMAT, **manifest, "files": hashes}, indent=1) + "\n"
    return {**files, MANIFEST: text.encode()}


def check_place(folder: str | Path) -> None:
    """Raise a BundleError if a bundle written to `folder` would replace something else.

    Asked before training starts, so that hours are not lost to a wrong name.
    """
    folder = Path(folder)
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file()
    ):
        raise BundleError(
            f"Expected {folder} to be new, empty or a bundle, got something else; "
            "name another OUT, nothing there was touched."
        )
    parent = next(path for path in folder.absolute().parents if path.exists())
    if not (parent.is_dir() and os.access(parent, os.W_OK)):
        raise BundleNotWritable(
            f"Expected a folder that can be written to for {folder}, got {parent}; "
            "name another OUT."
        )


def load_manifest(folder: str | Path, mesh: str | None = None) -> dict[str, Any]:
    """Read a bundle's manifest after checking all that the bundle says.

    Parameters
    ----------
    folder : str or Path
        The bundle.
    mesh : str, optional
        Version of the mesh that the caller will feed it with, which has to be the bundle's.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    BundleError
        If a file is missing or altered, or format, mesh or classes don't fit.
    """
    folder = Path(folder)
    manifest = read_manifest(folder / MANIFEST)
    files = manifest["files"]
    for name in sorted({*REQUIRED, *files}):
        if name not in FILES or name not in files or not is_plain(folder / name):
            raise BundleError(f"Expected {name} in the bundle {folder}, found none; copy it anew.")
        _check_file(folder / name, files[name])
    extra = {path.name for path in folder.iterdir()} - {MANIFEST, *files}
    if extra:
        raise BundleError(
            f"Expected nothing in {folder} but what its manifest names, got {min(extra)!r}; "
            "move it out of the bundle."
        )
    if mesh is not None and manifest["mesh"] != mesh:
        raise BundleError(
            f"Expected a bundle for the mesh {mesh}, got {folder} for {manifest['mesh']}; "
            "make the features and train it again."
        )
    return manifest


def size_of(folder: Path) -> int:
    """Return the bytes of a bundle's files."""
    return sum(path.stat().st_size for path in folder.iterdir())


def train_pixels(folder: str | Path) -> frozenset[str]:
    """Return the pixel hashes (16 hexadecimal digits) of the images that trained a bundle."""
    path = Path(folder) / PIXELS
    try:
        hashes = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BundleError(f"Expected hashes in {path}, got none; copy the bundle anew.") from error
    return frozenset(f"{number:016x}" for number in hashes.tolist())


def _check_file(path: Path, expected: str) -> None:
    """Raise a BundleError if a file is too large, altered or of another kind than its name says."""
    if path.stat().st_size > MAX_BYTES:
        raise BundleError(f"Expected at most {MAX_BYTES} bytes in {path}, got more; copy it anew.")
    with path.open("rb") as file:
        head = file.read(_SAFETENSORS_HEAD + 1)
        file.seek(0)
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise BundleError(
            f"Expected {path} as the manifest's SHA-256 says, got another content; "
            "copy the bundle anew or train it again."
        )
    if path.name != PICKLE and _is_pickle(path, head):
        raise BundleError(
            f"Expected no pickle in {path}, got one; use no bundle of unknown origin."
        )


def _is_pickle(path: Path, head: bytes) -> bool:
    """Return whether a file begins as a pickle does, and not as the weights that its name says.

    A safetensors file begins with its header's length, whose lowest byte may be any.
    """
    length = int.from_bytes(head[:_SAFETENSORS_HEAD], "little")
    is_safetensors = (
        path.name == WEIGHTS
        and head[_SAFETENSORS_HEAD:] == b"{"
        and length <= path.stat().st_size - _SAFETENSORS_HEAD
    )
    return head.startswith(_PICKLED) and not is_safetensors
