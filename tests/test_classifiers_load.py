import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from classifiers import load
from classifiers.bundle.bundle import BundleError
from classifiers.cli.options import open_predictor
from classifiers.inference.tables import Schema
from data.errors import DataError
from landmarks.images import UnsupportedImage
from tests.helpers.fake_predictor import CONFIDENCES, FakePredictor
from tests.helpers.paths import ROOT
from tests.helpers.video_maker import make_video

CLASSES = list(CONFIDENCES)


def loaded_by(code):
    """Return which heavy packages a piece of code loads in a fresh Python."""
    heavy = {"mediapipe", "onnxruntime", "pandas", "sklearn", "torch", "numpy"}
    code = f"import sys\n{code}\nprint(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_package_is_light_and_a_model_brings_no_pandas():
    assert loaded_by("from classifiers import load") == []
    got = loaded_by("from classifiers import load; load('landmarks')")
    assert "onnxruntime" in got
    assert not {"pandas", "sklearn", "torch"} & set(got)


def test_a_bundle_that_is_not_there_is_refused():
    with pytest.raises(BundleError, match="got nonsense"):
        load("nonsense")


def test_one_call_answers_a_photo_and_another_many_as_a_table(portrait, tmp_path):
    model = load("landmarks")
    (face,) = model.predict(portrait).faces
    table = model.predict_frame([portrait, np.zeros((64, 64, 3), np.uint8), tmp_path / "none.png"])
    assert list(table.columns) == Schema(model.classes).names
    assert table["image"].tolist() == ["1", "2", str(tmp_path / "none.png")]
    assert table["reason"].tolist() == ["", "no-face", "unreadable"]
    assert table["success"].tolist() == [1, 0, 0]
    assert tuple(table.loc[0, ["x", "y", "width", "height"]]) == face.face.box
    assert table.loc[0, "expression"] == face.expression == "happy"
    expected = pytest.approx(list(face.confidences.values()), abs=1e-6)
    assert table.loc[0, list(model.classes)].tolist() == expected
    assert table.loc[0, "mouth_width"] == pytest.approx(
        face.to_json()["measures"]["mouth_width"], abs=1e-9
    )
    assert table["image_width"].tolist()[1:] == [64, pd.NA]
    assert table.loc[1:, "x"].isna().all()
    assert table.loc[1:, "uncertain"].isna().all()
    kinds = {name: str(table[name].dtype) for name in ("x", "happy", "uncertain", "success")}
    assert kinds == {"x": "Int64", "happy": "float64", "uncertain": "boolean", "success": "Int64"}


def test_one_image_is_a_list_of_one_and_other_types_are_read(portrait, tmp_path):
    model = load("landmarks")
    Image.fromarray(portrait).save(tmp_path / "photo.png")
    rgba = np.dstack([portrait, np.full(portrait.shape[:2], 255, dtype=np.uint8)])
    for one in (str(tmp_path / "photo.png"), tmp_path / "photo.png", portrait):
        assert model.predict_frame(one)["expression"].tolist() == ["happy"]
        assert model.predict(portrait, neutral=one).faces
    table = model.predict_frame([Image.fromarray(portrait), rgba, None, portrait / 255])
    assert table["expression"].fillna("").tolist() == ["happy", "happy", "", ""]
    assert table["reason"].tolist() == ["", "", "unsupported", "unsupported"]
    assert len(model.predict_frame(np.stack([portrait, portrait]))) == 2
    assert len(model.predict_frame(torch.from_numpy(portrait))) == 1
    paths = pd.Series([str(tmp_path / "photo.png"), str(tmp_path / "none.png")])
    for several in (paths, paths.to_numpy(), iter(paths)):
        assert model.predict_frame(several)["image"].tolist() == paths.tolist()


@pytest.mark.parametrize("neither", [None, 5, {"image": "photo.png"}])
def test_what_is_neither_an_image_nor_several_gets_a_sentence(neither):
    with pytest.raises(UnsupportedImage, match="an image or a list of images, got "):
        load("landmarks").predict_frame(neither)


def test_a_class_may_be_called_like_a_column():
    classes = ["x", "uncertain", *CLASSES[2:]]
    prediction = FakePredictor(n_faces=2).predict(np.zeros((80, 120, 3)))
    schema = Schema(classes)
    frame = schema.to_frame(schema.photo_rows("a.png", prediction, ""))
    assert frame["class_x"].tolist() == [CONFIDENCES["angry"]] * 2
    assert frame["x"].tolist() == [face.face.box[0] for face in prediction.faces]
    assert frame["class_uncertain"].tolist() == [CONFIDENCES["disgust"]] * 2


def test_nothing_gives_an_empty_table():
    frame = Schema(CLASSES).to_frame([])
    assert frame.empty
    assert list(frame.columns) == Schema(CLASSES).names


def test_measures_are_relative_to_the_neutral_face_where_there_is_one(portrait):
    model = load("landmarks").relative_to([portrait, portrait[:, ::-1]])
    row = model.predict_frame(portrait).iloc[0]
    other = load("landmarks").predict_frame(portrait[:, ::-1]).iloc[0]
    for name in ("yaw", "mouth_width", "eye_opening_left"):
        half = (row[name] - other[name]) / 2
        assert row[f"{name}_change"] == pytest.approx(half, abs=0.02)


def test_the_threshold_can_be_another(portrait):
    for threshold, expected in ((0.0, False), (1.0, True)):
        (face,) = load("landmarks", min_confidence=threshold).predict(portrait).faces
        assert face.uncertain is expected


def test_another_detector_answers_with_the_same_face(portrait):
    (face,), (other,) = (
        load("landmarks", detector=name).predict(portrait).faces for name in ("mesh", "mtcnn")
    )
    assert face.expression == other.expression
    assert np.allclose(face.face.box, other.face.box, atol=4)


def test_a_neutral_face_may_be_a_frame_of_a_video(portrait, tmp_path):
    black = np.zeros_like(portrait)
    video = make_video(tmp_path / "talk.mp4", [black, black, portrait, portrait], rate=2)
    frame = open_predictor("landmarks", "mesh", neutral=[Path(f"{video}@1.0")])
    photo = load("landmarks").relative_to(portrait)
    np.testing.assert_allclose(frame.neutral_measures[3:], photo.neutral_measures[3:], atol=0.02)
    for second, sentence in (("0.5", "found none in number 1"), ("9", "got 9, beyond its end")):
        with pytest.raises(DataError, match=sentence):
            open_predictor("landmarks", "mesh", neutral=[Path(f"{video}@{second}")])
    with pytest.raises(DataError, match="is not a file"):
        open_predictor("landmarks", "mesh", neutral=[tmp_path / "none.mp4@2"])
