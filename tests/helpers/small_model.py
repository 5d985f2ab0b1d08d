"""Made-up faces whose mouth tells their class, and a small bundle trained on them."""

from functools import cache

import numpy as np

from classifiers.models.base import NetworkClassifier
from classifiers.models.pipeline import fit_pipeline, make_pipeline
from classifiers.models.sklearn_mlp import SklearnMLPClassifier
from landmarks.mesh import CANONICAL, REGIONS

CLASSES = ("happy", "neutral", "sad")
PULL = {"happy": -0.25, "neutral": 0.0, "sad": 0.25}


def faces(n=60, seed=0):
    """Return points (n, 468, 3) in pixels and y; the mouth is pulled down or up by class."""
    random = np.random.default_rng(seed)
    y = np.array(CLASSES)[np.arange(n) % len(CLASSES)]
    points = np.repeat(CANONICAL[None], n, axis=0)
    points[:, REGIONS["mouth"], 1] += np.array([PULL[name] for name in y])[:, None]
    points += random.normal(0, 0.001, points.shape)
    size = random.uniform(10, 80, (n, 1, 1))
    return (points * size + random.uniform(20, 200, (n, 1, 3))).astype(np.float32), y


def small_classifier(**settings) -> NetworkClassifier:
    """Return a classifier that is trained in a blink."""
    quick = {
        "hidden": (16,),
        "lr": 0.01,
        "weight_decay": 1.0,
        "epochs": 150,
        "patience": 150,
        "batch_size": 16,
    }
    return SklearnMLPClassifier(**quick | settings)


@cache
def small_pipeline():
    """Return a pipeline trained on `faces`."""
    points, y = faces()
    return fit_pipeline(make_pipeline(small_classifier(), 12), points, y)
