import numpy as np
import pytest
import torch

from classifiers.models.backbones import BACKBONES, INPUT_SIDE, BackboneConfig, BackboneNetwork
from classifiers.models.calibration import Calibration
from classifiers.models.ensemble import PixelModel
from classifiers.models.fused import window
from classifiers.models.fused_onnx import fused_to_onnx
from classifiers.models.onnx_export import ExportError, check_proba
from classifiers.models.vision import models
from classifiers.training.loop import Run
from classifiers.training.tensors import arrays_with
from tests.helpers import small_fused
from tests.helpers.small_fused import small_training
from tests.helpers.small_model import CLASSES

FEW = 1


def network_of(backbone, **settings):
    torch.manual_seed(0)
    return BackboneNetwork(BackboneConfig(backbone, CLASSES, **settings))


def sums(body):
    """Return a number for each of the weights and statistics that a step changes."""
    return {name: float(values.sum()) for name, values in body.state_dict().items()}


def learning(network):
    """Return the names of the weights that learn, and of the BatchNorms that gather statistics."""
    weights = {name for name, part in network.body.named_parameters() if part.requires_grad}
    norms = {
        name
        for name, module in network.body.named_modules()
        if isinstance(module, torch.nn.BatchNorm2d) and module.training
    }
    return weights, norms


SLOW = ("vgg16", "vit_b_16")


@pytest.mark.parametrize(
    "backbone",
    [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in BACKBONES],
)
def test_a_step_moves_the_last_blocks_alone(backbone):
    """One step of the training's own loop on one face, its weights taken for pretrained ones."""
    rows = small_fused.rows(FEW, missed=0)
    arrays = arrays_with(rows, CLASSES, np.zeros((FEW, 2, 1), np.float16))
    config = BackboneConfig(backbone, CLASSES, pretrained=True, head_epochs=0)
    settings = small_training(optimizer="adam", lr=1e-4, averaging=0.0, batch_size=FEW, warm_up=0)
    run = Run(arrays, config, settings, BackboneNetwork)
    body = run.network.body
    before = sums(body)
    assert np.isfinite(run.train_epoch()).all()
    names = [name for name, _ in body.named_parameters()]
    first = next(i for i, name in enumerate(names) if name.startswith(BACKBONES[backbone].unfrozen))
    assert 0 < first < len(names) - 2
    moved = {name for name, value in sums(body).items() if value != before[name]}
    assert not moved & set(names[:first])
    # What no gradient reaches in so small a batch, such as dead units' biases, stays.
    assert len(moved & set(names[first:])) > 0.9 * len(names[first:])
    assert all(name.startswith(BACKBONES[backbone].head) for name in names[-2:])
    assert body.get_parameter(names[-1]).shape == (len(CLASSES),)


def test_the_head_learns_alone_before_the_last_blocks_are_freed():
    network = network_of("resnet18", pretrained=True, head_epochs=2)
    for epoch in (0, 1):
        network.begin_epoch(epoch)
        assert learning(network) == ({"fc.1.weight", "fc.1.bias"}, set())
    network.begin_epoch(2)
    weights, norms = learning(network)
    assert {name.split(".")[0] for name in weights} == {"layer3", "layer4", "fc"}
    assert {name.split(".")[0] for name in norms} == {"layer3", "layer4"}


def test_the_first_module_to_be_freed_is_a_setting():
    network = network_of("resnet18", pretrained=True, head_epochs=0, unfrozen="layer4")
    network.begin_epoch(0)
    weights, _ = learning(network)
    assert {name.split(".")[0] for name in weights} == {"layer4", "fc"}
    with pytest.raises(ValueError, match=r"such as conv1, .*layer4.*, got 'layer9'"):
        network_of("resnet18", pretrained=True, unfrozen="layer9")


def test_frozen_statistics_stay_and_the_answer_is_not_dropped_from():
    network = network_of("resnet18", pretrained=True)
    pixels, X, flags = torch.rand(2, 3, 44, 44), torch.zeros(2, 1), torch.ones(2)
    network.begin_epoch(0)
    before = network.body.bn1.running_mean.clone()
    network(pixels, X, flags)
    assert network.body.bn1.running_mean.equal(before)
    assert network.body.fc[0].training
    network.eval()
    assert network(pixels, X, flags).equal(network(pixels, X, flags))


@pytest.mark.parametrize(
    "backbone", ["mobilenet_v3_large", pytest.param("vit_b_16", marks=pytest.mark.slow)]
)
def test_a_smaller_input_is_seen_at_its_side(backbone):
    network, seen = network_of(backbone, side=64).eval(), []
    network.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape))
    answer = network(torch.rand(2, 3, 44, 44), torch.zeros(2, 1), torch.ones(2))
    assert seen == [(2, 3, 64, 64)]
    assert answer.shape == (2, len(CLASSES))


@pytest.mark.parametrize(
    ("backbone", "side", "pretrained", "step"),
    [("vit_b_16", 100, False, 16), ("vit_b_16", 64, True, 16), ("vgg16", 64, False, 224)],
)
def test_a_side_that_a_network_cannot_see_is_one_sentence(backbone, side, pretrained, step):
    said = f"multiple of {step}, with pretrained weights 224, got {side}"
    with pytest.raises(ValueError, match=said):
        network_of(backbone, side=side, pretrained=pretrained)


def test_random_weights_are_never_frozen():
    network = network_of("mobilenet_v3_large")
    network.begin_epoch(0)
    assert learning(network)[0] == {name for name, _ in network.body.named_parameters()}


def test_faces_are_seen_large_and_on_the_scale_of_imagenet():
    network, seen = network_of("mobilenet_v3_large").eval(), []
    network.body.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    crops = torch.zeros(1, 56, 56, dtype=torch.uint8)
    crops[0, 28:] = 255
    network(window(crops, network.scaled), torch.zeros(1, 1), torch.ones(1))
    assert seen[0].shape == (1, 3, INPUT_SIDE, INPUT_SIDE)
    black, white = seen[0][0, :, 0, 0], seen[0][0, :, -1, -1]
    # The transforms that torchvision publishes its weights with.
    published = models.MobileNet_V3_Large_Weights.DEFAULT.transforms()
    mean, deviation = torch.tensor(published.mean), torch.tensor(published.std)
    torch.testing.assert_close(black, -mean / deviation)
    torch.testing.assert_close(white, (1 - mean) / deviation)


@pytest.mark.slow
def test_the_graph_answers_as_the_network_does():
    network = network_of("resnet18")
    with torch.no_grad():  # so that faces differ in their answers
        network.body.fc[1].weight *= 40
    model, rows = PixelModel(network), small_fused.rows(3, missed=1)
    inputs = rows.points, rows.crops, rows.has_points.astype(np.float32)
    plain = Calibration(np.ones(len(CLASSES)), np.zeros(len(CLASSES)))
    content = fused_to_onnx(model, plain, *inputs)
    expected = model.predict_proba(*inputs)
    assert expected.std(axis=0).max() > 0.01
    named = dict(zip(("points", "crops", "has_points"), inputs, strict=True))
    check_proba(content, named, expected)
    with pytest.raises(ExportError):
        check_proba(content, named, expected[::-1])


def test_no_dropout_comes_twice():
    network = network_of("mobilenet_v3_large", dropout=0.4)
    shares = [part.p for part in network.body.modules() if isinstance(part, torch.nn.Dropout)]
    assert shares == [0.4]
