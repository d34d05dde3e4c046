"""Our way to train: who plays, what they see, and what they are told at each step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from s2f_helpers.common.types import Sketch
from s2f_helpers.data import category_ids
from s2f_helpers.gan.losses import (
    LossWeights,
    adversarial_loss,
    discriminator_loss,
    hint_loss,
    kl_loss,
    perceptual_loss,
    texture_loss,
)
from s2f_helpers.gan.networks import Discriminator, GeneratorConfig, GeneratorNet, StyleEncoder
from s2f_helpers.sketch import draw_by_hand
from s2f_helpers.sketch.hed import HED, load_hed

__all__ = ["Batch", "Painted", "Recipe", "frozen", "make_recipe"]

SCALES = 4
BY_LOT = 4  # every fourth picture of a batch draws its style by lot; the others read it off their photo


class Batch(NamedTuple):
    """(B, 5, H, W) sketches, (B, 3, H, W) photos, (B,) category indices, and (B, S) normal numbers drawn by lot."""

    sketch: Tensor
    photo: Tensor
    category: Tensor
    lots: Tensor


class Painted(NamedTuple):
    """What the generator made of a batch; the styles it was asked for; which pictures' style came from their photo and
    whose was drawn by lot (indices); of the former the style's mean and log variance."""

    picture: Tensor
    style: Tensor
    guided: Tensor
    by_lot: Tensor
    mean: Tensor
    log_variance: Tensor


@dataclass(frozen=True, eq=False)
class Recipe:
    """The conditional GAN of this course.

    In training three of four pictures take their style from the photo they should become, so the losses that compare
    with the photo are fair; the fourth draws it by lot, and must look real, hold the asked colours, and let the style
    be read off it again.

    Attributes:
        eyes: what the perceptual and the texture loss look with.
        crop: side of the square window, in pixels, that the eyes see of each picture: a CPU has no time for all of it.
        hidden: share of pictures whose category the generator is not told.
    """

    generator: GeneratorNet
    discriminator: Discriminator
    encoder: StyleEncoder
    eyes: HED
    weights: LossWeights
    learning_rate: float = 4e-4
    betas: tuple[float, float] = (0.5, 0.99)
    hidden: float = 0.15
    crop: int = 64

    @property
    def painters(self) -> list[nn.Module]:
        """The networks that are trained to please; the discriminator is trained to doubt."""
        return [self.generator, self.encoder]

    @property
    def style(self) -> int:
        """How many numbers a style has."""
        return self.generator.config.style

    @staticmethod
    def draw(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Sketch:
        return draw_by_hand(image, mask, rng)

    def paint(self, batch: Batch) -> Painted:
        guided, by_lot = _deal(batch.lots)
        mean, log_variance = (part[guided].float() for part in self.encoder(batch.photo))
        style = batch.lots.index_copy(0, guided, mean + (log_variance / 2).exp() * batch.lots[guided])
        picture = self.generator(batch.sketch, batch.category, style).float()
        return Painted(picture, style, guided, by_lot, mean, log_variance)

    def doubt(self, batch: Batch, painted: Painted) -> Tensor:
        """The discriminator's loss."""
        both = torch.cat([batch.photo, painted.picture.detach()])
        verdicts = self.discriminator(both, batch.sketch.repeat(2, 1, 1, 1), batch.category.repeat(2))
        return discriminator_loss(*verdicts.float().chunk(2))

    def wish(self, batch: Batch, painted: Painted) -> dict[str, Tensor]:
        """The painters' losses by name, weighted; their sum is minimised."""
        with frozen(self.discriminator):
            fake = self.discriminator(painted.picture, batch.sketch, batch.category).float()
        picture, photo = painted.picture[painted.guided], batch.photo[painted.guided]
        window = _window(photo, self.crop)  # no gradient flows to the photo, so none is kept of its side
        looks = [[seen.float() for seen in self.eyes.features(side[window], SCALES)] for side in (picture, photo)]
        losses = {
            "adversarial": adversarial_loss(fake),
            "pixel": F.l1_loss(picture, photo),
            "perceptual": perceptual_loss(*looks),
            "texture": texture_loss(*looks),
            "hints": hint_loss(painted.picture, batch.sketch),
            "spread": kl_loss(painted.mean, painted.log_variance),
        }
        if len(painted.by_lot):
            with frozen(self.encoder):
                read, _ = self.encoder(painted.picture[painted.by_lot])
            losses["style"] = (read.float() - painted.style[painted.by_lot]).abs().mean()
        return {name: getattr(self.weights, name) * loss for name, loss in losses.items()}

    def about(self) -> dict[str, object]:
        own = {name: getattr(self, name) for name in ("learning_rate", "betas", "crop")}
        return {"weights": asdict(self.weights), **own}


def make_recipe(config: GeneratorConfig | None = None, weights: LossWeights | None = None) -> Recipe:
    """New players with fresh weights; HED's network lends its eyes."""
    config = config or GeneratorConfig(len(category_ids()))
    players = GeneratorNet(config), Discriminator(config.categories), StyleEncoder(config.style)
    return Recipe(*players, load_hed(), weights or LossWeights())


def _deal(lots: Tensor) -> list[Tensor]:
    """Which of a batch take their style from the photo, and which by lot; sorted out without waiting for a GPU."""
    places = torch.arange(len(lots))
    drawn = places % BY_LOT == BY_LOT - 1
    return [places[chosen].to(lots.device, non_blocking=True) for chosen in (~drawn, drawn)]


def _window(photo: Tensor, crop: int) -> tuple:
    """One square of so many pixels, by lot, to index the whole batch with."""
    top, left = (int(torch.randint(max(side - crop, 0) + 1, ())) for side in photo.shape[2:])
    return (..., slice(top, top + crop), slice(left, left + crop))


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Within, ``network`` passes gradients on without collecting any itself."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
