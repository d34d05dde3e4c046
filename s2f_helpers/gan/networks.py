"""The two players: a class-conditional U-Net that draws garments, and a PatchGAN that doubts them.

U-Net: Ronneberger et al. 2015. PatchGAN and the sketch-to-photo setting: Isola et al. 2017 (pix2pix).
Instance norm in the discriminator: Wang et al. 2018 (pix2pixHD). Sub-pixel convolution: Shi et al. 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Discriminator", "GeneratorConfig", "GeneratorNet", "hint_nearness", "spread_hints"]

COARSE_LEVELS = 5  # 16 × 16 cells and fewer
FAR = 0.75  # at 0 the colours far from every hint are overdone, at 1 a dot's place makes no difference
SKETCH_CHANNELS = 5  # lines, three of hint colour, hint mask


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of the generator. ``channels`` goes from half resolution down, halving each time."""

    categories: int
    channels: tuple[int, ...] = (32, 64, 128, 192, 256, 256)
    embedding: int = 64


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


class ConditionalBlock(nn.Module):
    """3×3 convolution, group norm scaled and shifted by the category, SiLU. (B, C, H, W) to (B, D, H, W)."""

    def __init__(self, inputs: int, outputs: int, embedding: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.norm = nn.GroupNorm(8, outputs, affine=False)
        self.scale_shift = nn.Linear(embedding, 2 * outputs)
        nn.init.zeros_(self.scale_shift.weight)
        nn.init.zeros_(self.scale_shift.bias)

    def forward(self, x: Tensor, category: Tensor) -> Tensor:
        scale, shift = self.scale_shift(category)[:, :, None, None].chunk(2, dim=1)
        return F.silu(self.norm(self.conv(x)) * (1 + scale) + shift)


class GeneratorNet(nn.Module):
    """Sketch and category to picture.

    The lines are folded to half resolution (2×2 pixels become channels) where the U-Net works, which
    costs a quarter of a full-resolution one; a sub-pixel convolution unfolds it again. One category
    index more than there are categories means "any".

    Shapes: sketch (B, 5, H, W), category (B,) int64, output (B, 3, H, W) in [-1, 1];
    H and W are multiples of ``self.multiple``.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.any_category = config.categories
        self.multiple = 2 ** len(config.channels)
        widths, wide = config.channels, config.embedding
        self.embed = nn.Sequential(nn.Embedding(config.categories + 1, wide), nn.Linear(wide, wide), nn.SiLU())
        self.stem = ConditionalBlock(4 + 3 + 1, widths[0], wide)
        self.down = nn.ModuleList(ConditionalBlock(above, below, wide, stride=2) for above, below in pairwise(widths))
        self.middle = ConditionalBlock(widths[-1], widths[-1], wide)
        self.up = nn.ModuleList(
            ConditionalBlock(below + above, above, wide)
            for below, above in reversed([(below, above) for above, below in pairwise(widths)])
        )
        self.unfold = nn.Conv2d(widths[0], 48, 3, 1, 1)
        self.paint = nn.Conv2d(12 + 1, 3, 3, 1, 1)

    def forward(self, sketch: Tensor, category: Tensor) -> Tensor:
        if sketch.ndim != 4 or sketch.shape[1] != SKETCH_CHANNELS or any(n % self.multiple for n in sketch.shape[2:]):
            raise ValueError(
                f"expected a sketch of shape (B, {SKETCH_CHANNELS}, H, W) with H and W multiples of "
                f"{self.multiple}; got {tuple(sketch.shape)}"
            )
        condition = self.embed(category)
        x = self.stem(self._fold(sketch), condition)
        skips = []
        for block in self.down:
            skips.append(x)
            x = block(x, condition)
        x = self.middle(x, condition)
        for block in self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(torch.cat([x, skips.pop()], 1), condition)
        fine = F.silu(F.pixel_shuffle(self.unfold(x), 2))
        return torch.tanh(self.paint(torch.cat([fine, sketch[:, :1]], 1)))

    @staticmethod
    def _fold(sketch: Tensor) -> Tensor:
        """(B, 5, H, W) to (B, 8, H/2, W/2): folded lines, spread colours, nearness of hints.

        The hints' own outlines stay out: a network that sees them draws each dot into the cloth.
        """
        colors, mask = F.avg_pool2d(sketch[:, 1:], 2).split([3, 1], 1)
        spread = spread_hints(colors / mask.clamp(min=1e-6), mask)
        nearness = hint_nearness((mask > 0).to(sketch.dtype))
        return torch.cat([F.pixel_unshuffle(sketch[:, :1], 2), spread, nearness], 1)


class Discriminator(nn.Module):
    """PatchGAN: judges overlapping patches, given the lines, the spread hint colours and the category.

    Shapes: sketch (B, 5, H, W), photo (B, 3, H, W), category (B,) to a list of feature maps, the last of
    which are the verdicts (B, 1, H/8, W/8): high for "real".
    """

    def __init__(self, categories: int, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Embedding(categories + 1, 8)
        steps = [1 + 3 + 3 + 8, width, 2 * width, 4 * width]
        norms = [nn.Identity(), nn.InstanceNorm2d(2 * width), nn.InstanceNorm2d(4 * width)]
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(above, below, 4, 2, 1), norm, nn.LeakyReLU(0.2))
            for (above, below), norm in zip(pairwise(steps), norms, strict=True)
        )
        self.verdict = nn.Conv2d(steps[-1], 1, 3, 1, 1)

    def forward(self, sketch: Tensor, photo: Tensor, category: Tensor) -> list[Tensor]:
        label = self.embed(category)[:, :, None, None].expand(-1, -1, *photo.shape[2:])
        x = torch.cat([sketch[:, :1], spread_hints(sketch[:, 1:4], sketch[:, 4:]), photo, label], 1)
        features = []
        for block in self.blocks:
            x = block(x)
            features.append(x)
        return [*features, self.verdict(x)]
