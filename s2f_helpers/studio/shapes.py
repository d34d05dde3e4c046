"""The outlines of real garments: which ones a drawing resembles, and where they would be drawn."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from zipfile import BadZipFile

import cv2
import numpy as np

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import cache_dir
from s2f_helpers.common.progress import progress
from s2f_helpers.data import category_ids
from s2f_helpers.data.clothing import Photo, list_photos
from s2f_helpers.studio.strokes import SIZE

__all__ = ["Shapes", "longest_contour", "outline_of"]

SIDE = 64  # pixels of a kept silhouette
COARSE = 32  # and of what is compared
MARGIN = 1.12  # as the generator's training pictures have it
FAR_AWAY = 4.0  # coarse pixels; a line that is farther from an outline has nothing to do with it
INK = 100
GAPS = (1, 5, 9, 15, 23, 31)  # pixels at 256 by which an open outline may be closed
FULL = 0.4  # of its convex hull: what encloses less is no outline, but lines
VERSION = 1


@dataclass(frozen=True, eq=False)
class Shapes:
    """Silhouettes of N garments, each centred on the page as training pictures are.

    Attributes:
        masks: (N, 64, 64) ``bool``.
        categories: (N,) ``int`` class indices.
        areas: (N, 1024) ``float32`` in [0, 1], the coarse silhouettes.
        away: (N, 1024) ``float32``, how far each coarse pixel is from the outline, at most ``FAR_AWAY``.
    """

    masks: np.ndarray
    categories: np.ndarray
    areas: np.ndarray
    away: np.ndarray

    @classmethod
    def of(cls, masks: np.ndarray, categories: np.ndarray) -> Shapes:
        """From silhouettes and class indices; the rest follows from them."""
        coarse = [cv2.resize(mask.astype(np.float32), (COARSE, COARSE), interpolation=cv2.INTER_AREA) for mask in masks]
        areas = np.stack(coarse).reshape(len(masks), -1)
        away = np.stack([_away(area) for area in coarse]).reshape(len(masks), -1)
        return cls(masks, categories, areas, away)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Shapes:
        """The garments of the training split; made once, in some ten seconds, and kept in the cache."""
        path = cache_dir("shapes") / f"train-{VERSION}.npz"
        try:
            with np.load(path) as file:
                masks, categories = file["masks"], file["categories"]
        except (OSError, ValueError, KeyError, BadZipFile):
            masks, categories = _train()
            atomic_write(path, _packed(masks, categories))
            return cls.of(masks, categories)
        return cls.of(np.unpackbits(masks, axis=-1).astype(bool), categories)

    def __len__(self) -> int:
        return len(self.categories)

    def alike(self, lines: np.ndarray, count: int, category: str | None = None) -> list[int]:
        """Numbers of the garments whose silhouette the drawing's comes nearest to, wherever it was drawn.

        Args:
            lines: (256, 256) ``uint8``; without a closed outline, where the lines are counts instead.
            category: only garments of this category id.
        """
        mask = outline_of(lines)
        if mask is None:
            return self.around(lines, count, category)
        area = cv2.resize(_centred(mask, COARSE * 2).astype(np.float32), (COARSE, COARSE), interpolation=cv2.INTER_AREA)
        shared = self.areas @ area.ravel()
        likeness = shared / (self.areas.sum(1) + area.sum() - shared)
        return self._best(-likeness, count, category)

    def around(self, lines: np.ndarray, count: int, category: str | None = None) -> list[int]:
        """Numbers of the garments on whose outlines the lines lie best, as they are on the page, finished or not."""
        ink = cv2.resize((lines > INK).astype(np.float32), (COARSE, COARSE), interpolation=cv2.INTER_AREA).ravel()
        return self._best(self.away @ (ink / max(ink.sum(), 1e-6)), count, category)

    def contour(self, number: int) -> np.ndarray:
        """(M, 2) ``float``: the garment's outline on the page, in page units."""
        large = cv2.resize(self.masks[number].astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        return longest_contour(cv2.GaussianBlur(large, (0, 0), 3) > 0.5)

    def _best(self, distances: np.ndarray, count: int, category: str | None) -> list[int]:
        if category is not None:
            distances = np.where(self.categories == category_ids().index(category), distances, np.inf)
        return np.argsort(distances, kind="stable")[:count].tolist()


def outline_of(lines: np.ndarray) -> np.ndarray | None:
    """What the drawing encloses, small openings closed: (H, W) ``bool``; None where it encloses nothing to speak of."""
    ink = (lines > INK).astype(np.uint8)
    points = cv2.findNonZero(ink)
    if points is None:
        return None
    hull = cv2.contourArea(cv2.convexHull(points))
    pad = max(GAPS)
    ink = np.pad(ink, pad)
    for gap in GAPS:
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap))
        _, parts = cv2.connectedComponents(1 - cv2.morphologyEx(ink, cv2.MORPH_CLOSE, disc), connectivity=4)
        inside = (parts != parts[0, 0])[pad:-pad, pad:-pad]
        if hull and (inside & (lines <= INK)).sum() >= FULL * hull:
            return inside
    return None


def longest_contour(mask: np.ndarray) -> np.ndarray:
    """(M, 2) ``float``: the longest outer edge of a silhouette, x and y, in its pixels; empty for an empty one."""
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return max((contour[:, 0] + 0.5 for contour in contours), key=len, default=np.zeros((0, 2)))


def _away(area: np.ndarray) -> np.ndarray:
    """How far from the silhouette's edge each coarse pixel is."""
    inside = (area > 0.5).astype(np.uint8)
    edge = cv2.dilate(inside, np.ones((3, 3), np.uint8)) != cv2.erode(inside, np.ones((3, 3), np.uint8), borderValue=0)
    away = cv2.distanceTransform((~edge).astype(np.uint8), cv2.DIST_L2, 5)
    return np.minimum(away, FAR_AWAY).astype(np.float32)


def _centred(mask: np.ndarray, side: int) -> np.ndarray:
    """(side, side) ``bool``: the silhouette in the middle of a square with a small margin."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    square = int(np.ceil(max(width, height) * MARGIN))
    canvas = np.zeros((square, square), np.float32)
    top, left = (square - height) // 2, (square - width) // 2
    canvas[top : top + height, left : left + width] = mask[y : y + height, x : x + width]
    return cv2.resize(canvas, (side, side), interpolation=cv2.INTER_AREA) > 0.5


def _train() -> tuple[np.ndarray, np.ndarray]:
    photos: list[Photo] = list_photos("train")
    places = {category: place for place, category in enumerate(category_ids())}
    masks = [_centred(photo.mask(), SIDE) for photo in progress(photos, what="outlines", unit="garment")]
    return np.stack(masks), np.array([places[photo.category] for photo in photos])


def _packed(masks: np.ndarray, categories: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, masks=np.packbits(masks, axis=-1), categories=categories)
    return file.getvalue()
