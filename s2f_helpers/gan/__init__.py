"""The conditional GAN that turns a sketch into a garment (notebooks 03 and 04)."""

from s2f_helpers.gan.generator import Generator, save_generator
from s2f_helpers.gan.hint_fields import hint_nearness, spread_hints
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
from s2f_helpers.gan.recipe import Recipe, make_recipe
from s2f_helpers.gan.train import TrainConfig, preset_config, train

__all__ = [
    "Discriminator", "Generator", "GeneratorConfig", "GeneratorNet", "LossWeights", "Recipe", "StyleEncoder",
    "TrainConfig", "adversarial_loss", "discriminator_loss", "hint_loss", "hint_nearness", "kl_loss", "make_recipe",
    "perceptual_loss", "preset_config", "save_generator", "spread_hints", "texture_loss",
    "train",
]  # fmt: skip
