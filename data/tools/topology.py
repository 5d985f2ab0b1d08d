"""Write ``landmarks/topology.json``: ``python -m data.tools.topology IMAGES``, a folder of faces.

Edges and the seeds of the regions are MediaPipe's own lists. What MediaPipe doesn't tell is learned
from faces: which points change places in the mirror image, and the mean face.
"""

import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from scipy.linalg import orthogonal_procrustes
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from data.sources import read_images
from landmarks import mesh
from landmarks.detection.detector import first_tight_crop
from landmarks.detection.mediapipe_graphs import connections, mesh_points
from landmarks.images import read_image

TOPOLOGY = Path(mesh.__file__).with_name("topology.json")
FACES = 2000
ROUNDS = 6
DECIMALS = 5
SEEDS = {
    "brows": ("LEFT_EYEBROW", "RIGHT_EYEBROW"),
    "eyes": ("LEFT_EYE", "RIGHT_EYE"),
    "nose": ("NOSE",),
    "mouth": ("LIPS",),
}
OVAL = "FACE_OVAL"
JAW_BELOW = -0.6
"""Points of the oval below this height, that of the eyes, seed the jaw (y points down)."""


def main(
    images: Annotated[Path, typer.Argument(help="Folder of class folders with faces.")],
    out: Annotated[Path, typer.Option(help="The file to write.")] = TOPOLOGY,
) -> None:
    """Learn mirror and mean face from up to 2,000 tight crops and write the topology."""
    straight, flipped = _meshes(images)
    mirror = mirror_of(straight, flipped)
    canonical = mean_face(straight, mirror)
    edges = sorted({(min(edge), max(edge)) for edge in connections("TESSELATION")})
    topology = {
        "regions": regions(canonical, mirror),
        "mirror": mirror.tolist(),
        "edges": edges,
        "triangles": triangles(edges),
        "canonical": np.round(canonical, DECIMALS).tolist(),
    }
    out.write_text(json.dumps(topology), encoding="utf-8")
    print(f"wrote {out} from {len(straight)} faces")


def _meshes(images: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the meshes of faces, and of their mirror images flipped back but not reordered."""
    refs = read_images(images)
    # Some are missed, so a few more are looked at, evenly over all classes.
    found = (_both(read_image(ref.path)) for ref in refs[:: 1 + len(refs) // (FACES * 6 // 5)])
    both = np.array(list(islice((pair for pair in found if pair is not None), FACES)))
    return both[:, 0], both[:, 1]


def _both(image: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the mesh of an image and of its mirror image with x turned back, if both are found."""
    crop, confidence = first_tight_crop(image)
    pixels = crop.pixels
    straight = mesh_points(pixels, confidence)
    flipped = mesh_points(cv2.flip(pixels, 1), confidence)
    if straight is None or flipped is None:
        return None
    return straight, flipped * [-1, 1, 1] + [pixels.shape[1], 0, 0]


def mirror_of(straight: np.ndarray, flipped: np.ndarray) -> np.ndarray:
    """Pair each point with the one that lies at its place in the mirror images.

    Parameters
    ----------
    straight, flipped : ndarray, shape (n, 468, 3)
        See `_meshes`.

    Returns
    -------
    ndarray of int, shape (468,)
        The one-to-one assignment of least squared distance; its own inverse.

    Raises
    ------
    ValueError
        If it is not: there were too few faces.
    """
    one, other = (p.transpose(1, 0, 2).reshape(mesh.N_POINTS, -1) for p in (straight, flipped))
    mirror = linear_sum_assignment(cdist(one, other, "sqeuclidean"))[1]
    if (mirror[mirror] != np.arange(mesh.N_POINTS)).any():
        raise ValueError(f"Expected pairs of points, got none from {len(one)} faces; name more.")
    return mirror


def mean_face(faces: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Return the symmetric mean (468, 3) of faces after generalised Procrustes analysis.

    Gower, "Generalized Procrustes analysis", Psychometrika 1975: turn each face onto the mean,
    take the mean anew, and so on. Here the mean is made symmetric each time, which also makes it
    look straight ahead.
    """
    faces = np.array([_normed(face) for face in faces])
    mean = faces.mean(axis=0)
    for _ in range(ROUNDS):
        mean = _normed(mean + (mean * [-1, 1, 1])[mirror])
        turned = [face @ orthogonal_procrustes(face, mean)[0] for face in faces]
        mean = np.mean(turned, axis=0)
    return _normed(mean + (mean * [-1, 1, 1])[mirror])


def regions(canonical: np.ndarray, mirror: np.ndarray) -> dict[str, list[int]]:
    """Give each point to the region of the nearest seed on the mean face, symmetrically."""
    seeds = {name: _points(*parts) for name, parts in SEEDS.items()}
    oval = _points(OVAL)
    seeds["jaw"] = oval[canonical[oval, 1] > JAW_BELOW]
    distances = [cdist(canonical, canonical[points]).min(axis=1) for points in seeds.values()]
    both = np.minimum(distances, np.array(distances)[:, mirror])
    nearest = both.argmin(axis=0)
    return {name: np.flatnonzero(nearest == i).tolist() for i, name in enumerate(seeds)}


def triangles(edges: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Return the triples of points that are joined each to each, in rising order."""
    joined = {frozenset(edge) for edge in edges}
    beside = [{b for a, b in edges if a == point} for point in range(mesh.N_POINTS)]
    return [(a, b, c) for a, b in edges for c in sorted(beside[b]) if frozenset((a, c)) in joined]


def _points(*parts: str) -> np.ndarray:
    """Return the points of MediaPipe's lists, without the iris."""
    points = {point for part in parts for edge in connections(part) for point in edge}
    return np.array(sorted(point for point in points if point < mesh.N_POINTS))


def _normed(face: np.ndarray) -> np.ndarray:
    """Return a face about the origin with unit rms radius."""
    centred = face - face.mean(axis=0)
    return centred / np.sqrt((centred**2).sum(axis=1).mean())


if __name__ == "__main__":
    typer.run(main)
