from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from classifiers.models.ensemble import (
    CONFIG,
    Ensemble,
    FusedModel,
    read_weights,
    saved_weights,
)
from classifiers.models.fused import FusedNetwork, initialized
from classifiers.training.dataset import Rows
from classifiers.training.fine_tuning import (
    InitialNetworks,
    find_initial_networks,
    seen_rows,
    unseen_validation,
)
from classifiers.training.fused import train_fused
from classifiers.training.tensors import arrays_of
from landmarks.mesh import CANONICAL
from tests.helpers.small_fused import CLASSES, rows, small_network, small_training

MADE = rows(24, missed=3)
ALL = np.ones(24, bool)


def model_of(seed=0, classes=CLASSES, **settings):
    torch.manual_seed(seed)
    preprocessing, _ = arrays_of(MADE, CLASSES, ALL, small_network(1).n_components)
    config = replace(small_network(1), classes=classes, **settings)
    config = replace(config, n_components=len(preprocessing.root))
    return FusedModel(FusedNetwork(config), preprocessing)


def test_saved_networks_are_read_whole(tmp_path):
    model = Ensemble([model_of(1), model_of(2)])
    path = tmp_path / "network.safetensors"
    path.write_bytes(saved_weights(model))
    again = read_weights(path)
    inputs = MADE.inputs(np.arange(24))
    np.testing.assert_array_equal(again.predict_proba(*inputs), model.predict_proba(*inputs))


def test_the_landmark_vectors_are_those_of_the_training():
    model = model_of()
    _, arrays = arrays_of(MADE, CLASSES, ALL, small_network(1).n_components)
    vectors = model.landmark_vectors(MADE.points, MADE.has_points)
    np.testing.assert_allclose(vectors, arrays.X.numpy(), atol=0.01)
    assert not vectors[~MADE.has_points].any()


@pytest.mark.parametrize("classes", [CLASSES, ("no", "yes"), tuple("abc")])
def test_weights_are_taken_and_heads_of_other_classes_are_new(classes):
    model = model_of()
    network = initialized(replace(model.network.config, classes=classes), model.network)
    own, theirs = network.state_dict(), model.network.state_dict()
    heads = {name for name in own if name.split(".")[0].endswith("head")}
    assert len(heads) == 6
    assert all(own[name].equal(theirs[name]) for name in own.keys() - heads)
    same = classes == CLASSES
    assert all(own[name].equal(theirs[name]) == same for name in heads)


def test_networks_start_in_turn_from_those_of_the_bundle(tmp_path):
    models = (model_of(1), model_of(2))
    training = small_training(epochs=1, lr=0.0, averaging=0.0)
    data = MADE, ALL[:0], np.arange(6), tmp_path, models[0].network.config, training, 3, "cpu"
    trained = train_fused(*data, initial=InitialNetworks(models, "those", frozenset())).models
    for member, model in zip(trained, (*models, models[0]), strict=True):
        assert member.network.head.weight.equal(model.network.head.weight)
        assert member.network.config.origin == "those"
        assert member.centre.equal(model.centre)


def test_a_bundle_of_landmarks_is_refused():
    with pytest.raises(ValueError, match="Expected a bundle of fused or cnn in landmarks, got one"):
        find_initial_networks("landmarks")


def test_the_included_networks_are_found():
    networks = find_initial_networks("fused")
    assert networks.origin.startswith("the weights of fused, SHA-256 ")
    assert networks.models[0].classes[0] == "angry"
    assert len(networks.pixels) > 20_000


SEEN = InitialNetworks((), "those", frozenset({"a1", "b2", ""}))


def labelled(pixels, y):
    """Return rows of meshes that are no copies of one another."""
    shape = len(pixels), *CANONICAL.shape
    noise = np.random.default_rng(0).normal(scale=4, size=shape)
    points = (CANONICAL * 20 + 100 + noise).astype(np.float32)
    return Rows(points, np.array(y), np.array(pixels, dtype=str), "made up")


def test_images_of_unknown_pixels_are_not_counted_as_seen():
    seen = seen_rows(SEEN, labelled(["b2", "", "c3", "b2"], ["happy"] * 4))
    assert seen.sum() == 2
    assert seen.tolist() == [True, False, False, True]
    assert seen_rows(SEEN, labelled([], [])).sum() == 0


@pytest.mark.parametrize(
    ("pixels", "validates"),
    [("a1 c3 d4 e5", [0, 1, 1, 0]), ("c3 d4 a1 e5", [1, 1, 0, 0]), ("c3 a1 d4 b2", [1, 1, 1, 0])],
)
def test_seen_images_validate_only_where_a_class_has_no_others(pixels, validates):
    rows = labelled(pixels.split(), ["happy", "sad", "happy", "sad"])
    held_out, n_seen = unseen_validation(SEEN, rows, np.array([1, 1, 1, 0], bool))
    assert held_out.tolist() == validates
    assert n_seen == sum(validates) - 2


def test_another_copy_of_a_seen_photograph_does_not_validate():
    rows = labelled(["a1", "c3", "d4", "e5"], ["happy"] * 4)
    rows.points[2] = rows.points[0] * 1.1 + 3
    held_out, n_seen = unseen_validation(SEEN, rows, np.array([1, 1, 1, 0], bool))
    assert held_out.tolist() == [False, True, False, False]
    assert n_seen == 0


def test_other_sizes_are_refused(tmp_path):
    wider = model_of(stem=12)
    data = MADE, ALL[:0], np.arange(6), tmp_path, small_network(1), small_training(epochs=1)
    with pytest.raises(ValueError, match="Expected stem 12 as in the bundle that WEIGHTS= names"):
        train_fused(*data, initial=InitialNetworks((wider,), "those", frozenset()))


@pytest.mark.parametrize("configs", ["", "[", "[]", "[1]", "{}", '[{"stem": 3}]', '[{"wide": 1}]'])
def test_a_file_of_something_else_is_one_sentence(tmp_path, configs):
    path = tmp_path / "network.safetensors"
    save_file({"a": torch.zeros(1)}, path, {CONFIG: configs})
    with pytest.raises(ValueError, match="Expected weights of fused or cnn"):
        read_weights(path)
