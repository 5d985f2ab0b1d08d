import numpy as np
import pytest

from classifiers.models.pipeline import (
    FaceFeatures,
    as_points,
    fit_pipeline,
    make_pipeline,
    tta_proba,
)
from landmarks.mesh import mirrored
from tests.helpers.small_model import CLASSES, faces, small_classifier, small_pipeline


def test_learns_what_a_mouth_tells():
    points, y = faces(30, seed=7)
    pipeline = small_pipeline()
    assert pipeline.score(points, y) == 1.0
    assert tuple(pipeline.classes_) == CLASSES


def test_flat_points_are_the_same_points():
    points, _ = faces(3)
    pipeline = small_pipeline()
    np.testing.assert_array_equal(
        pipeline.predict_proba(points.reshape(3, -1)), pipeline.predict_proba(points)
    )


def test_nan_is_refused_by_a_sentence():
    points, y = faces()
    points[4, 100, 1] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity in 1 of 60 rows, first in row 4"):
        fit_pipeline(make_pipeline(small_classifier()), points, y)


def test_another_mesh_is_refused_by_a_sentence():
    with pytest.raises(ValueError, match="drop the iris points"):
        as_points(np.zeros((2, 478, 3)))


def test_fewer_rows_than_components():
    points, y = faces(9)
    pipeline = fit_pipeline(make_pipeline(small_classifier()), points, y, flips=False)
    assert pipeline["pca"].n_components_ == 9


def test_scaler_and_pca_never_see_validation_rows():
    points, y = faces()
    alone = fit_pipeline(make_pipeline(small_classifier(epochs=1), 8), points[:30], y[:30])
    beside = fit_pipeline(
        make_pipeline(small_classifier(epochs=1), 8),
        points[:30],
        y[:30],
        validation=(points[30:], y[30:]),
    )
    np.testing.assert_array_equal(alone["scaler"].mean_, beside["scaler"].mean_)
    np.testing.assert_array_equal(alone["pca"].components_, beside["pca"].components_)


def test_flips_are_trained_on():
    points, y = faces(12)
    pipeline = fit_pipeline(make_pipeline(small_classifier(epochs=1), 4), points, y)
    assert pipeline["scaler"].n_samples_seen_ == 24


def test_components_fit_in_float16():
    components = small_pipeline()["pca"].components_
    np.testing.assert_array_equal(components, components.astype(np.float16))


def test_mirror_passes_are_face_and_mirror():
    points, _ = faces(4)
    passes = tta_proba(small_pipeline(), points)
    np.testing.assert_array_equal(passes[1], small_pipeline().predict_proba(mirrored(points)))


def test_many_faces_give_what_single_faces_give(monkeypatch):
    points, _ = faces(7)
    whole = FaceFeatures().fit_transform(points)
    monkeypatch.setattr("classifiers.models.pipeline.CHUNK", 2)
    np.testing.assert_allclose(FaceFeatures().fit_transform(points), whole, atol=1e-6)
