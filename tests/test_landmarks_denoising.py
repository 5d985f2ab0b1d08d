import cv2
import numpy as np
import pytest

from landmarks.denoising import MAX_NOISE, denoised, noise_level
from landmarks.detection.detector import shared_detector
from landmarks.face_crop import face_crop
from landmarks.images import read_image
from tests.helpers.paths import ROOT


def noisy(image, std, seed=0):
    noise = np.random.default_rng(seed).normal(0, std, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def face(portrait):
    """The portrait's face as a tight crop of 48 x 48 pixels."""
    return cv2.resize(portrait[20:170, 150:300], (48, 48), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("std", [5, 15, 40])
def test_noise_on_grey_is_estimated_rightly(std):
    grey = np.random.default_rng(0).normal(128, std, (64, 64, 1)).clip(0, 255)
    image = np.repeat(grey, 3, axis=2).astype(np.uint8)
    assert noise_level(image) == pytest.approx(std, rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 9, 3), (9, 2, 3)])
def test_an_image_without_an_inside_has_no_noise(shape):
    assert noise_level(np.zeros(shape, np.uint8)) == 0


def test_images_without_noise_stay_as_they_are():
    for path in sorted((ROOT / "data/sample/test").glob("*/*_01.png")):
        image = read_image(path)
        assert denoised(image) is image


def test_noise_goes_and_the_face_stays(face):
    corrupted = noisy(face, 30)
    assert noise_level(corrupted) > MAX_NOISE
    cleaned = denoised(corrupted)
    assert noise_level(cleaned) < noise_level(corrupted) / 3
    assert np.corrcoef(cleaned.mean(axis=2).ravel(), face.mean(axis=2).ravel())[0, 1] > 0.9


def test_a_noisy_tight_crop_is_found_and_cut_without_the_noise(face):
    corrupted = noisy(face, 30, seed=1)
    (found,) = shared_detector().detect(corrupted)
    (clean,) = shared_detector().detect(face)
    assert np.abs(found.points - clean.points).mean() < 3
    np.testing.assert_array_equal(
        face_crop(corrupted, found.points), face_crop(denoised(corrupted), found.points)
    )
