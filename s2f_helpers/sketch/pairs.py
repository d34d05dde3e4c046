"""Training pairs: a photo, changed a little, and the sketch a person might have drawn of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.data import category_ids, category_index
from s2f_helpers.sketch.hints import draw_hints, scatter_hints
from s2f_helpers.sketch.lines import draw_contour, draw_edges, roughen

__all__ = ["PairedDataset", "draw_by_hand", "make_sketch", "photo_to_tensor", "resize_picture", "sketch_to_tensor"]

UNCHANGED = 0.45  # share of photos that keep their colours; the others make rare colours familiar
TOO_DENSE = 0.12  # share of the garment under lines; nobody draws every thread of a pattern


class GarmentPictures(Protocol):
    """What the dataset needs: :class:`s2f_helpers.data.Cutouts`, or anything alike."""

    categories: Sequence[str]

    def __len__(self) -> int: ...
    def image(self, index: int) -> np.ndarray: ...
    def mask(self, index: int) -> np.ndarray: ...


class PairedDataset(Dataset):
    """Endless stream of (sketch, photo, category) by sample number.

    Sample ``k`` depends on ``k`` and ``seed`` alone, so a run that resumes at sample ``k`` sees what
    an unbroken run would have seen, and several processes together see what one would have.

    Items:
        sketch: (5, side, side) float in [-1, 1]; channels are :func:`sketch_to_tensor`'s.
        photo: (3, side, side) float in [-1, 1].
        category: int class index, or the number of categories where it is hidden.

    Args:
        pictures: photos, masks and categories; read once.
        samples: how many the stream has.
        side: in pixels.
        seed: of everything random here.
        draw: makes a sketch of (image, mask, rng).
        hidden: share of samples whose category is hidden, so that "any" is learnt too.
    """

    def __init__(
        self,
        pictures: GarmentPictures,
        samples: int,
        side: int = 256,
        seed: int = 0,
        draw: Callable[[np.ndarray, np.ndarray, np.random.Generator], Sketch] | None = None,
        hidden: float = 0.0,
    ) -> None:
        if not len(pictures):
            raise S2FError("PairedDataset: expected at least one picture, got none. Choose other photos or a split")
        self.images = [pictures.image(index) for index in range(len(pictures))]
        self.masks = [pictures.mask(index) for index in range(len(pictures))]
        self.labels = [category_index(category) for category in pictures.categories]
        self.samples, self.side, self.seed, self.draw, self.hidden = samples, side, seed, draw or draw_by_hand, hidden

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, sample: int) -> tuple[torch.Tensor, torch.Tensor, int]:
        epoch, place = divmod(sample, len(self.images))
        index = np.random.default_rng([self.seed, epoch]).permutation(len(self.images))[place]
        rng = np.random.default_rng([self.seed, 1, sample])
        image, mask = _move(self.images[index], self.masks[index], self.side, rng)
        image = _recolor(image, mask, rng)
        category = len(category_ids()) if rng.random() < self.hidden else self.labels[index]
        return sketch_to_tensor(self.draw(image, mask, rng)), photo_to_tensor(image), category


def draw_by_hand(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> Sketch:
    """A training sketch: lines and hints as some hand might have made them of this garment.

    Args:
        image: (H, W, 3) ``uint8`` RGB, the garment on white.
        mask: (H, W) ``bool``.
        rng: the only source of chance.
    """
    lines = _some_lines(image, mask, rng)
    return Sketch(roughen(lines, rng), *draw_hints(image, mask, lines, rng))


def make_sketch(image: np.ndarray, mask: np.ndarray, hint_count: int, rng: np.random.Generator) -> Sketch:
    """As :func:`draw_by_hand`, with so many dots and strokes."""
    lines = _some_lines(image, mask, rng)
    hints, hint_mask = scatter_hints(image, mask, hint_count, rng)
    return Sketch(roughen(lines, rng), hints, hint_mask)


def _some_lines(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """From all edges of the garment down to its bare outline."""
    if rng.random() < 0.3:
        return draw_contour(mask)
    high = int(rng.integers(90, 260))
    lines = draw_edges(image, mask, high // 2, high)
    return draw_contour(mask) if lines[mask].mean() > 255 * TOO_DENSE else lines


def sketch_to_tensor(sketch: Sketch) -> torch.Tensor:
    """(5, H, W) float: lines in [0, 1]; hint colours in [-1, 1], 0 where there is none; hint mask in {0, 1}."""
    lines = torch.tensor(sketch.lines).float()[None] / 255
    hint_mask = torch.tensor(sketch.hint_mask).float()[None]
    colors = photo_to_tensor(sketch.hints) * hint_mask
    return torch.cat([lines, colors, hint_mask])


def photo_to_tensor(image: np.ndarray) -> torch.Tensor:
    """(H, W, 3) ``uint8`` to (3, H, W) float in [-1, 1]."""
    return torch.tensor(image.copy()).permute(2, 0, 1).float() / 127.5 - 1


def resize_picture(image: np.ndarray, mask: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A square photo (``uint8`` RGB) and its mask (``bool``) at ``side`` pixels."""
    if image.shape[0] == side:
        return image, mask
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return small, cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST) > 0


def _move(image: np.ndarray, mask: np.ndarray, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Flip, turn a little, resize and shift; what comes in from outside is white."""
    source = image.shape[0]
    scale = side / source * rng.uniform(0.75, 1.03)
    turn = cv2.getRotationMatrix2D((source / 2, source / 2), rng.normal(0, 4), scale)
    turn[:, 2] += side / 2 - source / 2 + rng.uniform(-0.03, 0.03, 2) * side
    if rng.random() < 0.5:
        turn = turn @ np.array([[-1, 0, source - 1], [0, 1, 0], [0, 0, 1.0]])
    soft = cv2.GaussianBlur(image, (0, 0), 0.4 / scale) if scale < 0.6 else image
    moved = cv2.warpAffine(soft, turn, (side, side), flags=cv2.INTER_LINEAR, borderValue=(255, 255, 255))
    return moved, cv2.warpAffine(mask.astype(np.uint8), turn, (side, side), flags=cv2.INTER_NEAREST) > 0


def _recolor(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn the garment's hue, so that rare colours are as familiar as navy and grey; white stays white."""
    if rng.random() < UNCHANGED:
        return image
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 180)) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.6, 2.2), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.8, 1.35), 0, 255)
    colored = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0)[..., None]
    return (colored * alpha + image * (1 - alpha)).round().astype(np.uint8)
