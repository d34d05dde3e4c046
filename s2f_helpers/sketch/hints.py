"""Colour hints: the dots, strokes and fills with which a person says which colour goes where."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["draw_hints", "fill_hints", "scatter_hints"]

KINDS = {"none": 0.12, "few": 0.50, "many": 0.14, "very many": 0.10, "fills": 0.14}
"""How often a training sketch has which hints. People mostly dot a little; some fill whole regions."""
MISPLACED = 2.5  # pixels at 256: a hand misses the place whose colour it means
BY_EYE = 5.0  # of 255: and picks that colour by eye
SMALLEST_FILL = 0.01  # of the garment; nobody fills a buttonhole


def draw_hints(
    image: np.ndarray, mask: np.ndarray, lines: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Hints as some person might give them: none, 1 to 15, more, 250, or whole regions, as often as ``KINDS`` says.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        mask: (H, W) ``bool``, the garment.
        lines: (H, W) ``uint8``, 255 on a clean line; regions to fill end there.
        rng: the only source of chance.

    Returns:
        hints (H, W, 3) ``uint8`` RGB and hint_mask (H, W) ``bool``.
    """
    kind = rng.choice(list(KINDS), p=list(KINDS.values()))
    if kind == "fills":
        return fill_hints(image, mask, lines, rng)
    few, many = int(rng.integers(1, 16)), int(rng.integers(16, 120))
    count = {"none": 0, "few": few, "many": many, "very many": 250}[kind]
    return scatter_hints(image, mask, count, rng)


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
        hints (H, W, 3) ``uint8`` RGB and hint_mask (H, W) ``bool``. Colours are local means, a little off,
        and so are the places: a person picks the one by eye and aims the other by hand.
    """
    ys, xs = np.nonzero(mask)
    owners = np.zeros(mask.shape, np.int32)
    if count == 0 or len(ys) == 0:
        return np.zeros_like(image), owners > 0
    chosen = rng.integers(0, len(ys), count)
    weight = cv2.blur(mask.astype(np.float32), (9, 9))[..., None] + 1e-6
    local_mean = (cv2.blur(image * mask[..., None].astype(np.float32), (9, 9)) / weight)[ys[chosen], xs[chosen]]
    colors = np.clip(local_mean + rng.normal(0, BY_EYE, (count, 3)), 0, 255).round().astype(np.uint8)
    starts = np.column_stack([xs, ys])[chosen] + rng.normal(0, MISPLACED * len(mask) / 256, (count, 2))
    angles, lengths = rng.uniform(0, np.pi, count), rng.integers(4, 40, count) * (rng.random(count) < 0.25)
    ends = starts + lengths[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    widths = 2 * rng.integers(1, 6 if count < 50 else 3, count)
    marks = zip(starts.round().astype(int).tolist(), ends.round().astype(int).tolist(), widths.tolist(), strict=True)
    for owner, (start, end, width) in enumerate(marks, 1):
        cv2.line(owners, start, end, owner, width)
    owners[~mask] = 0
    return np.concatenate([np.zeros((1, 3), np.uint8), colors])[owners], owners > 0


def fill_hints(
    image: np.ndarray, mask: np.ndarray, lines: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Whole regions between the lines in their mean colour, each with even odds and at least one; as
    :func:`draw_hints`."""
    between = (mask & (cv2.dilate(lines, np.ones((3, 3), np.uint8)) == 0)).astype(np.uint8)
    count, regions = cv2.connectedComponents(between, connectivity=4)
    sizes = np.bincount(regions.ravel(), minlength=count)
    large = np.flatnonzero(sizes >= SMALLEST_FILL * mask.sum())
    large = large[large > 0]
    if not len(large):
        return scatter_hints(image, mask, 5, rng)
    kept = np.zeros(count, bool)
    kept[large[rng.random(len(large)) < 0.5]] = True
    kept[rng.choice(large)] = True
    sums = np.column_stack([np.bincount(regions.ravel(), image[..., c].ravel(), count) for c in range(3)])
    colors = np.clip(sums / np.maximum(sizes, 1)[:, None] + rng.normal(0, BY_EYE, (count, 3)), 0, 255)
    filled = kept[regions]
    return np.where(filled[..., None], colors.round().astype(np.uint8)[regions], 0).astype(np.uint8), filled
