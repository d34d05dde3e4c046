"""The players: a class-conditional U-Net that draws garments, a discriminator that doubts them, a style encoder.

U-Net: Ronneberger et al. 2015. The sketch-to-photo setting: Isola et al. 2017 (pix2pix). Sub-pixel convolution:
Shi et al. 2016. A style read off the photo in training and drawn by lot afterwards: Zhu et al. 2017 (BicycleGAN).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from s2f_helpers.gan.hint_fields import hint_nearness, spread_hints

__all__ = ["Discriminator", "GeneratorConfig", "GeneratorNet", "StyleEncoder"]

SKETCH_CHANNELS = 5  # lines, three of hint colour, hint mask
ENCODER_SIDE = 64
WHITE = 1.0


@dataclass(frozen=True)
class GeneratorConfig:
    """Sizes of the generator. ``channels`` goes from half resolution down, halving each time."""

    categories: int
    channels: tuple[int, ...] = (32, 64, 128, 192, 256, 256)
    embedding: int = 64
    style: int = 16


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

    It paints cloth and says how far each pixel is covered by it; the rest is white paper. A network that must paint the
    paper too spends its first thousands of pictures on learning to leave it alone.

    What a sketch leaves open (cloth, light, colours without hints) is decided by ``style``: draw it from a
    normal distribution for another candidate, zeros for the usual one. A fixed sheet of noise on the way up at every
    scale is what folds and grain can be made from (Karras et al. 2019).

    Shapes: sketch (B, 5, H, W), category (B,) int64, style (B, S), output (B, 3, H, W) in [-1, 1];
    H and W are multiples of ``self.multiple``.
    """

    def __init__(self, config: GeneratorConfig) -> None:
        super().__init__()
        self.config = config
        self.multiple = 2 ** len(config.channels)
        widths, wide = config.channels, config.embedding
        self.embed = nn.Sequential(nn.Embedding(config.categories + 1, wide), nn.Linear(wide, wide))
        self.style = nn.Linear(config.style, wide, bias=False)
        self.stem = ConditionalBlock(4 + 3 + 1, widths[0], wide)
        self.down = nn.ModuleList(ConditionalBlock(above, below, wide, stride=2) for above, below in pairwise(widths))
        self.middle = ConditionalBlock(widths[-1], widths[-1], wide)
        self.up = nn.ModuleList(
            ConditionalBlock(below + above, above, wide)
            for below, above in reversed([(below, above) for above, below in pairwise(widths)])
        )
        self.grain = nn.ParameterList(torch.zeros(1, above, 1, 1) for above in widths[-2::-1])
        self.unfold = nn.Conv2d(widths[0], 48, 3, 1, 1)
        self.paint = nn.Conv2d(12 + 1, 3 + 1, 3, 1, 1)

    def forward(self, sketch: Tensor, category: Tensor, style: Tensor | None = None) -> Tensor:
        if sketch.ndim != 4 or sketch.shape[1] != SKETCH_CHANNELS or any(n % self.multiple for n in sketch.shape[2:]):
            raise ValueError(
                f"expected a sketch of shape (B, {SKETCH_CHANNELS}, H, W) with H and W multiples of "
                f"{self.multiple}; got {tuple(sketch.shape)}"
            )
        condition = F.silu(self.embed(category) + (0 if style is None else self.style(style)))
        x = self.stem(self._fold(sketch), condition)
        skips = []
        for block in self.down:
            skips.append(x)
            x = block(x, condition)
        x = self.middle(x, condition)
        for block, grain in zip(self.up, self.grain, strict=True):
            x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skips.pop()], 1), condition)
            x = x + grain * _noise_sheet(*x.shape[2:], x.device).to(x.dtype)
        fine = F.silu(F.pixel_shuffle(self.unfold(x), 2))
        cloth, cover = self.paint(torch.cat([fine, sketch[:, :1]], 1)).split([3, 1], 1)
        cover = torch.sigmoid(cover)
        return torch.tanh(cloth) * cover + WHITE * (1 - cover)

    @staticmethod
    def _fold(sketch: Tensor) -> Tensor:
        """(B, 5, H, W) to (B, 8, H/2, W/2): folded lines, spread colours, nearness of hints.

        The hints' own outlines stay out: a network that sees them draws each dot into the cloth.
        """
        colors, mask = F.avg_pool2d(sketch[:, 1:], 2).split([3, 1], 1)
        spread = spread_hints(colors / mask.clamp(min=1e-6), mask)
        nearness = hint_nearness((mask > 0).to(sketch.dtype))
        return torch.cat([F.pixel_unshuffle(sketch[:, :1], 2), spread, nearness], 1)


@lru_cache(maxsize=32)
@torch.inference_mode(False)  # a sheet first met in inference mode could not be trained through later
def _noise_sheet(height: int, width: int, device: torch.device) -> Tensor:
    """(1, 1, H, W), the same for every picture, so that a picture does not flicker while it is drawn."""
    return torch.randn(1, 1, height, width, generator=torch.Generator().manual_seed(0)).to(device)


class StyleEncoder(nn.Module):
    """What a photo looks like beside its shape, in a few numbers: (B, 3, H, W) in [-1, 1] to mean and log variance,
    (B, S) each, of a normal distribution."""

    def __init__(self, style: int) -> None:
        super().__init__()
        widths = (3, 24, 48, 96, 128)
        layers = [[nn.Conv2d(above, below, 4, 2, 1), nn.LeakyReLU(0.2)] for above, below in pairwise(widths)]
        self.layers = nn.Sequential(
            *(layer for pair in layers for layer in pair), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.normal = nn.Linear(widths[-1], 2 * style)

    def forward(self, photo: Tensor) -> tuple[Tensor, Tensor]:
        small = F.interpolate(photo, size=(ENCODER_SIDE, ENCODER_SIDE), mode="bilinear", antialias=True)
        mean, log_variance = self.normal(self.layers(small)).chunk(2, 1)
        return mean, log_variance.clamp(-8, 4)


class Discriminator(nn.Module):
    """Doubts every patch of 54 × 54 pixels, given the lines, the spread hint colours and the category there.

    Isola et al. 2017 (PatchGAN), on the batch's pictures one by one: instance norm, so that a picture's verdict does
    not depend on the others, nor on how a batch is shared among processes.

    Shapes: picture (B, 3, H, W) in [-1, 1], sketch (B, 5, H, W), category (B,) to
    (B, 1, H / 8, W / 8): high for "real".
    """

    def __init__(self, categories: int, width: int = 48) -> None:
        super().__init__()
        self.embed = nn.Embedding(categories + 1, 8)
        widths = (3 + 1 + 3 + 8, width, 2 * width, 4 * width)
        layers: list[nn.Module] = []
        for above, below in pairwise(widths):
            norm = [nn.InstanceNorm2d(below, affine=True)] if layers else []
            layers += [nn.Conv2d(above, below, 4, 2, 1), *norm, nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(widths[-1], widths[-1], 3, 1, 1), nn.LeakyReLU(0.2), nn.Conv2d(widths[-1], 1, 3, 1, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, picture: Tensor, sketch: Tensor, category: Tensor) -> Tensor:
        asked = torch.cat([sketch[:, :1], spread_hints(sketch[:, 1:4], sketch[:, 4:])], 1)
        label = self.embed(category)[:, :, None, None].expand(-1, -1, *picture.shape[2:])
        return self.layers(torch.cat([picture, asked, label], 1))
