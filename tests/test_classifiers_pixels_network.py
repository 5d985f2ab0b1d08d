import pytest
import torch

from classifiers.models.fused import FusedNetwork, NetworkConfig, standardised, window
from landmarks.face_crop import SIDE, WINDOW
from tests.helpers.small_fused import CLASSES, small_network

N_COMPONENTS = 6


def inputs(n=5, seed=0):
    torch.manual_seed(seed)
    return torch.randn(n, 1, WINDOW, WINDOW), torch.randn(n, N_COMPONENTS), torch.ones(n)


def network(**settings):
    torch.manual_seed(0)
    return FusedNetwork(small_network(N_COMPONENTS, **settings)).eval()


@pytest.mark.parametrize("left_out", [{}, {"pixels": False}, {"landmarks": False}])
def test_each_branch_can_be_left_out(left_out):
    outputs = network(n_votes=10, **left_out).outputs(*inputs())
    assert outputs.logits.shape == (5, len(CLASSES))
    assert outputs.votes.shape == (5, 10)
    assert (outputs.pixels is None) == ("pixels" in left_out)
    assert (outputs.landmarks is None) == ("landmarks" in left_out)


def test_leaving_both_out_is_refused():
    with pytest.raises(ValueError, match="neither"):
        small_network(N_COMPONENTS, pixels=False, landmarks=False)
    with pytest.raises(ValueError, match="each stage"):
        NetworkConfig(CLASSES, widths=(4,), blocks=(1, 1))


def test_both_branches_count():
    pixels, X, has_points = inputs()
    answer = network()(pixels, X, has_points)
    assert not answer.equal(network()(pixels + torch.randn_like(pixels), X, has_points))
    assert not answer.equal(network()(pixels, X + 1, has_points))


def test_landmarks_that_are_missing_are_not_looked_at():
    pixels, X, _ = inputs()
    without = torch.zeros(5)
    answer = network()(pixels, X, without)
    assert answer.equal(network()(pixels, X + 1, without))
    assert not answer.equal(network()(pixels, X, torch.ones(5)))


def test_a_blended_row_s_landmarks_count_by_their_share_once():
    pixels, X, has_points = inputs()
    made, seen = network(), []
    made.landmark_branch.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    made(pixels, X, has_points * 0.3)
    assert seen[0].equal(X)


def test_a_row_does_not_depend_on_those_beside_it():
    pixels, X, has_points = inputs()
    alone = network()(pixels[:1], X[:1], has_points[:1])
    torch.testing.assert_close(alone, network()(pixels, X, has_points)[:1])


def test_light_and_contrast_are_taken_out():
    crops = torch.randint(100, 150, (3, SIDE, SIDE), dtype=torch.uint8)
    brighter = crops * 2 - 100
    torch.testing.assert_close(window(crops), window(brighter))
    assert window(crops).shape == (3, 1, WINDOW, WINDOW)
    assert window(crops).mean(dim=(1, 2, 3)).abs().max() < 1e-5
    assert (window(crops).std(dim=(1, 2, 3)) - 1).abs().max() < 1e-3


def test_the_window_is_the_middle_of_a_crop():
    crops = torch.zeros(1, SIDE, SIDE, dtype=torch.uint8)
    crops[0, SIDE // 2, SIDE // 2] = 255
    assert window(crops)[0, 0].argmax() == (WINDOW // 2) * (WINDOW + 1)


def test_a_blank_image_stays_finite():
    assert standardised(torch.full((1, 1, 4, 4), 0.3)).abs().max() < 1e-4
