"""A small feature folder with labels, and a model that reads its prediction off a point."""

import json

import numpy as np

from data.features.schema import MANIFEST, PIXELS, header_line, row_line
from landmarks.detection.detector import MESH_VERSION
from landmarks.mesh import CANONICAL

CLASSES = ("angry", "happy", "sad")
POINTS = np.round(CANONICAL * 20 + 100, 3).astype(np.float32)


class FakePredictor:
    """Reads the answer off the first coordinate: its column number times ten."""

    classes = CLASSES
    mirror = True
    takes_pixels = False
    manifest = {  # noqa: RUF012
        "name": "fake",
        "seed": 7,
        "training_seconds": 12.5,
        "uncertain_threshold": 0.5,
        "mesh": MESH_VERSION,
        "meshes": 2,
    }

    def __init__(self, folder):
        self.folder = folder

    def predict_proba(self, points, crops=None):
        assert points.shape[1:] == (468, 3)
        return np.eye(3)[np.round(points[:, 0, 0] / 10).astype(int)]


def face(image, label, answer, split="test", number=0):
    points = POINTS.copy()
    points[0, 0] = 10 * CLASSES.index(answer)
    return row(image, label, split, number) | {"success": 1, "points": points}


def row(image, label, split="test", number=0, reason=""):
    known = {"image": image, "label": label, "split": split, "face": number, "reason": reason}
    return known | {"width": 48, "height": 48, "success": 0, "points": None}


def write_features(folder, rows, mesh=MESH_VERSION):
    """Lay rows out as make features does; the pixel hash of an image is its name."""
    files, splits = {}, {}
    for split, label in sorted({(row["split"], row["label"]) for row in rows}):
        members = [row for row in rows if (row["split"], row["label"]) == (split, label)]
        path = folder / split / f"{label}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(header_line() + "".join(map(row_line, members)))
        files[f"{split}/{label}.csv"] = path.stat().st_size
        splits.setdefault(split, {})[label] = {}
    (folder / MANIFEST).write_text(
        json.dumps({"format": 3, "files": files, "splits": splits, "mesh": mesh})
    )
    lines = {f"{r['image']}\t{r['split']}\t{r['label']}\t{r['image']}\n" for r in rows}
    (folder / PIXELS).write_text("image\tsplit\tlabel\tpixels\n" + "".join(sorted(lines)))
    return folder


ROWS = [
    face("a1", "Anger", "angry"),
    face("a2", "Anger", "sad"),
    face("h1", "happiness", "happy"),
    face("h1", "happiness", "sad", number=1),
    face("h2", "happiness", "happy"),
    row("s1", "sad", reason="no-face"),
    face("s2", "sad", "sad"),
    face("t1", "sad", "angry", split="train"),
]
