"""Fine-tune a fused network: find the networks of a bundle, and start from their weights."""

from typing import NamedTuple

import numpy as np

from classifiers.bundle.bundle import WEIGHTS, load_manifest, resolve, train_pixels
from classifiers.models.ensemble import FusedModel, read_weights
from classifiers.models.fused import NetworkConfig
from classifiers.training.dataset import Rows
from data.console import warn
from data.duplicates import group_by_mesh

SIZES = ("landmarks", "stem", "widths", "blocks", "hidden")
"""Settings that a network keeps."""


class InitialNetworks(NamedTuple):
    """Trained networks.

    ``origin`` names their weights, ``pixels`` holds the hashes of the images that trained or
    validated them.
    """

    models: tuple[FusedModel, ...]
    origin: str
    pixels: frozenset[str]


def find_initial_networks(bundle: str) -> InitialNetworks:
    """Read the networks that a training starts from.

    Parameters
    ----------
    bundle : str
        Folder of a bundle of `fused` or `cnn`, or the name of an included one.

    Raises
    ------
    BundleError
        If there is no such bundle, or it is damaged.
    ValueError
        If it holds no such networks.
    """
    folder = resolve(bundle)
    digests = load_manifest(folder)["files"]
    try:
        models = tuple(read_weights(folder / WEIGHTS).models)
    except ValueError as error:
        raise ValueError(
            f"Expected a bundle of fused or cnn in {bundle}, got one without their weights; "
            "name another with WEIGHTS=."
        ) from error
    origin = f"the weights of {folder.name}, SHA-256 {digests[WEIGHTS][:16]}"
    return InitialNetworks(models, origin, train_pixels(folder))


def unseen_validation(
    initial: InitialNetworks, rows: Rows, held_out: np.ndarray
) -> tuple[np.ndarray, int]:
    """Leave out validation rows that had a part in the initial networks; say where some stay.

    A fine-tuned model's figures and confidences on them would be too high. They train it instead,
    unless a class then had no validation rows: all stay in that case.

    Parameters
    ----------
    initial : InitialNetworks
    rows : Rows
    held_out : ndarray of bool, shape (n,)
        From `classifiers.training.read_dataset.hold_out`.

    Returns
    -------
    held_out : ndarray of bool, shape (n,)
    n_seen : int
        Those among them that had a part.
    """
    seen = held_out & seen_rows(initial, rows)
    unseen = held_out & ~seen
    if set(rows.y[unseen]) == set(rows.y[held_out]):
        return unseen, 0
    warn(
        f"{seen.sum():,} of {held_out.sum():,} validation images had a part in these weights: "
        "figures and confidences will be too high, and the last epoch is kept. Measure the model "
        "on other images."
    )
    return held_out, int(seen.sum())


def seen_rows(initial: InitialNetworks, rows: Rows) -> np.ndarray:
    """Return which photographs, also as other copies, had a part in the networks, bool (n,)."""
    seen = np.isin(rows.pixels, list(initial.pixels - {""}))
    if not seen.any():
        return seen  # grouping takes a while
    photographs = group_by_mesh(rows.points, rows.pixels)
    return np.isin(photographs, photographs[seen])


def check_sizes(model: FusedModel, config: NetworkConfig) -> None:
    """Refuse to start a network from one of another size.

    Raises
    ------
    ValueError
        If a setting of `SIZES` differs.
    """
    for name in SIZES:
        expected, got = getattr(model.network.config, name), getattr(config, name)
        if expected != got:
            raise ValueError(
                f"Expected {name} {_text(expected)} as in the bundle that WEIGHTS= names, got "
                f"{_text(got)}; set the same, or name another bundle."
            )


def _text(value: object) -> str:
    return str(list(value) if isinstance(value, tuple) else value)
