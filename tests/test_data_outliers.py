import numpy as np
import pandas as pd

from data.audit.outliers import MIN_ROWS, outliers
from data.features.schema import COLUMNS, POINT_COLUMNS
from landmarks.mesh import CANONICAL


def table_of(points):
    points = np.asarray(points, np.float32)
    meta = pd.DataFrame({"image": [f"sad/{i}.png" for i in range(len(points))]})
    meta = meta.assign(label="sad", split="all", face=1, width=48, height=48, success=1, reason="")
    coordinates = pd.DataFrame(points.reshape(len(points), -1), columns=list(POINT_COLUMNS))
    return pd.concat([meta, coordinates], axis=1)[list(COLUMNS)]


def usual_faces(count):
    # Faces that differ in a few smooth ways, as real ones do, and a little at random.
    rng = np.random.default_rng(0)
    ways = rng.normal(size=(5, *CANONICAL.shape)) * 0.02
    shapes = np.tensordot(rng.normal(size=(count, 5)), ways, axes=1)
    noise = rng.normal(size=shapes.shape) * 0.003
    return (CANONICAL + shapes + noise) * 15 + [24, 24, 0]


def test_usual_faces_are_no_outliers():
    assert outliers(table_of(usual_faces(MIN_ROWS))).empty


def test_a_mesh_that_cannot_be_a_face_is_listed():
    points = usual_faces(MIN_ROWS)
    points[7] = points[7][::-1]
    listed = outliers(table_of(points))
    assert listed.to_dict("records") == [
        {"split": "all", "label": "sad", "image": "sad/7.png", "face": 1, "why": "unusual mesh"}
    ]
    assert list(listed.index) == [7]


def test_a_cut_off_and_a_tiny_face_are_listed():
    points = usual_faces(4)
    points[1, :, 0] += 40
    points[2] = (points[2] - 24) / 20 + 24
    listed = outliers(table_of(points))
    assert listed["why"].to_dict() == {1: "outside", 2: "tiny"}


def test_rows_without_a_face_are_not_judged():
    table = table_of(usual_faces(3)).assign(success=[1, 0, 1])
    table.loc[1, list(POINT_COLUMNS)] = np.nan
    assert outliers(table).empty
