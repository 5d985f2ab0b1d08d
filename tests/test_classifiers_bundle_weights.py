"""Bundles with the weights of every architecture: whatever their header's length, they load."""

import pickle

import pytest
import torch
from safetensors.torch import load_file, save

from classifiers.bundle.bundle import FILES, WEIGHTS, BundleError, load_manifest, save_bundle
from classifiers.models.backbones import BACKBONES, BackboneConfig, BackboneNetwork
from classifiers.models.ensemble import FusedModel
from classifiers.models.fused import FusedNetwork
from classifiers.training.backbone_weights import saved_backbone_weights
from tests.helpers.small_bundle import MANIFEST
from tests.helpers.small_fused import small_network

LARGE = ("vgg16", "vit_b_16")

HEADS = (b"\x80", b"\x80\x02", b"\x80\x04", b"\x80\x05", b"PK")
"""How pickles of several protocols and zipped ones begin."""


def written(folder, weights):
    files = dict.fromkeys(FILES, b"content") | {WEIGHTS: weights}
    return save_bundle(folder, MANIFEST, files)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in BACKBONES],
)
def test_a_backbone_is_saved_and_loaded(name, tmp_path):
    with torch.device("meta"):
        network = BackboneNetwork(BackboneConfig(name, ("happy", "sad")))
    folder = written(tmp_path / name, saved_backbone_weights(network.to_empty(device="cpu")))
    assert load_manifest(folder)["classes"] == ["happy", "sad"]
    assert load_file(folder / WEIGHTS).keys() == network.body.state_dict().keys()


def test_a_fused_model_is_saved_and_loaded(tmp_path):
    state = FusedModel(FusedNetwork(small_network(4))).state_dict()
    folder = written(tmp_path / "fused", save(state))
    assert load_manifest(folder)["classes"] == ["happy", "sad"]
    assert load_file(folder / WEIGHTS).keys() == state.keys()


@pytest.mark.parametrize("head", HEADS)
def test_weights_whose_header_has_a_length_like_a_pickles_head_are_loaded(head, tmp_path):
    weights = safetensors_beginning_with(head)
    assert weights.startswith(head)
    folder = written(tmp_path / "weights", weights)
    assert load_manifest(folder)["classes"] == ["happy", "sad"]
    assert load_file(folder / WEIGHTS)["weight"].shape == (2, 2)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_in_the_place_of_weights_is_refused(protocol, tmp_path):
    folder = written(tmp_path / "pickle", pickle.dumps({"weight": [1.0] * 100}, protocol))
    with pytest.raises(BundleError, match="no pickle"):
        load_manifest(folder)


@pytest.mark.parametrize("head", HEADS)
def test_weights_shorter_than_their_header_are_no_safetensors(head, tmp_path):
    folder = written(tmp_path / "short", safetensors_beginning_with(head)[:100])
    with pytest.raises(BundleError, match="no pickle"):
        load_manifest(folder)


def safetensors_beginning_with(head):
    """Return a safetensors file whose header's length has the given lowest bytes."""
    content = save({"weight": torch.ones(2, 2)})
    size = int.from_bytes(content[:8], "little")
    header, values = content[8 : 8 + size], content[8 + size :]
    length = int.from_bytes(head, "little")
    while length < size:
        length += 256 ** len(head)
    # Spaces behind the header are a part of it.
    return length.to_bytes(8, "little") + header.ljust(length) + values
