"""Scenes of two or three garments put together from single ones, for evaluation: our photos show one each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import load_cutouts

__all__ = ["compose", "cutout_scenes"]

FILLS = (0.75, 0.55)  # longest side of a garment, in shares of the scene's, for one and for more
SHRINK = 0.98  # for each try that does not fit
SMALLEST = 8  # pixels
HIDDEN = 0.08  # of a garment, at most


def compose(garments: Sequence[Garment], seed: int, size: int = 384) -> list[Garment]:
    """Lay garments on one floor, later ones over earlier ones where they meet.

    Args:
        garments: one or more with something in their masks; what their photos show around them is left out.
        seed: places, sizes and the floor follow from it.
        size: side of the scene in pixels, 64 or more.

    Returns:
        The garments in the same order, sharing one ``photo`` (size, size, 3); each mask is exactly what shows of it,
        at least 92 % of it.

    Raises:
        S2FError: for no garments, an empty mask, too small a size, or a garment too thin to be seen there.
    """
    if not garments or not all(garment.mask.any() for garment in garments) or size < 64:
        raise S2FError(f"compose: expected garments with masks and a size of 64 or more, got {len(garments)} garments "
                       f"with {[int(garment.mask.sum()) for garment in garments]} pixels and {size}")  # fmt: skip
    rng = np.random.default_rng(seed)
    photo = _floor(rng, size)
    owner = np.zeros((size, size), np.int64)
    for number, garment in enumerate(garments, start=1):
        cloth, shape, (y, x) = _placed(garment, owner, rng, FILLS[len(garments) > 1] * size)
        here = np.s_[y : y + shape.shape[0], x : x + shape.shape[1]]
        soft = cv2.GaussianBlur(shape.astype(np.float32), (3, 3), 0)[..., None] * shape[..., None]
        photo[here] = (photo[here] * (1 - soft) + cloth * soft).round()
        owner[here][shape] = number
    return [Garment(photo, owner == number, garment.category) for number, garment in enumerate(garments, start=1)]


def _floor(rng: np.random.Generator, size: int) -> np.ndarray:
    """A plain, unevenly lit floor with a little grain."""
    color = rng.uniform(90, 235, 3) * 0.3 + rng.uniform(90, 235) * 0.7
    slope = rng.uniform(-0.12, 0.12, 2)
    y, x = np.mgrid[:size, :size] / size - 0.5
    light = 1 + slope[0] * y + slope[1] * x
    grain = rng.normal(0, 3, (size, size, 1))
    return np.clip(color * light[..., None] + grain, 0, 255).astype(np.uint8)


def _placed(
    garment: Garment, owner: np.ndarray, rng: np.random.Generator, longest: float
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Pixels, shape and upper left corner at which it hides little of those before; smaller with each try."""
    x0, y0, x1, y1 = garment.box
    photo, mask = garment.photo[y0:y1, x0:x1], garment.mask[y0:y1, x0:x1].astype(np.float32)
    whole = np.bincount(owner.ravel(), minlength=2)[1:]
    while longest >= SMALLEST:
        scale = longest * rng.uniform(0.8, 1.0) / max(mask.shape)
        width, height = (max(1, round(side * scale)) for side in mask.shape[::-1])
        shape = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA) > 0.5
        y, x = (int(rng.integers(room - side + 1)) for room, side in zip(owner.shape, shape.shape, strict=True))
        hidden = np.bincount(owner[y : y + height, x : x + width][shape], minlength=len(whole) + 1)[1:]
        if shape.any() and (hidden <= HIDDEN * whole / 2).all():
            return cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA), shape, (y, x)
        longest *= SHRINK
    raise S2FError(
        f"compose: no place where a {garment.category} of {int(mask.sum())} pixels shows: take a larger size"
    )


def cutout_scenes(split: str, count: int, seed: int = 0) -> Iterator[list[Garment]]:
    """Scenes of two and three cut-outs of one split, drawn at random, no garment twice in a scene.

    Raises:
        S2FError: for another split, or where the photos cannot be had.
    """
    cutouts = load_cutouts(split)
    for scene in range(count):
        rng = np.random.default_rng([seed, scene])
        chosen = rng.choice(len(cutouts), 2 + scene % 2, replace=False)
        garments = [Garment(cutouts.image(n), cutouts.mask(n), cutouts.categories[n]) for n in chosen.tolist()]
        yield compose(garments, seed=int(rng.integers(2**31)))
