"""From a few dots of colour to fields that a convolution can use everywhere."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["hint_nearness", "spread_hints"]

COARSE_LEVELS = 5  # 16 × 16 cells and fewer
FAR = 0.75  # at 0 the colours far from every hint are overdone, at 1 a dot's place makes no difference


def spread_hints(colors: Tensor, mask: Tensor) -> Tensor:
    """Carry each hint's colour outwards to where there is none (pull-push, Gortler et al. 1996).

    Coarse versions of the hints fill the holes of finer ones, so every pixel learns which colours
    were asked for nearby. Lines are not looked at: where a colour stops is for the network to learn.

    Args:
        colors: (B, 3, H, W), 0 where there is no hint. H and W are multiples of 4.
        mask: (B, 1, H, W), 1 at a hint.

    Returns:
        (B, 3, H, W); 0 everywhere for a picture without hints.

    >>> mask = torch.zeros(1, 1, 8, 8); mask[..., 2, 5] = 1
    >>> spread_hints(mask * torch.tensor([1.0, 0.0, -1.0]).view(1, 3, 1, 1), mask)[0, :, 7, 0].tolist()
    [1.0, 0.0, -1.0]
    """
    levels = [torch.cat([colors * mask, mask], 1)]
    while min(levels[-1].shape[-2:]) > 1:
        levels.append(F.avg_pool2d(levels[-1], 2, ceil_mode=True))
    filled = torch.zeros_like(levels[-1][:, :3])
    for depth, level in reversed(list(enumerate(levels))):
        weight = level[:, 3:]
        here = level[:, :3] / weight.clamp(min=1e-6)
        below = F.interpolate(filled, size=level.shape[-2:], mode="bilinear", align_corners=False)
        trust = (weight * 4 ** (depth + 1)).clamp(max=1)  # one hinted pixel is enough to speak for its cell
        filled = trust * here + (1 - trust) * below
    return filled


def hint_nearness(mask: Tensor) -> Tensor:
    """How near the closest hint is: it tells where a colour was asked for, and whether any was.

    The mean over coarse grids of "there is a hint in this cell". Fine grids are left out: a network
    that sees a hint's outline draws the dot into the cloth.

    Args:
        mask: (B, 1, H, W), 1 at a hint.

    Returns:
        (B, 1, H, W): 1 at a hint, towards ``FAR`` away from it, 0 everywhere for a picture without hints.
    """
    levels = [mask]
    while min(levels[-1].shape[-2:]) > 1:
        levels.append(F.max_pool2d(levels[-1], 2, ceil_mode=True))
    coarse = [
        F.interpolate(level, size=mask.shape[-2:], mode="bilinear", align_corners=False)
        for level in levels[1:][-COARSE_LEVELS:]
    ]
    any_hint = (mask.amax((2, 3), keepdim=True) > 0).to(mask.dtype)
    return any_hint * (FAR + (1 - FAR) * torch.stack(coarse).mean(0))
