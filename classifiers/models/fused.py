"""The fused network: a residual network on a face's pixels and a dense one on its landmarks.

The configuration can leave out either branch, so that the effect of each is measured with the same
code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from landmarks.face_crop import SIDE, WINDOW

MARGIN = (SIDE - WINDOW) // 2
MIN_CONTRAST = 0.02
"""Least std of grey values (0..1) that a crop is divided by: less would amplify noise."""


@dataclass(frozen=True)
class NetworkConfig:
    """Configuration of a `FusedNetwork`; a checkpoint has it.

    Attributes
    ----------
    classes : tuple of str
        In the order of the logits.
    n_components : int
        Width of the landmark vector.
    pixels, landmarks : bool
        Which branches there are.
    stem : int
        Channels of the first convolution.
    widths, blocks : tuple of int
        Channels and residual blocks of each stage; a stage halves the side of its input.
    hidden : tuple of int
        Units of the landmark branch's layers.
    dropout : float
        Share dropped after each landmark layer and before the output, 0 to 1.
    n_votes : int
        Columns of annotator votes that training also predicts, 0 for none.
    origin : str
        Name of the weights that training starts from; other weights have another name.
    """

    classes: tuple[str, ...]
    n_components: int = 256
    pixels: bool = True
    landmarks: bool = True
    stem: int = 32
    widths: tuple[int, ...] = (48, 96, 192)
    blocks: tuple[int, ...] = (2, 2, 2)
    hidden: tuple[int, ...] = (256, 128)
    dropout: float = 0.3
    n_votes: int = 0
    origin: str = "random weights"

    def __post_init__(self):
        """Check that there is a branch, and a width for each stage."""
        if not (self.pixels or self.landmarks):
            raise ValueError("Expected pixels or landmarks, got neither; leave at most one out.")
        if len(self.widths) != len(self.blocks):
            raise ValueError(
                f"Expected a width for each stage's blocks, got {self.widths} and {self.blocks}."
            )


class Outputs(NamedTuple):
    """Outputs that the loss takes: logits (n, k) of both branches, of each alone, and of the votes.

    Those of a branch that the configuration leaves out are None.
    """

    logits: torch.Tensor
    pixels: torch.Tensor | None
    landmarks: torch.Tensor | None
    votes: torch.Tensor | None


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016; the shortcut of He et al. 2019)."""

    def __init__(self, n_in: int, n_out: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut = nn.Identity()
        if n_in != n_out or stride > 1:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride, ceil_mode=True),
                nn.Conv2d(n_in, n_out, 1, bias=False),
                nn.BatchNorm2d(n_out),
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (n, n_in, h, w) to (n, n_out, h / stride, w / stride)."""
        return torch.relu(self.body(x) + self.shortcut(x))


class FusedNetwork(nn.Module):
    """A branch for pixels and one for landmarks, concatenated before the output."""

    def __init__(self, config: NetworkConfig):
        super().__init__()
        self.config = config
        n_classes, n_pixels, n_landmarks = len(config.classes), 0, 0
        if config.pixels:
            self.pixel_branch, n_pixels = _image_branch(config), config.widths[-1]
            self.pixel_head = nn.Linear(n_pixels, n_classes)
        if config.landmarks:
            self.landmark_branch, n_landmarks = _landmark_branch(config), config.hidden[-1]
            self.landmark_head = nn.Linear(n_landmarks, n_classes)
        # One more for the flag, 0 for a face without landmarks.
        width = n_pixels + (n_landmarks + 1 if config.landmarks else 0)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(width, n_classes)
        if config.n_votes:
            self.vote_head = nn.Linear(width, config.n_votes)

    @staticmethod
    def scaled(pixels: torch.Tensor) -> torch.Tensor:
        """Return images (n, 1, h, w) of range 0..1 `standardised`, as the network takes them."""
        return standardised(pixels)

    def begin_epoch(self, epoch: int) -> None:
        """Train all of the network in every epoch."""
        self.train()

    def forward(
        self, pixels: torch.Tensor, X: torch.Tensor, has_points: torch.Tensor
    ) -> torch.Tensor:
        """Return the classes' logits.

        Parameters
        ----------
        pixels : Tensor of float32, shape (n, 1, WINDOW, WINDOW)
            What `window` makes of crops.
        X : Tensor of float32, shape (n, n_components)
            Landmarks as `classifiers.models.landmark_vector` prepares them.
        has_points : Tensor of float32, shape (n,), 0 or 1
            Where 0, the row of X is not used. Rows of mixup have shares.

        Returns
        -------
        Tensor of float32, shape (n, k)
        """
        return self.outputs(pixels, X, has_points).logits

    def outputs(self, pixels: torch.Tensor, X: torch.Tensor, has_points: torch.Tensor) -> Outputs:
        """Return the logits of `forward` and those that only the loss takes."""
        parts, of_pixels, of_landmarks = [], None, None
        if self.config.pixels:
            image = self.pixel_branch(pixels)
            parts.append(image)
            of_pixels = self.pixel_head(image)
        if self.config.landmarks:
            flag = has_points[:, None]
            shape = self.landmark_branch(X * (flag > 0)) * flag
            parts += [shape, flag.to(shape.dtype)]
            of_landmarks = self.landmark_head(shape)
        both = self.dropout(torch.cat(parts, dim=1))
        votes = self.vote_head(both) if self.config.n_votes else None
        return Outputs(self.head(both), of_pixels, of_landmarks, votes)


HEADS = ("head.", "pixel_head.", "landmark_head.")
"""Layers of one output a class."""


def initialized(config: NetworkConfig, trained: FusedNetwork) -> FusedNetwork:
    """Return a network with the weights of another, and new heads if its classes are others."""
    network = FusedNetwork(config)
    own = network.state_dict()
    fresh = () if config.classes == trained.config.classes else HEADS
    state = {
        name: values
        for name, values in trained.state_dict().items()
        if name in own and own[name].shape == values.shape and not name.startswith(fresh)
    }
    network.load_state_dict(state, strict=False)
    return network


def _image_branch(config: NetworkConfig) -> nn.Sequential:
    """Return the layers from (n, 1, WINDOW, WINDOW) to (n, widths[-1])."""
    layers: list[nn.Module] = [
        nn.Conv2d(1, config.stem, 3, 1, 1, bias=False),
        nn.BatchNorm2d(config.stem),
        nn.ReLU(),
    ]
    n_in = config.stem
    for width, blocks in zip(config.widths, config.blocks, strict=True):
        for number in range(blocks):
            layers.append(ResidualBlock(n_in, width, 2 if number == 0 else 1))
            n_in = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _landmark_branch(config: NetworkConfig) -> nn.Sequential:
    """Return the layers from (n, n_components) to (n, hidden[-1])."""
    layers: list[nn.Module] = []
    n_in = config.n_components
    for width in config.hidden:
        layers += [nn.Linear(n_in, width), nn.BatchNorm1d(width), nn.ReLU()]
        layers.append(nn.Dropout(config.dropout))
        n_in = width
    return nn.Sequential(*layers)


def window(
    crops: torch.Tensor, scaled: Callable[[torch.Tensor], torch.Tensor] | None = None
) -> torch.Tensor:
    """Return the network's input for crops that are not augmented.

    Parameters
    ----------
    crops : Tensor of uint8, shape (n, SIDE, SIDE)
        From `landmarks.face_crop.face_crop`.
    scaled : callable, optional
        The network's scaling of grey values 0..1; `standardised` if left out.

    Returns
    -------
    Tensor of float32, shape (n, channels, WINDOW, WINDOW)
        The middle, scaled.
    """
    middle = crops[:, None, MARGIN : SIDE - MARGIN, MARGIN : SIDE - MARGIN]
    return (scaled or standardised)(middle.float() / 255)


def standardised(pixels: torch.Tensor) -> torch.Tensor:
    """Standardise each image (n, 1, h, w) of range 0..1 to zero mean and unit std.

    This removes light and contrast, which differ between data sets and cameras.
    """
    centred = pixels - pixels.mean(dim=(2, 3), keepdim=True)
    std = (centred**2).mean(dim=(2, 3), keepdim=True).sqrt()
    return centred / std.clamp(min=MIN_CONTRAST)
