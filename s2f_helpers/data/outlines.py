"""Outlines of garments: polygons or run-length masks, their boxes, areas and pixels.

An outline is a tuple of (N, 2) ``float64`` polygons, open, x to the right and y down from the photo's
upper left corner in pixels, as COCO counts them; or COCO's compressed run-length counts as ``bytes``.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from pycocotools import mask as coco_mask

__all__ = ["Outline", "measure", "ring_areas", "rings", "run_lengths", "to_mask", "to_rle"]

Outline = tuple[np.ndarray, ...] | bytes


def ring_areas(points: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(N,) ``float64`` areas of many polygons at once, in square pixels, by the shoelace formula.

    ``points`` (P, 2) holds all polygons, one after the other, none empty; ``starts`` (N,) each one's first point.

    >>> ring_areas(np.array([[0, 0], [4, 0], [4, 3], [0, 3], [0, 0], [2, 0], [0, 2.0]]), np.array([0, 4]))
    array([12.,  2.])
    """
    after = np.empty_like(points)
    after[:-1] = points[1:]
    after[np.append(starts[1:], len(points)) - 1] = points[starts]
    cross = points[:, 0] * after[:, 1] - after[:, 0] * points[:, 1]
    return np.abs(np.add.reduceat(cross, starts)) / 2


def measure(outlines: Sequence[Outline], heights: Sequence[int], widths: Sequence[int]) -> np.ndarray:
    """(N, 5) ``float64`` box and area of each outline: x, y, width, height, area in pixels; zeros for an empty one."""
    sizes = np.zeros((len(outlines), 5))
    parts, owners = [], []
    for index, (outline, *size) in enumerate(zip(outlines, heights, widths, strict=True)):
        if not isinstance(outline, bytes):
            parts += [ring for ring in outline if len(ring)]
            owners += [index for ring in outline if len(ring)]
        elif all(size):  # pycocotools divides by the height
            rle = to_rle(outline, *size)
            sizes[index] = [*coco_mask.toBbox(rle), coco_mask.area(rle)]
    if parts:
        owners = np.array(owners)
        points = np.concatenate(parts)
        starts = np.cumsum([0, *map(len, parts[:-1])])
        first = np.flatnonzero(np.diff(owners, prepend=-1))
        low = np.minimum.reduceat(np.minimum.reduceat(points, starts), first)
        high = np.maximum.reduceat(np.maximum.reduceat(points, starts), first)
        area = np.add.reduceat(ring_areas(points, starts), first)
        sizes[owners[first]] = np.column_stack([low, high - low, area])
    return sizes


def run_lengths(counts: bytes) -> list[int]:
    """COCO's compressed counts as plain ones: pixels outside, inside, outside … down the columns.

    Each number is written in groups of five bits, smallest first, as a difference from the one two before. Bytes that
    are cut off, or a negative length, are a ValueError.

    >>> run_lengths(b"52")
    [5, 2]
    """
    lengths: list[int] = []
    value, shift = 0, 0
    for byte in counts:
        group = byte - 48
        value |= (group & 0x1F) << shift
        shift += 5
        if not group & 0x20:
            if group & 0x10:
                value -= 1 << shift
            lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
            value, shift = 0, 0
    if shift or min(lengths, default=-1) < 0:
        raise ValueError("run lengths that are cut off or negative")
    return lengths


def to_rle(outline: Outline, height: int, width: int) -> dict:
    """COCO compressed RLE of an outline: ``{"size": [height, width], "counts": bytes}``."""
    size = [int(height), int(width)]
    if isinstance(outline, bytes):
        return {"size": size, "counts": outline}
    flat = [ring.ravel().tolist() for ring in outline if len(ring) > 2]
    if not flat:
        return coco_mask.encode(np.zeros(size, np.uint8, order="F"))
    return coco_mask.merge(coco_mask.frPyObjects(flat, *size))


def to_mask(outline: Outline, height: int, width: int) -> np.ndarray:
    """(height, width) ``bool``, True on the garment.

    >>> int(to_mask((np.array([[1, 1], [5, 1], [5, 4], [1, 4.0]]),), 8, 8).sum())
    12
    """
    return coco_mask.decode(to_rle(outline, height, width)).astype(bool)


def rings(outline: Outline, height: int, width: int) -> list[np.ndarray]:
    """The lines to draw: (N, 2) polygons as they are, or the edges of a run-length mask's parts and holes."""
    if not isinstance(outline, bytes):
        return [ring for ring in outline if len(ring)]
    mask = to_mask(outline, height, width).astype(np.uint8)
    return [ring[:, 0] for ring in cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]]
