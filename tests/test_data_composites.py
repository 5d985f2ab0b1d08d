import numpy as np
import pandas as pd
import pytest
import typer
from scipy.ndimage import gaussian_filter

from data.errors import DataError
from data.tools.averaging import OUTSIDE, composite, different, most_typical
from data.tools.composites import COUNTS, agreement, clear_faces, composites, main, tilt
from data.tools.warp import SIDE, Warp, mean_shape
from landmarks.mesh import CANONICAL, mirrored

PIXELS = 48


def mesh(scale=12.0, turn=0.0, shift=0.0):
    """The mean face in a picture of 48 pixels, turned in the picture's plane by radians."""
    cos, sin = np.cos(turn), np.sin(turn)
    spin = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]], np.float32)
    return (scale * CANONICAL @ spin + [PIXELS / 2 + shift, PIXELS / 2, 0]).astype(np.float32)


def pictures(n, seed=0):
    """Smooth pictures, no two alike."""
    noise = np.random.default_rng(seed).normal(size=(n, PIXELS, PIXELS))
    return (gaussian_filter(noise, (0, 3, 3)) * 1000 + 128).astype(np.float32)


def test_agreement_is_the_share_of_the_label():
    votes = pd.DataFrame({"image": ["a", "b"], "happiness": [8, 0], "NF": [2, 0]})
    faces = pd.DataFrame({"image": ["a", "b", "c"], "label": ["happy"] * 3})
    np.testing.assert_allclose(agreement(votes, faces), [0.8, 0, 0])


def test_tilt_ignores_a_turn_in_the_plane():
    nodded = mesh() @ np.array(
        [[1, 0, 0], [0, np.cos(0.3), np.sin(0.3)], [0, -np.sin(0.3), np.cos(0.3)]], np.float32
    )
    angles = tilt(np.stack([mesh(turn=0.5), nodded]))
    np.testing.assert_allclose(angles, [0, np.degrees(0.3)], atol=0.1)


def test_limits_loosen_only_where_faces_are_few():
    share, angle = np.full(300, 0.9), np.full(300, 5.0)
    share[250:] = 0.5
    assert len(clear_faces(share, angle)) == 250
    assert len(clear_faces(share[100:], angle[100:])) == 200


def test_mean_shape_ignores_place_size_and_turn_in_the_plane():
    one = mean_shape(mesh()[None])
    other = mean_shape(np.stack([mesh(9.0, 0.4), mesh(15.0, -0.2, shift=4.0)]))
    np.testing.assert_allclose(one, other, atol=1e-2)


def test_warp_brings_each_point_to_its_target():
    points = mesh(turn=0.2)
    target = mean_shape(mesh()[None])
    ramp = np.tile(np.arange(PIXELS, dtype=np.float32) + 0.5, (PIXELS, 1))
    warped = Warp(target)(ramp, points[:, :2])
    inner = np.linalg.norm(target - target.mean(axis=0), axis=1) < 30
    column, row = np.floor(target[inner]).astype(int).T
    # A pixel of the target is under half a pixel of the source.
    np.testing.assert_allclose(warped[row, column], points[inner, 0], atol=0.5)


def test_composite_fades_into_grey():
    picture = composite(pictures(5), np.stack([mesh()] * 5))
    assert picture.shape == (SIDE, SIDE)
    assert picture.dtype == np.uint8
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == OUTSIDE).all()
    assert np.ptp(picture.astype(int)) > 200


def test_a_copy_with_other_contrast_counts_once():
    images = pictures(4)
    images[2] = images[0] * 0.5 + 20
    np.testing.assert_array_equal(different(images, np.stack([mesh()] * 4)), [0, 1, 3])


def test_a_covered_mouth_is_not_typical():
    images = np.repeat(pictures(1), 6, axis=0) + pictures(6, seed=1) * 0.1
    images[4, PIXELS // 2 :] = pictures(1, seed=2)[0, PIXELS // 2 :]
    chosen = most_typical(images, np.stack([mesh()] * 6), 5)
    np.testing.assert_array_equal(chosen, [0, 1, 2, 3, 5])


def test_same_seed_same_composites(monkeypatch):
    monkeypatch.setattr("data.tools.composites.COUNTS", {"train": 2, "test": 1})
    images = pictures(60)
    points = np.stack([mesh()] * 60)
    points[::2] = mirrored(points[::2], width=PIXELS)
    runs = [list(composites(images, points, np.random.default_rng(3))) for _ in range(2)]
    assert [run[:2] for run in runs[0]] == [("train", 1), ("train", 2), ("test", 1)]
    for (_, _, one), (_, _, other) in zip(*runs, strict=True):
        np.testing.assert_array_equal(one, other)


def test_train_and_test_share_no_face(monkeypatch):
    used = []
    monkeypatch.setattr("data.tools.composites.composite", lambda images, _: used.append(images))
    images = np.broadcast_to(np.arange(60, dtype=np.float32)[:, None, None], (60, 4, 4))
    splits = [
        split
        for split, _, _ in composites(images, np.zeros((60, 468, 3)), np.random.default_rng(0))
    ]
    seen = {split: set() for split in COUNTS}
    for split, pictures_of in zip(splits, used, strict=True):
        numbers = set(pictures_of[:, 0, 0].tolist())
        assert len(numbers) == 25
        seen[split] |= numbers
    assert not seen["train"] & seen["test"]


def test_too_few_faces():
    with pytest.raises(DataError, match="at least 52 clear faces"):
        next(composites(pictures(51), np.stack([mesh()] * 51), np.random.default_rng(0)))


def test_votes_without_a_column(tmp_path, monkeypatch, capsys):
    votes = tmp_path / "votes.csv"
    votes.write_text("image,happiness\na,1\n")
    faces = pd.DataFrame({"image": ["a"], "label": ["happy"]})
    monkeypatch.setattr("data.tools.composites._training_faces", lambda _: faces)
    with pytest.raises(typer.Exit) as ended:
        main(tmp_path, votes, tmp_path, tmp_path / "out")
    assert ended.value.exit_code == 1
    assert "lacks angry" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
