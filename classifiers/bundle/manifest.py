"""What a bundle says about itself, believed only as far as it can be checked.

JSON allows more than a manifest may hold: the same key twice, of which one reader takes this and
another that, NaN, infinities, and depths that no reader survives.
"""

import json
import math
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"

FORMAT = 3
"""Version of the layout; a bundle of another version is refused."""

MESHES = (1, 2, 4)
"""Meshes whose mean a model may want for a face, see `landmarks.detection.detector`."""

LANDMARK_INPUTS, PIXEL_INPUTS = ["points"], ["points", "crops", "has_points"]
"""Inputs of a model's graph: of one that takes landmarks alone, of one that takes pixels, too."""

MAX_MANIFEST_BYTES = 16 * 1024**2
"""Largest manifest: a hundred of the shipped ones."""

_TYPES = {
    "name": str,
    "version": str,
    "classes": list,
    "mesh": str,
    "meshes": int,
    "inputs": list,
    "seed": int,
    "calibration": dict,
    "prior": list,
    "uncertain_threshold": float,
    "training_seconds": float,
    "neutral_face": list,
    "metrics": dict,
    "data": dict,
    "files": dict,
}


class BundleError(ValueError):
    """A bundle that is missing, damaged or doesn't fit; the message is one sentence."""


def is_plain(path: Path) -> bool:
    """Return whether a path is a file of its own: a link could lead out of the bundle."""
    return path.is_file() and not path.is_symlink()


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest and check its format, its fields and its classes.

    Raises
    ------
    BundleError
        If it is missing, a link, too large or no JSON of the expected fields, names a key twice,
        or if its classes and its calibration don't fit.
    """
    try:
        if not is_plain(path) or path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ValueError("a link or too large")
        manifest = json.loads(
            path.read_text("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_number
        )
        version = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(
            f"Expected a bundle's manifest in {path}, found none that can be read; "
            "name a folder that make train wrote."
        ) from error
    if version != FORMAT or isinstance(version, bool):
        raise BundleError(
            f"Expected a bundle of format {FORMAT}, got {version} in {path}; train it again "
            "with this version."
        )
    for key, kind in _TYPES.items():
        if not isinstance(manifest.get(key), kind):
            raise BundleError(f"Expected {key} in {path}, found none that fits; train it again.")
    _check_numbers(manifest, path)
    _check_inputs(manifest, path)
    _check_classes(manifest, path)
    return manifest


def takes_pixels(manifest: dict[str, Any]) -> bool:
    """Return whether a bundle's model takes the crop of a face beside its landmarks."""
    return manifest["inputs"] == PIXEL_INPUTS


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of a manifest; of two equal keys one reader would see this, another that."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that comes twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _check_numbers(manifest: dict[str, Any], path: Path) -> None:
    """Check that the threshold is a confidence and that so many meshes can be averaged."""
    if not 0 <= manifest["uncertain_threshold"] <= 1:
        raise BundleError(f"Expected an uncertain_threshold of 0..1 in {path}; train it again.")
    if manifest["meshes"] not in MESHES:
        raise BundleError(
            f"Expected meshes of {MESHES} in {path}, got {manifest['meshes']}; train it again."
        )


def _check_inputs(manifest: dict[str, Any], path: Path) -> None:
    """Check that the inputs are known, and that a model of pixels has a neutral face's."""
    inputs = manifest["inputs"]
    if inputs not in (LANDMARK_INPUTS, PIXEL_INPUTS):
        raise BundleError(
            f"Expected inputs {LANDMARK_INPUTS} or {PIXEL_INPUTS} in {path}, got {inputs}; "
            "train it again."
        )
    if takes_pixels(manifest) and not isinstance(manifest.get("neutral_crop"), list):
        raise BundleError(f"Expected neutral_crop in {path}, found none that fits; train it again.")


def _check_classes(manifest: dict[str, Any], path: Path) -> None:
    """Check that the classes are names and that the calibration is theirs."""
    classes = manifest["classes"]
    if not all(isinstance(name, str) and name.isprintable() and name for name in classes):
        raise BundleError(f"Expected names for classes in {path}, got others; train it again.")
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise BundleError(f"Expected two different classes or more in {path}, got {classes}.")
    prior = manifest["prior"]
    if not (_are_numbers(prior, len(classes)) and min(prior) > 0):
        raise BundleError(f"Expected a share of each class as prior in {path}; train it again.")
    for key, values in manifest["calibration"].items():
        if isinstance(values, list) and not _are_numbers(values, len(classes)):
            raise BundleError(
                f"Expected a number a class in {path}'s calibration, got another {key}; "
                "train it again."
            )


def _are_numbers(values: list[Any], count: int) -> bool:
    """Whether a list holds so many finite numbers (1e999 is read as infinity)."""
    return len(values) == count and all(
        isinstance(value, int | float) and math.isfinite(value) for value in values
    )
