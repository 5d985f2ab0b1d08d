"""Small class folders of one real face in many places, made from scikit-image's NASA portrait."""

from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import astronaut

FACE = (200, 90, 64)  # centre column and row, half width
"""Where the portrait's face is, in its pixels."""


def face_crops(count: int) -> list[np.ndarray]:
    """Return grey uint8 (48, 48) crops about the face, no two alike."""
    column, row, half = FACE
    rng = np.random.default_rng(0)
    portrait = Image.fromarray(astronaut()).convert("L")
    crops = []
    for _ in range(count):
        x, y = column + rng.integers(-12, 13), row + rng.integers(-12, 13)
        size = half + rng.integers(0, 25)
        box = (x - size, y - size, x + size, y + size)
        crops.append(np.asarray(portrait.crop(box).resize((48, 48))))
    return crops


def write_faces(folder: Path, counts: dict[str, int]) -> Path:
    """Write crops as PNGs into class folders such as ``{"train/happy": 3}``; return the folder."""
    crops = iter(face_crops(sum(counts.values())))
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(next(crops)).save(folder / name / f"{number:03}.png")
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the bytes of every file in a folder, hidden ones included, by its path there."""
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
