from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file

from classifiers.models.backbones import BackboneConfig, BackboneNetwork
from classifiers.models.ensemble import PixelModel
from classifiers.models.vision import models
from classifiers.training import backbone_weights
from classifiers.training.backbone_weights import RANDOM, find_weights, saved_backbone_weights
from tests.helpers.small_model import CLASSES

CONFIG = BackboneConfig("resnet18", CLASSES, pretrained=True)


@pytest.fixture(scope="module")
def published():
    """Return a state_dict as torchvision publishes them, with the head of ImageNet's classes."""
    torch.manual_seed(1)
    return models.get_model("resnet18", weights=None).state_dict()


def first_and_head(network):
    return network.body.conv1.weight, network.body.fc[1].weight


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_a_file_s_weights_are_taken_but_the_head(tmp_path, published, kind, old):
    path = tmp_path / f"weights.{kind}"
    # Files of torchvision's first years lack BatchNorm's counters.
    state = {k: v for k, v in published.items() if not (old and k.endswith("tracked"))}
    (torch.save if kind == "pth" else save_file)(state, path)
    found = find_weights("resnet18", str(path))
    assert path.name in found.origin
    assert path.name in found.note
    first, head = first_and_head(BackboneNetwork(CONFIG, found.state))
    assert first.equal(published["conv1.weight"])
    assert head.shape == (len(CLASSES), 512)


def test_a_bundle_s_weights_are_taken_too(tmp_path):
    network = PixelModel(BackboneNetwork(CONFIG)).network
    path = tmp_path / "network.safetensors"
    path.write_bytes(saved_backbone_weights(network))
    again = BackboneNetwork(CONFIG, find_weights("resnet18", str(tmp_path)).state)
    assert first_and_head(again)[0].equal(first_and_head(network)[0])
    ours, theirs = (part.body.state_dict() for part in (network, again))
    assert all(theirs[name].equal(ours[name]) for name in ours if not name.startswith("fc."))


def refused(path, backbone="resnet18"):
    with pytest.raises(ValueError, match="WEIGHTS=") as caught:
        find_weights(backbone, str(path))
    sentence = str(caught.value)
    assert str(path) in sentence
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"no weights at all", b"\x80\x02garbage"])
def test_a_file_that_cannot_be_loaded_is_refused(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert "nothing that can be loaded" in refused(tmp_path / name)


def test_a_folder_is_refused(tmp_path):
    assert "nothing that can be loaded" in refused(tmp_path)


def test_another_network_s_weights_are_refused(tmp_path, published):
    path = tmp_path / "weights.pth"
    # Of the larger network all that the smaller one has is there, too.
    torch.save(models.get_model("resnet34", weights=None).state_dict(), path)
    assert "torchvision's resnet18" in refused(path)
    torch.save(published, path)
    assert "such as layer" in refused(path, "resnet34")
    torch.save({"state_dict": published}, path)
    refused(path)
    torch.save([1, 2], path)
    refused(path)


class Stranger:
    """Something that a pickle would have to run code for."""

    def __reduce__(self):
        return Path.touch, (Path("touched"),)


def test_a_file_runs_no_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"conv1.weight": Stranger()}, tmp_path / "weights.pth")
    refused(tmp_path / "weights.pth")
    assert not Path("touched").exists()


@pytest.mark.parametrize(
    "error", [URLError(OSError("no such host")), RuntimeError("invalid hash value\n(got x)")]
)
def test_where_nothing_can_be_fetched_it_starts_from_random_weights(monkeypatch, error):
    def fail(*_, **settings):
        assert settings["weights_only"]
        assert settings["check_hash"]
        raise error

    monkeypatch.setattr(models.ResNet18_Weights, "get_state_dict", fail)
    found = find_weights("resnet18")
    assert found.state is None
    assert found.origin == find_weights("resnet18", RANDOM).origin == "random weights"
    assert "can't be fetched here" in found.note
    assert "\n" not in found.note
    assert found.note.endswith(".")


def test_what_torchvision_fetches_is_taken(monkeypatch, published):
    monkeypatch.setattr(models.ResNet18_Weights, "get_state_dict", lambda *_, **__: published)
    found = find_weights("resnet18")
    assert found.state["conv1.weight"].equal(published["conv1.weight"])
    assert "ResNet18_Weights.IMAGENET1K_V1" in found.origin


def test_random_weights_are_not_fetched(monkeypatch):
    monkeypatch.setattr(backbone_weights, "_fetched", None)
    found = find_weights("resnet18", RANDOM)
    assert found.state is None
    assert "random weights" in found.note
