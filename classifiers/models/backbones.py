"""Networks known from ImageNet, for fine-tuning on a face's pixels.

ResNets of He et al. 2016, VGG of Simonyan and Zisserman 2015, MobileNetV3 of Howard et al. 2019 and
the vision transformer of Dosovitskiy et al. 2021, as torchvision builds them. The training loop is
that of the fused model, so that a comparison differs in the network alone.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import nn

from classifiers.models.fused import Outputs
from classifiers.models.vision import models

INPUT_SIDE = 224
"""Side of the networks' input in pixels, as torchvision's weights were trained on it."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue, 0..1, as torchvision's weights expect them."""


class Backbone(NamedTuple):
    """Names of a network's modules.

    ``unfrozen`` is the first module of the last blocks, the later half of the network; ``head`` the
    last layer; ``dropout`` the layer before it, which the new head's dropout replaces. The input's
    side is a multiple of ``step``: a transformer's patches have 16 pixels, and ONNX pools to VGG's
    7 x 7 places only from a multiple of them.
    """

    unfrozen: str
    head: str
    dropout: str = ""
    step: int = 1


BACKBONES = {
    "resnet18": Backbone("layer3", "fc"),
    "resnet34": Backbone("layer3", "fc"),
    "resnet50": Backbone("layer3", "fc"),
    "vgg16": Backbone("features.17", "classifier.6", "classifier.5", INPUT_SIDE),
    "mobilenet_v3_large": Backbone("features.7", "classifier.3", "classifier.2"),
    "vit_b_16": Backbone("encoder.layers.encoder_layer_6", "heads.head", step=16),
}


@dataclass(frozen=True)
class BackboneConfig:
    """Configuration of a `BackboneNetwork`; a checkpoint has it.

    Attributes
    ----------
    backbone : str
        One of `BACKBONES`.
    classes : tuple of str
        In the order of the logits.
    pretrained : bool
        Whether the weights are pretrained; random weights are never frozen.
    origin : str
        Name of the weights; other weights have another name.
    dropout : float
        Share dropped before the output, 0 to 1.
    head_epochs : int
        Epochs in which only the new head is trained, before the last blocks are unfrozen.
    side : int
        Side of the input in pixels, to which faces are enlarged; fewer pixels take less time.
    unfrozen : str
        Name of the first module that is unfrozen then, such as "layer4"; the later half of the
        network if it is empty.
    """

    pixels: ClassVar[bool] = True

    backbone: str
    classes: tuple[str, ...] = ()
    pretrained: bool = False
    origin: str = "random weights"
    dropout: float = 0.3
    head_epochs: int = 2
    side: int = INPUT_SIDE
    unfrozen: str = ""

    def __post_init__(self):
        """Check that the network takes an input of this side."""
        other = self.pretrained and self.side != INPUT_SIDE
        step = BACKBONES[self.backbone].step
        if self.side % step or (self.transformer and other):
            raise ValueError(
                f"Expected for {self.backbone} a side that is a multiple of {step}, with "
                f"pretrained weights {INPUT_SIDE}, got {self.side}."
            )

    @property
    def transformer(self) -> bool:
        """Whether the network has a vector for each place of its input, so for one side alone."""
        return self.backbone.startswith("vit")

    @property
    def first_unfrozen(self) -> str:
        """Name of the first module that is unfrozen."""
        return self.unfrozen or BACKBONES[self.backbone].unfrozen


class BackboneNetwork(nn.Module):
    """One of `BACKBONES` with a new head, on grey faces.

    Parameters
    ----------
    config : BackboneConfig
    state : dict of str to Tensor, optional
        Weights of all but the head, see `classifiers.training.backbone_weights`; random if left
        out.
    """

    def __init__(self, config: BackboneConfig, state: dict[str, torch.Tensor] | None = None):
        super().__init__()
        self.config, parts = config, BACKBONES[config.backbone]
        sized = {"image_size": config.side} if config.transformer else {}
        self.body = models.get_model(config.backbone, weights=None, **sized)
        modules = [name for name, _ in self.body.named_modules()]
        if config.first_unfrozen not in modules:
            names = ", ".join(name for name, _ in self.body.named_children())
            raise ValueError(
                f"Expected a module of {config.backbone} to unfreeze, such as {names} or one in "
                f"these, got {config.unfrozen!r}."
            )
        if state is not None:
            self.body.load_state_dict(state, strict=False)
        head = nn.Linear(self.body.get_submodule(parts.head).in_features, len(config.classes))
        self.body.set_submodule(parts.head, nn.Sequential(nn.Dropout(config.dropout), head))
        if parts.dropout:
            self.body.set_submodule(parts.dropout, nn.Identity())

    @staticmethod
    def scaled(pixels: torch.Tensor) -> torch.Tensor:
        """Take grey images (n, 1, h, w) of range 0..1 to ImageNet's scale, (n, 3, h, w)."""
        mean = torch.tensor(IMAGENET_MEAN, device=pixels.device)[:, None, None]
        std = torch.tensor(IMAGENET_STD, device=pixels.device)[:, None, None]
        return (pixels - mean) / std

    def begin_epoch(self, epoch: int) -> None:
        """Unfreeze what an epoch, counted from 0, trains: the head, then the last blocks too."""
        self.train()
        if not self.config.pretrained:
            return
        parts, trains = BACKBONES[self.config.backbone], False
        first = parts.head if epoch < self.config.head_epochs else self.config.first_unfrozen
        # Modules come in the order of the forward pass.
        for name, module in self.body.named_modules():
            trains = trains or name == first
            # A frozen BatchNorm keeps its statistics as well.
            module.training = trains
            for weights in module.parameters(recurse=False):
                weights.requires_grad_(trains)

    def forward(
        self, pixels: torch.Tensor, X: torch.Tensor, has_points: torch.Tensor
    ) -> torch.Tensor:
        """Return the classes' logits, (n, k).

        Parameters
        ----------
        pixels : Tensor of float32, shape (n, 3, h, w)
            What `scaled` makes of faces; enlarged here.
        X, has_points : Tensor
            Not used; see `classifiers.models.fused.FusedNetwork`.
        """
        size = (self.config.side, self.config.side)
        return self.body(nn.functional.interpolate(pixels, size, mode="bilinear"))

    def outputs(self, pixels: torch.Tensor, X: torch.Tensor, has_points: torch.Tensor) -> Outputs:
        """Return the logits of `forward` as training takes them."""
        return Outputs(self(pixels, X, has_points), None, None, None)
