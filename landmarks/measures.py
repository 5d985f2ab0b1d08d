"""Measure faces: head pose, and what brows, eyes, nose, cheeks, mouth and jaw do.

Every measure is plain geometry of the 468 points in the face frame of `landmarks.alignment`, so
that place, scale and turn of the head are taken out. Lengths are over the distance of the outer
corners of the eyes, which no expression moves much. Some name an action unit of the Facial Action
Coding System (Ekman and Friesen 1978) that changes them. They are no codes of it: nobody scored
the action unit, and others may change the same length. Left and right are the person's own.
"""

from typing import NamedTuple

import numpy as np

from landmarks.alignment import align
from landmarks.mesh import CANONICAL, mirrored

DEGREES, EYES = "degrees", "eye distances"
"""Units. An eye distance is that of the outer corners of the eyes, 33 and 263."""


class Measure(NamedTuple):
    """What one measure is.

    Attributes
    ----------
    name : str
    unit : str
    low, high : float
        The 1st and the 99th percentile of 2,996 of FER2013's training faces.
    action_units : str
        What of the Facial Action Coding System raises (+) and lowers (-) it, or ``""``.
    formula : str
        Of points of the mesh: d is a distance, h how far the mean of the
        first points is above the mean of the last ones in the face frame. R is the rotation of
        `landmarks.alignment.align`.
    meaning : str
    """

    name: str
    unit: str
    low: float
    high: float
    action_units: str
    formula: str
    meaning: str

    @property
    def decimals(self) -> int:
        """Decimals that are written."""
        return 2 if self.unit == DEGREES else 4


def _both(
    name: str, low: float, high: float, units: str, formula: str, meaning: str
) -> tuple[Measure, Measure]:
    """Return a length of the right and of the left side."""
    right = Measure(f"{name}_right", EYES, low, high, units, formula, meaning)
    return right, right._replace(name=f"{name}_left", formula="the same of the left side")


MEASURES = (
    Measure("yaw", DEGREES, -45, 45, "", "atan2(-R02, R22)", "nose to the right of the image"),
    Measure("pitch", DEGREES, -28, 31, "", "asin(R12)", "nose up"),
    Measure("roll", DEGREES, -37, 37, "", "atan2(R10, R11)", "head turned clockwise in the image"),
    *_both("inner_brow_height", 0.10, 0.29, "+1 -4", "h(107 55, 133)", "height above the eye"),
    *_both("outer_brow_height", 0.09, 0.22, "+2 -4", "h(70 46, 33)", "height above the eye"),
    Measure("brow_distance", EYES, 0.25, 0.34, "-4", "d(55, 285)", "gap between the inner ends"),
    *_both(
        "eye_opening",
        *(0.02, 0.14, "+5 -6 -7 -43"),
        "(d(160, 144) + d(159, 145) + d(158, 153)) / 3",
        "gap between the lids",
    ),
    *_both(
        "cheek_raise",
        *(-0.09, 0.08, "+6 +12"),
        "h(50, 33 133), less the mean face's",
        "cheek nearer to the eye",
    ),
    Measure(
        "nose_wrinkle",
        *(EYES, -0.13, 0.12, "+9 +4"),
        "the mean face's, less (d(129, 55) + d(358, 285)) / 2",
        "wings of the nose nearer to the brows",
    ),
    Measure("mouth_opening", EYES, 0.00, 0.43, "+25 +26 +27", "d(13, 14)", "gap between the lips"),
    Measure(
        "mouth_width", EYES, 0.37, 0.80, "+12 +20 -18", "d(61, 291)", "gap between the corners"
    ),
    Measure(
        "lip_thickness",
        EYES,
        0.12,
        0.26,
        "-23 -24 -28",
        "d(0, 13) + d(14, 17)",
        "height of both lips",
    ),
    *_both(
        "lip_corner_height",
        *(-0.05, 0.11, "+12 -15"),
        "h(61, 13 14)",
        "corner above the middle of the mouth",
    ),
    Measure(
        "smile_asymmetry",
        *(EYES, -0.05, 0.05, ""),
        "left less right lip_corner_height",
        "left corner above the right",
    ),
    Measure(
        "jaw_drop",
        *(EYES, -0.14, 0.20, "+26 +27"),
        "d(2, 152), less the mean face's",
        "chin further from the nose",
    ),
)
"""Every measure, in the order of the columns of `measure`."""

