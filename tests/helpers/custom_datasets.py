"""Made-up datasets, as a browser sends them and as the command reads them."""

import json

import numpy as np

from classifiers.custom.dataset import read_dataset
from landmarks.mesh import CANONICAL, REGIONS

PULL = {"grin": -0.25, "blank": 0.0, "pout": 0.25}


def video(pull, n, seed):
    """Return points (n, 468, 3) of one face that drifts and trembles, its mouth pulled down."""
    random = np.random.default_rng(seed)
    face = CANONICAL.copy()
    face[REGIONS["mouth"], 1] += pull
    drift = np.cumsum(random.normal(0, 2, (n, 1, 3)), axis=0)
    trembling = face + random.normal(0, 0.004, (n, *face.shape))
    return (trembling * 90 + [320, 240, 0] + drift).astype(np.float32)


def recorded(n=24, names=PULL):
    """Return points and labels of a video of each class, one after the other."""
    videos = [video(pull, n, seed) for seed, pull in enumerate(names.values())]
    return np.concatenate(videos), np.repeat(list(names), n)


def form(points, labels, sizes=None):
    """Return the text and the bytes of a dataset's form."""
    sizes = [[640, 480]] * len(labels) if sizes is None else sizes
    text = json.dumps({"labels": [str(label) for label in labels], "sizes": sizes})
    return text, np.asarray(points, "<f4").tobytes()


def dataset(n=24, names=PULL):
    """Return a dataset that can be learned."""
    return read_dataset(*form(*recorded(n, names)))
