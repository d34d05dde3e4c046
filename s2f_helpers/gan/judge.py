"""A judge for training: a score that picks the best step, on pictures that were not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from s2f_helpers.common.types import Sketch
from s2f_helpers.data import category_index
from s2f_helpers.gan.metrics import kid, lite0_features
from s2f_helpers.sketch import make_sketch, sketch_to_tensor
from s2f_helpers.sketch.pairs import GarmentPictures, resize_picture

__all__ = ["Judge", "make_judge", "paint"]

BATCH = 16


@dataclass(frozen=True, eq=False)
class Judge:
    """Callable: Lite0-KID of what a generator paints from these sketches to the photos they came from.

    Attributes:
        sketches: N of one size.
        categories: N class indices.
        photos: (N, 1280) features of the photos.
    """

    sketches: list[Sketch]
    categories: list[int]
    photos: Tensor

    def __call__(self, net: nn.Module) -> float:
        return kid(lite0_features(paint(net, self.sketches, self.categories)), self.photos)[0]


@torch.inference_mode()
def paint(net: nn.Module, sketches: Sequence[Sketch], categories: Sequence[int]) -> list[np.ndarray]:
    """What a generator network paints of sketches of one size, in its usual style: (H, W, 3) ``uint8`` RGB each.

    Args:
        net: :class:`~s2f_helpers.gan.GeneratorNet` or the baseline's.
        sketches: N of one size.
        categories: N class indices.
    """
    net = net.eval()
    device = next(net.parameters()).device
    pictures = []
    for start in range(0, len(sketches), BATCH):
        batch = torch.stack([sketch_to_tensor(sketch) for sketch in sketches[start : start + BATCH]])
        painted = net(batch.to(device), torch.tensor(categories[start : start + BATCH], device=device)).float()
        pictures += [*((painted + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()]
    return pictures


def make_judge(pictures: GarmentPictures, count: int = 128, hints: int = 15, side: int = 256, seed: int = 0) -> Judge:
    """A judge on the first ``count`` of a shuffle of ``pictures`` (use ``val``), with hand-like sketches."""
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:count]
    pairs = [resize_picture(pictures.image(index), pictures.mask(index), side) for index in chosen]
    sketches = [
        make_sketch(image, mask, hints, np.random.default_rng([seed, index]))
        for (image, mask), index in zip(pairs, chosen, strict=True)
    ]
    labels = [category_index(pictures.categories[index]) for index in chosen]
    return Judge(sketches, labels, lite0_features([image for image, _ in pairs]))
