"""Colour hints: the dots and strokes with which a person says which colour goes where."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["draw_hint_count", "scatter_hints"]


def draw_hint_count(rng: np.random.Generator) -> int:
    """How many hints one training sample gets: none, a few (most often), many, or very many."""
    few, many = int(rng.integers(1, 16)), int(rng.integers(16, 120))
    return int(rng.choice([0, few, many, 250], p=[0.12, 0.58, 0.18, 0.12]))


def scatter_hints(
    image: np.ndarray, mask: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Dots and short strokes of the garment's own local colour, at random places on it.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        mask: (H, W) ``bool``.
        count: how many hints; 0 gives none.
        rng: the only source of chance.

    Returns:
        hints (H, W, 3) ``uint8`` RGB and hint_mask (H, W) ``bool``. Colours are local means, with a
        little noise, because a person picks a colour by eye.
    """
    canvas = np.zeros_like(image)
    painted = np.zeros(mask.shape, np.uint8)
    ys, xs = np.nonzero(mask)
    if count == 0 or len(ys) == 0:
        return canvas, painted.astype(bool)
    weight = cv2.blur(mask.astype(np.float32), (9, 9))[..., None] + 1e-6
    local_mean = cv2.blur(image * mask[..., None].astype(np.float32), (9, 9)) / weight
    for index in rng.integers(0, len(ys), count):
        x, y = int(xs[index]), int(ys[index])
        color = np.clip(local_mean[y, x] + rng.normal(0, 5, 3), 0, 255).round().tolist()
        radius = int(rng.integers(1, 6 if count < 50 else 3))
        length = int(rng.integers(4, 40)) if rng.random() < 0.25 else 0
        angle = rng.uniform(0, np.pi)
        end = (round(x + length * np.cos(angle)), round(y + length * np.sin(angle)))
        for target, value in ((canvas, color), (painted, 1)):
            cv2.line(target, (x, y), end, value, 2 * radius)
    painted &= mask.astype(np.uint8)
    canvas[painted == 0] = 0
    return canvas, painted.astype(bool)
