from dataclasses import replace

import pytest
import torch

from classifiers.models.fused import window
from classifiers.training.augmentation import Augmentation, Augmenter, Batch
from landmarks.face_crop import SIDE, WINDOW
from tests.helpers.small_fused import STILL, arrays


def batch_of(seed=0, **settings):
    torch.manual_seed(seed)
    prepared = arrays(votes=4)[1]
    return prepared, Augmenter(replace(STILL, **settings)).batch(prepared)


def test_nothing_changes_where_all_is_off():
    prepared, batch = batch_of()
    torch.testing.assert_close(batch.pixels, window(prepared.crops))
    assert batch.has_points.equal(prepared.has_points)
    assert batch.targets.equal(prepared.targets)
    assert batch.votes.equal(prepared.votes)


def test_the_landmarks_are_those_of_a_straight_look():
    prepared, batch = batch_of()
    assert prepared.X[:, 0].float().equal(batch.X)


def test_a_flipped_face_has_its_mirror_images_landmarks():
    prepared, batch = batch_of(flip=True)
    # A mark on one side of the crops tells which were flipped.
    prepared.crops[:, :, : SIDE // 2] = 0
    prepared.X[:, 0] = 1
    prepared.X[:, 1] = -1
    torch.manual_seed(0)
    batch = Augmenter(replace(STILL, flip=True)).batch(prepared)
    dark_right = batch.pixels[:, 0, :, -1].mean(dim=1) < batch.pixels[:, 0, :, 0].mean(dim=1)
    assert 0 < dark_right.sum() < len(dark_right)
    assert dark_right.equal(batch.X[:, 0] < 0)


@pytest.mark.parametrize(
    "settings",
    [
        {"rotation": 15.0},
        {"shift": 4},
        {"scale": 0.2},
        {"jitter": 0.9},
        {"erasing": 1.0},
        {"corruption": 1.0},
    ],
)
def test_each_change_of_the_pixels_can_be_had_alone(settings):
    prepared, batch = batch_of(**settings)
    still = window(prepared.crops)
    assert batch.pixels.shape == (len(prepared), 1, WINDOW, WINDOW)
    assert torch.isfinite(batch.pixels).all()
    changed = (batch.pixels - still).abs().amax(dim=(1, 2, 3)) > 0.01
    assert changed.float().mean() > 0.3
    assert batch.targets.equal(prepared.targets)


def test_rows_share_a_draw_in_their_group_only():
    torch.manual_seed(0)
    crops = torch.randint(0, 255, (1, SIDE, SIDE), dtype=torch.uint8).expand(8, -1, -1)
    augmenter = Augmenter(replace(STILL, shift=4, group=4))
    pixels = augmenter.pixels(crops, torch.zeros(8, dtype=torch.bool))
    assert pixels[0].equal(pixels[3])
    assert not pixels[0].equal(pixels[4])


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_a_blend_shares_everything_alike(kind):
    torch.manual_seed(1)
    pixels = torch.zeros(4, 1, 8, 8)
    pixels[0] = 1
    targets = torch.eye(4)
    ones = torch.ones(4)
    start = Batch(pixels, targets * 2, ones, targets, targets)
    batch = Augmenter(replace(STILL, **{kind: 1.0})).mixed(start)
    # The only bright image's share of each row is that of its class.
    torch.testing.assert_close(batch.pixels.mean(dim=(1, 2, 3)), batch.targets[:, 0])
    torch.testing.assert_close(batch.X, 2 * batch.targets)
    torch.testing.assert_close(batch.votes, batch.targets)
    assert 0 < batch.targets[0, 0] < 1


def test_a_row_shown_without_landmarks_is_a_whole_image():
    prepared, _ = batch_of()
    prepared.whole_images[:] = torch.randint(0, 255, prepared.whole_images.shape, dtype=torch.uint8)
    batch = Augmenter(replace(STILL, drop_points=1.0)).batch(prepared)
    assert not batch.has_points.any()
    torch.testing.assert_close(batch.pixels, window(prepared.whole_images))


def test_the_same_random_state_gives_the_same_batch():
    prepared = arrays()[1]
    augmenter = Augmenter(Augmentation(erasing=1.0))
    torch.manual_seed(3)
    one = augmenter.batch(prepared)
    torch.manual_seed(3)
    other = augmenter.batch(prepared)
    assert all(a.equal(b) for a, b in zip(one, other, strict=True))


def test_landmarks_alone_need_no_pixels():
    prepared = arrays(votes=4)[1]
    batch = Augmenter(replace(STILL, mixup=1.0), takes_pixels=False).batch(prepared)
    assert batch.pixels.shape == (len(prepared), 1, 1, 1)
    assert batch.X.shape == (len(prepared), prepared.X.shape[2])
    assert not batch.targets.equal(prepared.targets)