NAMES = tuple(each.name for each in MEASURES)


def measure(points: np.ndarray) -> np.ndarray:
    """Measure faces.

    Parameters
    ----------
    points : ndarray of float, shape (n, 468, 3)
        x right, y down, z away, all in one unit, such as pixels.

    Returns
    -------
    ndarray of float64, shape (n, len(MEASURES))
        A column for each of `MEASURES`, in its unit; NaN where the points are.

    Raises
    ------
    ValueError
        If the shape is another.
    """
    if points.ndim != 3 or points.shape[1:] != CANONICAL.shape:
        raise ValueError(
            f"Expected points of shape (n, 468, 3), got {points.shape}; of one face take "
            "points[None]."
        )
    aligned, rotation = align(np.asarray(points, dtype=np.float64))
    found = _shape(aligned) | _pose(rotation)
    for name in ("cheek_raise_right", "cheek_raise_left", "jaw_drop", "nose_wrinkle"):
        found[name] = found[name] - _MEAN_FACE[name]
    return np.stack([found[name] for name in NAMES], axis=1)


def _pose(rotation: np.ndarray) -> dict[str, np.ndarray]:
    """Return the angles of rotations (n, 3, 3) = Ry Rx Rz: where the nose points, then the roll."""
    angles = {
        "yaw": np.arctan2(-rotation[:, 0, 2], rotation[:, 2, 2]),
        "pitch": np.arcsin(np.clip(rotation[:, 1, 2], -1, 1)),
        "roll": np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1]),
    }
    return {name: np.degrees(angle) for name, angle in angles.items()}


def _shape(aligned: np.ndarray) -> dict[str, np.ndarray]:
    """Return all measures but the pose of faces (n, 468, 3) in the face frame."""
    face = aligned / _distance(aligned, 33, 263)[:, None, None]
    sides = {"right": _side(face), "left": _side(mirrored(face))}
    found = {f"{name}_{side}": v for side, each in sides.items() for name, v in each.items()}
    corners = found["lip_corner_height_left"], found["lip_corner_height_right"]
    wings = found.pop("wing_right"), found.pop("wing_left")
    return found | {
        "brow_distance": _distance(face, 55, 285),
        "nose_wrinkle": -(wings[0] + wings[1]) / 2,
        "mouth_opening": _distance(face, 13, 14),
        "mouth_width": _distance(face, 61, 291),
        "lip_thickness": _distance(face, 0, 13) + _distance(face, 14, 17),
        "smile_asymmetry": corners[0] - corners[1],
        "jaw_drop": _distance(face, 2, 152),
    }


def _side(face: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measures of the right side, without it in their names."""
    lids = [_distance(face, upper, lower) for upper, lower in ((160, 144), (159, 145), (158, 153))]
    return {
        "inner_brow_height": _height(face, [107, 55], [133]),
        "outer_brow_height": _height(face, [70, 46], [33]),
        "eye_opening": np.mean(lids, axis=0),
        "cheek_raise": _height(face, [50], [33, 133]),
        "lip_corner_height": _height(face, [61], [13, 14]),
        "wing": _distance(face, 129, 55),
    }


def _distance(face: np.ndarray, one: int, other: int) -> np.ndarray:
    """Return the distance of two points, (n,)."""
    return np.linalg.norm(face[:, one] - face[:, other], axis=1)


def _height(face: np.ndarray, points: list[int], others: list[int]) -> np.ndarray:
    """Return how far the mean of points is above that of others, (n,)."""
    return face[:, others, 1].mean(axis=1) - face[:, points, 1].mean(axis=1)


_MEAN_FACE = _shape(CANONICAL[None].astype(np.float64))
