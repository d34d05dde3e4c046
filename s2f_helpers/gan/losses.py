"""What the two players are told.

Hinge loss: Lim & Ye 2017. Feature matching: Wang et al. 2018 (pix2pixHD).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

__all__ = ["LossWeights", "discriminator_loss", "generator_loss"]


@dataclass(frozen=True)
class LossWeights:
    """How much each wish of the generator counts beside the adversarial one (1)."""

    pixel: float = 25.0
    region: float = 30.0
    features: float = 8.0


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge: real verdicts above 1 and fake ones below -1 cost nothing.

    >>> import torch
    >>> discriminator_loss(torch.tensor([1.5]), torch.tensor([-0.5])).item()
    0.5
    """
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def generator_loss(
    picture: Tensor, photo: Tensor, fake_features: list[Tensor], real_features: list[Tensor], weights: LossWeights
) -> dict[str, Tensor]:
    """The generator's losses by name, already weighted; their sum is what it minimises.

    Args:
        picture, photo: (B, 3, H, W) in [-1, 1], generated and true.
        fake_features, real_features: the discriminator's lists for the two; the last entry is its verdict.

    Returns:
        ``adversarial`` (look real), ``pixel`` (L1), ``region`` (L1 of 16×16 means: the colour of an area
        counts even where its texture is unknowable) and ``features``.
    """
    matched = [F.l1_loss(f, r.detach()) for f, r in zip(fake_features[:-1], real_features[:-1], strict=True)]
    return {
        "adversarial": -fake_features[-1].mean(),
        "pixel": weights.pixel * F.l1_loss(picture, photo),
        "region": weights.region * F.l1_loss(F.avg_pool2d(picture, 16), F.avg_pool2d(photo, 16)),
        "features": weights.features * sum(matched) / len(matched),
    }
