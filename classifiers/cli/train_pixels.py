"""Train a model that looks at pixels, or go on with it, with a progress bar.

Fused, the same without landmarks, or one of the backbones known from ImageNet. After each epoch
the run can be stopped, and the same command goes on with it.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.bundle.bundle import save_bundle
from classifiers.cli.epochs import EpochLog
from classifiers.cli.training_summary import print_summary, training_errors
from classifiers.models.backbones import BACKBONES
from classifiers.training.backbone_weights import RANDOM, Weights, find_weights
from classifiers.training.bundle_content import TrainOptions
from classifiers.training.config import train_options
from classifiers.training.curves import read_run
from classifiers.training.fine_tuning import InitialNetworks, find_initial_networks
from classifiers.training.pixels import epochs_of, train_pixel_model
from classifiers.training.read_dataset import hold_out
from classifiers.training.read_pixel_dataset import read_fused_rows
from classifiers.training.report import report_files
from data.console import progress_bar, warn
from data.files import storage_errors


def train_pixels(
    table: Sequence[Path],
    images: Path,
    out: Path,
    settings: Mapping[str, Any],
    device: str,
    votes: Path | None,
    weights: str,
    keep_run: bool,
) -> None:
    """Read faces, train on them, write the bundle and print its metrics.

    Parameters
    ----------
    table : sequence of Path
    images, out : Path
        See `classifiers.cli.train.main` for all. Checkpoint and curves are in ``OUT-run``.
    settings : mapping
        All of `classifiers.training.config.with_defaults`.
    device : {"auto", "cpu", "cuda"}
    votes : Path, optional
        See `classifiers.training.read_pixel_dataset.read_fused_rows`.
    weights : str
        Of a backbone, see `classifiers.training.backbone_weights.find_weights`; of the others,
        see `classifiers.training.fine_tuning.find_initial_networks`.
    keep_run : bool
        Leave ``OUT-run`` there when all is done.

    Raises
    ------
    ValueError
        If the faces, or a run that is there, don't fit.
    """
    options = train_options(settings, out.absolute().name, device)
    run = out.with_name(f"{options.name}-run")
    stopped = f"Stopped; the same command goes on from the last epoch in {run}."
    with training_errors(stopped), storage_errors(run):
        initial = _found_weights(options.model, weights)
        manifest, files = _train(table, images, run, votes, options, initial)
        networks = read_run(run)
        files |= report_files(settings, networks, files)
        save_bundle(out, manifest, files)
        if not keep_run:
            shutil.rmtree(run)
    print_summary(manifest, files, out, networks)


def _found_weights(model: str, weights: str) -> Weights | InitialNetworks | None:
    """Return the weights that a training starts from, and print what they are."""
    if model in BACKBONES:
        found = find_weights(model, weights)
        warn(found.note)
        return found
    if weights in ("", RANDOM):
        return None
    networks = find_initial_networks(weights)
    warn(f"{model} starts from {networks.origin}.")
    return networks


def _train(
    table: Sequence[Path],
    images: Path,
    run: Path,
    votes: Path | None,
    options: TrainOptions,
    weights: Weights | InitialNetworks | None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read and train with a progress bar; return a bundle's content."""
    with progress_bar() as bar:
        task = bar.add_task("Reading faces", total=None)
        fused, rows = read_fused_rows(table, images, options.settings["classes"], votes)
        held_out = hold_out(rows)
        bar.remove_task(task)
        log = EpochLog(bar, epochs_of(options), _epochs_trained(run))
        return train_pixel_model(fused, rows, held_out, options, run, weights, log)


def _epochs_trained(run: Path) -> int:
    """Return how many epochs a run that goes on has behind it."""
    return sum(len(lines) for lines in read_run(run))
