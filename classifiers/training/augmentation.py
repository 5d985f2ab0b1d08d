"""Augment a batch: the pixels with torchvision, the landmarks alike.

All random numbers are PyTorch's, so that one saved state repeats them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch

from classifiers.models.fused import standardised
from classifiers.models.vision import v2
from classifiers.training.tensors import Arrays
from landmarks.face_crop import WINDOW


@dataclass(frozen=True)
class Augmentation:
    """Strengths of the augmentations; 0 or False leaves one out.

    Attributes
    ----------
    flip : bool
        Flip half of the faces, with the landmarks of the flip.
    rotation : float
        Largest rotation to either side, degrees.
    shift : int
        Largest translation in each direction, pixels; at most the crops' margin.
    scale : float
        Largest change of scale, share.
    jitter : float
        Largest change of brightness and of contrast, share. Pixels are standardised afterwards,
        so that only clipped whites and blacks remain of it.
    erasing : float
        Share of the groups that get a grey rectangle (Zhong et al. 2020).
    corruption : float
        Share of the groups that are corrupted: noise, blur, low resolution, JPEG, gamma or
        sharpening (after Hendrycks and Dietterich 2019), the severity drawn anew.
    mixup, cutmix : float
        Shares of the batches with mixup (Zhang et al. 2018) or CutMix (Yun et al. 2019).
    mixup_alpha, cutmix_alpha : float
        Parameters of their beta distributions.
    drop_points : float
        Share of the rows that get no landmarks and the whole image, as an image without a found
        face does.
    group : int
        Rows that share a draw of rotation, shift, scale, jitter and erasing.
    """

    flip: bool = True
    rotation: float = 12.0
    shift: int = 4
    scale: float = 0.12
    jitter: float = 0.25
    erasing: float = 0.3
    corruption: float = 0.3
    mixup: float = 0.2
    cutmix: float = 0.0
    mixup_alpha: float = 0.4
    cutmix_alpha: float = 1.0
    drop_points: float = 0.1
    group: int = 4


class Batch(NamedTuple):
    """Inputs and targets of the network: pixels (n, c, h, w), X (n, d), classes and votes.

    ``has_points`` (n,) is 0 for rows whose X is not used. ``targets`` (n, k) and ``votes`` (n, v)
    are shares of the classes and of the annotator votes; unknown votes are all zero.
    """

    pixels: torch.Tensor
    X: torch.Tensor
    has_points: torch.Tensor
    targets: torch.Tensor
    votes: torch.Tensor


class Augmenter:
    """Augments batches as an `Augmentation` says.

    Parameters
    ----------
    augmentation : Augmentation
    takes_pixels : bool, default True
        False for networks on landmarks alone, whose batches have one blank pixel an image.
    scaled : callable, default `classifiers.models.fused.standardised`
        The network's scaling of grey values 0..1.
    """

    def __init__(
        self,
        augmentation: Augmentation,
        takes_pixels: bool = True,
        scaled: Callable[[torch.Tensor], torch.Tensor] = standardised,
    ):
        self.augmentation, self.takes_pixels, self.scaled = augmentation, takes_pixels, scaled
        self.geometry = v2.Compose(list(_geometry(augmentation)))
        erasing = v2.RandomErasing(augmentation.erasing, scale=(0.02, 0.2))
        self.erase = erasing if augmentation.erasing else v2.Identity()
        corruption = v2.RandomApply([v2.RandomChoice(_corruptions())], augmentation.corruption)
        self.corrupt = corruption if augmentation.corruption else v2.Identity()

    def batch(self, rows: Arrays) -> Batch:
        """Return an augmented batch of the rows."""
        n = len(rows)
        flipped = torch.rand(n) < (0.5 if self.augmentation.flip else 0.0)
        dropped = torch.rand(n) < self.augmentation.drop_points
        device = rows.crops.device
        flipped, dropped = flipped.to(device), dropped.to(device)
        crops = torch.where(dropped[:, None, None], rows.whole_images, rows.crops)
        pixels = self.pixels(crops, flipped)
        X = rows.X[torch.arange(n, device=device), flipped.long()].float()
        has_points = rows.has_points * ~dropped
        batch = self.mixed(Batch(pixels, X, has_points, rows.targets, rows.votes))
        return batch._replace(pixels=batch.pixels.to(memory_format=torch.channels_last))

    def pixels(self, crops: torch.Tensor, flipped: torch.Tensor) -> torch.Tensor:
        """Augment the pixels.

        Parameters
        ----------
        crops : Tensor of uint8, shape (n, SIDE, SIDE)
        flipped : Tensor of bool, shape (n,)
            Rows to flip.

        Returns
        -------
        Tensor of float32, shape (n, channels, WINDOW, WINDOW)
            Scaled.
        """
        if not self.takes_pixels:
            return torch.zeros(len(crops), 1, 1, 1, device=crops.device)
        images = crops[:, None].float() / 255
        images = torch.where(flipped[:, None, None, None], images.flip(3), images)
        # torchvision draws random numbers once a call, and a call costs the same for one image as
        # for several: a call for each image would take longer than training the network on it.
        groups = images.split(self.augmentation.group)
        augmented = [
            self.erase(self.scaled(self.corrupt(self.geometry(group)))) for group in groups
        ]
        return torch.cat(augmented)

    def mixed(self, batch: Batch) -> Batch:
        """Apply mixup or CutMix to some batches, with landmarks, targets and votes."""
        chance, chosen = float(torch.rand(())), self.augmentation
        if chance < chosen.mixup:
            blend = v2.MixUp(alpha=chosen.mixup_alpha, num_classes=len(batch.X))
        elif chance < chosen.mixup + chosen.cutmix:
            blend = v2.CutMix(alpha=chosen.cutmix_alpha, num_classes=len(batch.X))
        else:
            return batch
        # With row numbers for labels, the mixed labels are each row's shares in the result, (n, n),
        # which mix everything else alike.
        pixels, shares = blend(batch.pixels, torch.arange(len(batch.X), device=batch.X.device))
        X = batch.X * batch.has_points[:, None]
        return Batch(
            pixels,
            shares @ X,
            shares @ batch.has_points,
            shares @ batch.targets,
            shares @ batch.votes,
        )


def _geometry(chosen: Augmentation) -> Iterator[v2.Transform]:
    """Yield the transforms of pixels (n, 1, SIDE, SIDE) to (n, 1, WINDOW, WINDOW)."""
    if chosen.rotation or chosen.scale:
        yield v2.RandomAffine(
            chosen.rotation,
            scale=(1 - chosen.scale, 1 + chosen.scale),
            interpolation=v2.InterpolationMode.BILINEAR,
        )
    yield v2.CenterCrop(WINDOW + 2 * chosen.shift)
    yield v2.RandomCrop(WINDOW)
    if chosen.jitter:
        yield v2.ColorJitter(brightness=chosen.jitter, contrast=chosen.jitter)


def _corruptions() -> list[v2.Transform]:
    """Return corruptions of pixels (n, 1, WINDOW, WINDOW) of range 0..1, of several severities."""
    return [
        v2.Lambda(_noise),
        v2.GaussianBlur(5, (0.4, 2.0)),
        v2.Lambda(_low_resolution),
        v2.Lambda(_jpeg),
        v2.Lambda(_gamma),
        v2.RandomAdjustSharpness(3.0, 1.0),
    ]


def _noise(pixels: torch.Tensor) -> torch.Tensor:
    """Add Gaussian noise, with a standard deviation of 0.01 to 0.15 for each image."""
    sigma = torch.empty(len(pixels), 1, 1, 1, device=pixels.device).uniform_(0.01, 0.15)
    return (pixels + sigma * torch.randn_like(pixels)).clamp(0, 1)


def _low_resolution(pixels: torch.Tensor) -> torch.Tensor:
    """Shrink to a side of 12 to 30 pixels and enlarge again."""
    side = int(torch.randint(12, 31, ()))
    small = v2.functional.resize(pixels, [side, side])
    return v2.functional.resize(small, list(pixels.shape[-2:]))


def _jpeg(pixels: torch.Tensor) -> torch.Tensor:
    """Compress each image with a quality of 8 to 60."""
    quality = int(torch.randint(8, 61, ()))
    images = (pixels[:, 0] * 255).round().to(torch.uint8).cpu().numpy()
    coded = [
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for image in images
    ]
    decoded = np.stack([cv2.imdecode(code, cv2.IMREAD_GRAYSCALE) for code in coded])
    return (torch.from_numpy(decoded)[:, None].float() / 255).to(pixels.device)


def _gamma(pixels: torch.Tensor) -> torch.Tensor:
    """Take the pixels to a power of 0.4 to 2.5."""
    return pixels ** float(torch.empty(()).uniform_(-0.9, 0.9).exp())
