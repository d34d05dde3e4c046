"""What the players are told.

Hinge loss: Lim & Ye 2017. Perceptual loss: Johnson et al. 2016, with unit-length features as in LPIPS (Zhang et al.
2018). Texture: Gatys et al. 2015. Style: Zhu et al. 2017 (BicycleGAN).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "LossWeights", "adversarial_loss", "discriminator_loss", "hint_loss", "kl_loss", "perceptual_loss", "texture_loss",
]  # fmt: skip

HINT_CELL = 8  # pixels; within it a hint's colour may vary, as cloth does


@dataclass(frozen=True)
class LossWeights:
    """How much each wish of the painters counts."""

    adversarial: float = 1.0
    pixel: float = 30.0
    perceptual: float = 5.0
    texture: float = 30.0
    hints: float = 10.0
    spread: float = 0.02
    style: float = 1.0


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge: real verdicts above 1 and fake ones below -1 cost nothing.

    >>> discriminator_loss(torch.tensor([1.5]), torch.tensor([-0.5])).item()
    0.5
    """
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def adversarial_loss(fake: Tensor) -> Tensor:
    """Lower the surer the discriminator is that a picture is real.

    >>> adversarial_loss(torch.tensor([0.5, 1.5])).item()
    -1.0
    """
    return -fake.mean()


def hint_loss(picture: Tensor, sketch: Tensor) -> Tensor:
    """How far the picture's colour is from the asked one, over the cells of each picture that hold hints; 0 without.

    Args:
        picture: (B, 3, H, W) in [-1, 1].
        sketch: (B, 5, H, W), its last four channels the hints' colours and their mask.
    """
    colors, mask = sketch[:, 1:4], sketch[:, 4:]
    share = F.avg_pool2d(mask, HINT_CELL)
    wrong = F.avg_pool2d((picture - colors) * mask, HINT_CELL) / share.clamp(min=1e-6)
    hinted = (share > 0).to(wrong.dtype)
    by_picture = (wrong.abs().mean(1, keepdim=True) * hinted).sum((1, 2, 3)) / hinted.sum((1, 2, 3)).clamp(min=1)
    return by_picture.mean()


def kl_loss(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence, in nats a picture, from the standard normal distribution; (B, S) each.

    >>> kl_loss(torch.ones(1, 4), torch.zeros(1, 4)).item()
    2.0
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


def perceptual_loss(features: list[Tensor], others: list[Tensor]) -> Tensor:
    """Mean squared difference of two lists of (B, C, H, W) feature maps, each place scaled to unit length: 0 to 4."""
    pairs = [[F.normalize(features, dim=1) for features in pair] for pair in zip(features, others, strict=True)]
    return torch.stack([(one - other).square().sum(1).mean() for one, other in pairs]).mean()


def texture_loss(features: list[Tensor], others: list[Tensor]) -> Tensor:
    """How unlike two lists of (B, C, H, W) feature maps are in which features occur together, wherever they do.

    The squared difference of the Gram matrices of unit-length features: 0 to 2. Gatys et al. 2015.
    """
    pairs = [[_gram(features) for features in pair] for pair in zip(features, others, strict=True)]
    return torch.stack([(one - other).square().sum((1, 2)).mean() for one, other in pairs]).mean()


def _gram(features: Tensor) -> Tensor:
    """(B, C, H, W) to (B, C, C) of trace 1."""
    unit = F.normalize(features, dim=1).flatten(2)
    return unit @ unit.mT / unit.shape[2]
