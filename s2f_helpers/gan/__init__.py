"""The conditional GAN that turns a sketch into a garment (notebooks 03 and 04)."""

from s2f_helpers.gan.generator import Generator, save_generator
from s2f_helpers.gan.losses import LossWeights, discriminator_loss, generator_loss
from s2f_helpers.gan.networks import Discriminator, GeneratorConfig, GeneratorNet, hint_nearness, spread_hints
from s2f_helpers.gan.train import TrainConfig, preset_config, train

__all__ = [
    "Discriminator", "Generator", "GeneratorConfig", "GeneratorNet", "LossWeights", "TrainConfig", "discriminator_loss",
    "generator_loss", "hint_nearness", "preset_config", "save_generator", "spread_hints", "train",
]  # fmt: skip
