"""The baseline: pix2pix with points of colour on the edge picture, as the team before this course trained it.

One network a garment type, no hint mask, no category, no style: the sketch is a picture, white with black lines, and
each hint is a 3 × 3 square of colour pasted on it. Isola et al. 2017; points as in the MIT-licensed
pix2pix-edges-with-color. Kept to be measured against (``benchmarks/compare.py``) and to be read beside ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from s2f_helpers.common.types import Sketch
from s2f_helpers.gan.recipe import Batch, frozen
from s2f_helpers.sketch import draw_edges

__all__ = ["PatchGAN", "Pix2Pix", "UNet", "UNetConfig", "edge_picture", "make_pix2pix", "scatter_points"]

POINTS = (250, 350)
L1_WEIGHT = 100.0


def scatter_points(
    image: np.ndarray, mask: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """So many 3 × 3 squares of local mean colour, as :func:`s2f_helpers.sketch.scatter_hints` gives hints."""
    ys, xs = np.nonzero(mask)
    chosen = rng.integers(0, len(ys), count) if len(ys) else np.zeros(0, int)
    points = np.zeros(mask.shape, np.uint8)
    points[ys[chosen], xs[chosen]] = 1
    squares = (cv2.dilate(points, np.ones((3, 3), np.uint8)) > 0) & mask
    return np.where(squares[..., None], cv2.blur(image, (3, 3)), 0).astype(np.uint8), squares


@dataclass(frozen=True)
class UNetConfig:
    """``levels`` halvings: 8 for 256 px, 7 for 128. ``width`` channels at the first."""

    levels: int = 8
    width: int = 64
    style: int = 0


class UNet(nn.Module):
    """pix2pix's generator: down to one pixel and up again, every step down handed across to its step up.

    Shapes: sketch (B, 5, H, W) as ours, which it turns into its edge picture; output (B, 3, H, W) in [-1, 1]; H and W
    are multiples of 2 to the ``levels``. Category and style are not looked at.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        widths = [min(8, 2**level) * config.width for level in range(config.levels)]
        self.down = nn.ModuleList(
            _down(above, below, norm=0 < level < config.levels - 1)
            for level, (above, below) in enumerate(zip([3, *widths], widths, strict=False))
        )
        ups = list(zip(widths[::-1], [*widths[-2::-1], 3], strict=True))
        self.up = nn.ModuleList(
            _up(below * (2 if level else 1), above, norm=above != 3, dropout=level < 3)
            for level, (below, above) in enumerate(ups)
        )

    def forward(self, sketch: Tensor, category: Tensor | None = None, style: Tensor | None = None) -> Tensor:
        x, skips = edge_picture(sketch), []
        for block in self.down:
            x = block(x)
            skips.append(x)
        skips.pop()
        for block in self.up[:-1]:
            x = torch.cat([block(x), skips.pop()], 1)
        return torch.tanh(self.up[-1](x))


def edge_picture(sketch: Tensor) -> Tensor:
    """(B, 5, H, W) sketch to (B, 3, H, W) in [-1, 1]: black lines on white, hints pasted over them."""
    mask = sketch[:, 4:]
    return (1 - 2 * sketch[:, :1]) * (1 - mask) + sketch[:, 1:4] * mask


def _down(above: int, below: int, norm: bool) -> nn.Sequential:
    layers = [nn.Conv2d(above, below, 4, 2, 1, bias=not norm)]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(below)] if norm else []), nn.LeakyReLU(0.2))


def _up(below: int, above: int, norm: bool, dropout: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ConvTranspose2d(below, above, 4, 2, 1, bias=not norm)]
    if norm:
        layers += [nn.BatchNorm2d(above), *([nn.Dropout(0.5)] if dropout else []), nn.ReLU()]
    return nn.Sequential(*layers)


class PatchGAN(nn.Module):
    """pix2pix's discriminator: one verdict for every 70 × 70 patch, given the edge picture."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            _down(6, width, norm=False),
            _down(width, 2 * width, norm=True),
            _down(2 * width, 4 * width, norm=True),
            nn.Sequential(nn.Conv2d(4 * width, 8 * width, 4, 1, 1, bias=False), nn.BatchNorm2d(8 * width)),
            nn.LeakyReLU(0.2),
            nn.Conv2d(8 * width, 1, 4, 1, 1),
        )

    def forward(self, sketch: Tensor, photo: Tensor) -> Tensor:
        return self.blocks(torch.cat([edge_picture(sketch), photo], 1))


@dataclass(frozen=True, eq=False)
class Pix2Pix:
    """The baseline's recipe: be doubted less, and be near the photo, pixel by pixel, a hundred times as much."""

    generator: UNet
    discriminator: PatchGAN
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    hidden: float = 0.0
    style: int = 0

    @property
    def painters(self) -> list[nn.Module]:
        return [self.generator]

    @staticmethod
    def draw(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Sketch:
        """Canny's lines as they are, and 250 to 350 points."""
        points = scatter_points(image, mask, int(rng.integers(*POINTS, endpoint=True)), rng)
        return Sketch(draw_edges(image, mask, 45, 100), *points)

    def paint(self, batch: Batch) -> Tensor:
        return self.generator(batch.sketch).float()

    def doubt(self, batch: Batch, picture: Tensor) -> Tensor:
        real = self.discriminator(batch.sketch, batch.photo).float()
        fake = self.discriminator(batch.sketch, picture.detach()).float()
        return 0.5 * (_should_be(real, 1) + _should_be(fake, 0))

    def wish(self, batch: Batch, picture: Tensor) -> dict[str, Tensor]:
        with frozen(self.discriminator):
            fake = self.discriminator(batch.sketch, picture).float()
        return {"adversarial": _should_be(fake, 1), "pixel": L1_WEIGHT * F.l1_loss(picture, batch.photo)}

    def about(self) -> dict[str, object]:
        return {"recipe": "pix2pix", "learning_rate": self.learning_rate, "betas": self.betas}


def _should_be(verdict: Tensor, value: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(verdict, torch.full_like(verdict, value))


def make_pix2pix(config: UNetConfig | None = None) -> Pix2Pix:
    """New players, with weights drawn as in the paper: normal, 0.02."""
    players = UNet(config or UNetConfig()), PatchGAN()
    for module in (module for player in players for module in player.modules()):
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0, 0.02)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1, 0.02)
    return Pix2Pix(*players)
