"""Measure what each step of the fused recipe gives: ``python -m classifiers.pixels.ablation``.

Trials at the shipped model's full size would take a day on a laptop, so they are cut down alike:
half of the faces, half of the channels, an eighth of the epochs. All are measured on the same
validation rows, taken from train, which also choose the epoch; the test split is not read. A trial
whose line is there already is passed over, so that a stopped run goes on.
"""

import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from classifiers.pixels.arrays import FusedRows
from classifiers.pixels.augmentation import Augmentation
from classifiers.pixels.fit import ANY_CLASSES, fit_fused
from classifiers.pixels.model import Ensemble
from classifiers.pixels.recipe import TrainingConfig
from classifiers.pixels.rows import read_fused_rows
from classifiers.rows import hold_out
from classifiers.trials import append_line, line_of, read_trials
from data.errors import DataError

TABLE_NAME = "What one change of the fused recipe does, at a reduced size"
EPOCHS = 10
SMALL = replace(ANY_CLASSES, stem=16, widths=(24, 48, 96))
TEN_CROP_SHIFT = 2
"""How far the four other windows of ten-crop averaging lie from the middle one, in pixels."""

TRIALS: tuple[tuple[str, dict[str, dict[str, Any]]], ...] = (
    ("none", {}),
    ("other seed", {"training": {"seed": 1}}),
    ("no landmarks", {"network": {"landmarks": False}}),
    ("no pixels", {"network": {"pixels": False}}),
    ("no flip", {"augmentation": {"flip": False}}),
    ("no rotation", {"augmentation": {"rotation": 0.0}}),
    ("no shift", {"augmentation": {"shift": 0}}),
    ("no change of size", {"augmentation": {"scale": 0.0}}),
    ("no jitter", {"augmentation": {"jitter": 0.0}}),
    ("no erasing", {"augmentation": {"erasing": 0.0}}),
    ("no mixup", {"augmentation": {"mixup": 0.0}}),
    ("cutmix 0.2", {"augmentation": {"cutmix": 0.2}}),
    ("points never dropped", {"augmentation": {"drop_points": 0.0}}),
    ("no label smoothing", {"training": {"label_smoothing": 0.0}}),
    ("class weights", {"training": {"balance": "weights"}}),
    ("weighted sampler", {"training": {"balance": "sampler"}}),
    ("AdamW", {"training": {"optimizer": "adamw", "lr": 1e-3, "weight_decay": 0.05}}),
    ("no warm-up", {"training": {"warm_up": 0.0}}),
    ("early stopping after 3", {"training": {"patience": 3}}),
    ("weights not averaged", {"training": {"averaging": 0.0}}),
    ("no losses of single branches", {"training": {"pixel_loss": 0.0, "landmark_loss": 0.0}}),
    ("no crowd votes", {"training": {"vote_loss": 0.0}}),
)
"""A name, and what differs from the shipped settings."""


def main(
    table: Annotated[Path, typer.Argument(help="Folder of make features.")],
    images: Annotated[Path, typer.Argument(help="The images that the features were made of.")],
    votes: Annotated[Path | None, typer.Option(help="CSV of a crowd's votes.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the faces.")] = EPOCHS,
    out: Annotated[Path, typer.Option(help="JSON lines to write.")] = Path(
        "results/fused-ablation.jsonl"
    ),
) -> None:
    """Run the trials that are missing and write a line for each."""
    try:
        fused, rows = read_fused_rows([table], images, votes=votes)
    except DataError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    fused, held_out = _half(fused, hold_out(rows, seed=0))
    out.parent.mkdir(parents=True, exist_ok=True)
    known = {line["change"] for line in read_trials(out)}
    for change, settings in TRIALS:
        if change not in known:
            for line in _trial(fused, held_out, change, epochs, **settings):
                append_line(out, line)
    print(f"wrote {out}")


def _half(fused: FusedRows, held_out: np.ndarray) -> tuple[FusedRows, np.ndarray]:
    """Return every second training row and all validation rows, and which of the rows these are."""
    kept = np.arange(len(fused.y)) % 2 == 0
    kept[: len(held_out)] |= held_out
    parts = {
        name: values[kept] if isinstance(values, np.ndarray) else values
        for name, values in vars(fused).items()
    }
    return FusedRows(**parts), held_out[kept[: len(held_out)]]


def _trial(
    fused: FusedRows,
    held_out: np.ndarray,
    change: str,
    epochs: int,
    network: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    augmentation: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Train as a trial says and return its line; the first trial's model gives more of them."""
    recipe = replace(TrainingConfig(epochs=epochs), **training or {})
    recipe = replace(recipe, augmentation=replace(Augmentation(), **augmentation or {}))
    stops, started = np.flatnonzero(held_out), time.monotonic()
    with TemporaryDirectory() as run:
        config = replace(SMALL, **network or {})
        model = fit_fused(fused, held_out, stops, Path(run), config, recipe)
    seconds = time.monotonic() - started
    ways = {change: _mirrored} | (AT_TEST if change == TRIALS[0][0] else {})
    classes = list(model.classes)
    return [
        line_of(TABLE_NAME, name, fused.y[stops], answer(model, fused, stops), classes, seconds)
        for name, answer in ways.items()
    ]


def _mirrored(model: Ensemble, fused: FusedRows, chosen: np.ndarray) -> np.ndarray:
    """Answer as the shipped model does: the mean over the face and its mirror image."""
    return _shifted(model, fused, chosen, 0, 0)


def _straight(model: Ensemble, fused: FusedRows, chosen: np.ndarray) -> np.ndarray:
    """Answer by the face alone."""
    flags = fused.has_points[chosen].astype(np.float32)
    return model.predict_proba(fused.points[chosen], fused.crops[chosen], flags)


def _ten_crop(model: Ensemble, fused: FusedRows, chosen: np.ndarray) -> np.ndarray:
    """Answer by the mean over five windows and their mirror images."""
    by = TEN_CROP_SHIFT
    windows = ((0, 0), (by, by), (by, -by), (-by, by), (-by, -by))
    return np.mean([_shifted(model, fused, chosen, *window) for window in windows], axis=0)


def _shifted(
    model: Ensemble, fused: FusedRows, chosen: np.ndarray, down: int, right: int
) -> np.ndarray:
    """Answer by a window moved by so many pixels, and its mirror image."""
    # What leaves a crop comes in again on its other side, outside the window.
    crops = np.roll(fused.crops[chosen], (down, right), axis=(1, 2))
    flags = fused.has_points[chosen].astype(np.float32)
    return model.mirror_passes(fused.points[chosen], crops, flags).mean(axis=0)


AT_TEST = {"no mirror image when it answers": _straight, "ten crops when it answers": _ten_crop}
"""Other ways to ask the first trial's model."""


if __name__ == "__main__":
    typer.run(main)
