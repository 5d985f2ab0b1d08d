"""Fit the classifier of `landmarks.detection.drawings`, and say what it lets through and loses.

``python -m classifiers.experiments.drawing_filter build/features fer2013`` takes the faces of a
feature table for photographs, beside the composites of ``data/sample``, and makes its own drawings.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from unittest.mock import patch

import cv2
import numpy as np
import typer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifiers.experiments.drawings import THINGS, drawing
from classifiers.training.read_pixel_dataset import read_fused_rows
from data.console import handle_errors
from data.sources import read_images
from landmarks.detection import detector
from landmarks.detection.drawings import WEIGHTS, hog
from landmarks.face_crop import face_crop
from landmarks.images import read_image

SAMPLE = Path("data/sample")
N_FACES, N_DRAWINGS = 6000, 720
COMPOSITE_WEIGHT = 5
"""Times that a composite counts: they are sharper and smoother than FER2013's faces, and few."""

C = 0.03
MAX_LOSS = 0.002
"""Share of the photographed faces that may be taken for drawn ones; none of the composites."""

SIDES = (160, 256, 400)


def main(
    table: Annotated[list[Path], typer.Argument(help="Feature folders of photographed faces.")],
    images: Annotated[Path, typer.Option(help="The images that they were made of.")],
    seed: Annotated[int, typer.Option(min=0, help="Of drawings and of chosen faces.")] = 1,
) -> None:
    """Fit the weights, write them into the package and print what they do."""
    with handle_errors():
        rng = np.random.default_rng(seed)
        fused, _ = read_fused_rows(table, images)
        order = rng.permutation(np.flatnonzero(fused.has_points))[: 2 * N_FACES]
        fitted_on, held_out = (fused.crops[part] for part in np.array_split(order, 2))
        composites = _composites()
        faces = _hogs([*fitted_on, *_corrupted(fitted_on, rng), *composites * COMPOSITE_WEIGHT])
        drawn = {n: _hogs(c) for n, c in enumerate(_drawn_crops(seed)) if c}
        for kind in drawn:
            others = np.concatenate([drawn[n] for n in drawn if n != kind])
            weights = _fit(faces, others, _hogs(held_out), _hogs(composites))
            _print(f"{THINGS[kind].__name__.strip('_')}, never seen", drawn[kind], weights)
        weights = _fit(faces, np.concatenate([*drawn.values()]), _hogs(held_out), _hogs(composites))
        _print("all drawings", np.concatenate([*drawn.values()]), weights)
        _print("photographed faces, held out", _hogs(held_out), weights)
        _print("the same, corrupted", _hogs(_corrupted(held_out, rng)), weights)
        np.save(WEIGHTS, weights.astype(np.float16))


def _fit(
    faces: np.ndarray, drawn: np.ndarray, held_out: np.ndarray, composites: np.ndarray
) -> np.ndarray:
    """Return weights (1296,) and bias, float64 (1297,), above 0 for a drawing."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))
    model.fit(np.concatenate([faces, drawn]), np.arange(len(faces) + len(drawn)) >= len(faces))
    scores = model.decision_function(held_out), model.decision_function(composites)
    limit = max(np.quantile(scores[0], 1 - MAX_LOSS), scores[1].max())
    scaler, linear = model[0], model[1]
    weights = linear.coef_[0] / scaler.scale_
    return np.append(weights, linear.intercept_[0] - scaler.mean_ @ weights - limit)


def _print(what: str, hogs: np.ndarray, weights: np.ndarray) -> None:
    """Print the share that is taken for drawn."""
    share = np.mean(hogs @ weights[:-1] + weights[-1] > 0)
    print(f"{what}: {share:.1%} of {len(hogs):,} are taken for drawn")


def _hogs(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Return the histograms of crops, float32 (n, 1296)."""
    return np.array([hog(crop) for crop in crops])


def _composites() -> list[np.ndarray]:
    """Return the crops of the composite faces, enlarged to photos."""
    paths = [ref.path for ref in read_images(SAMPLE)]
    photos = (cv2.resize(read_image(path), (256, 256)) for path in paths)
    return [crop for photo in photos for crop in _crops_of(photo)]


def _drawn_crops(seed: int) -> list[list[np.ndarray]]:
    """Return the crops of what passes for a face in drawings, by the number of their kind."""
    crops: list[list[np.ndarray]] = [[] for _ in THINGS]
    for number in range(N_DRAWINGS):
        rng = np.random.default_rng([seed, number])
        crops[number % len(THINGS)] += _crops_of(drawing(int(rng.choice(SIDES)), rng, number))
    return crops


def _crops_of(photo: np.ndarray) -> list[np.ndarray]:
    """Return the crop of each face that is found in a photo, of a drawn one, too."""
    with patch.object(detector, "is_drawing", lambda crop: False):
        return [face_crop(photo, face.points) for face in detector.shared_detector().detect(photo)]


def _corrupted(crops: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return blurred, noisy, dark or sharpened copies of crops."""
    return [_corrupted_one(crop.astype(np.float32), rng) for crop in crops]


def _corrupted_one(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    kind = rng.integers(4)
    if kind == 0:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 2))
    elif kind == 1:
        crop = crop + rng.normal(0, rng.uniform(2, 15), crop.shape)
    elif kind == 2:
        crop = crop * rng.uniform(0.4, 1) + rng.uniform(0, 80)
    else:
        crop = 1.8 * crop - 0.8 * cv2.GaussianBlur(crop, (0, 0), 2)
    return np.clip(crop, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    typer.run(main)
