"""Tidy a drawing: bend its outline towards a real garment's, and what is drawn inside along with it."""

from __future__ import annotations

import cv2
import numpy as np

from s2f_helpers.common.types import Sketch
from s2f_helpers.studio.shapes import longest_contour, outline_of
from s2f_helpers.studio.strokes import SIZE

__all__ = ["tidy"]

STEPS = 128
NEAREST = 2.5  # page units; without a least distance the nearest step alone would count
NODES = 65  # of the grid, each side, on which the bend is worked out


def tidy(sketch: Sketch, target: np.ndarray, amount: float) -> Sketch:
    """The drawing, bent so that its outline comes nearer to another.

    Both outlines are walked from their tops in equal steps; what was drawn moves with the steps near to it.

    Args:
        sketch: 256 x 256.
        target: (M, 2) an outline; it is first moved and stretched to the drawing's own box.
        amount: 0 leaves the drawing as it is, 1 lays its outline on the other.

    Returns:
        The bent drawing; the same, where it encloses nothing.
    """
    mask = outline_of(sketch.lines)
    if mask is None or amount == 0 or len(target) < STEPS:
        return sketch
    drawn = _walk(longest_contour(mask))
    wanted = _walk(_fitted(target, drawn))
    shift = amount * (_turned(wanted, drawn) - drawn)
    x, y = _field(drawn + shift, shift)
    lines = cv2.remap(sketch.lines, x, y, cv2.INTER_LINEAR)
    hints, hint_mask = (
        cv2.remap(layer, x, y, cv2.INTER_NEAREST) for layer in (sketch.hints, sketch.hint_mask.astype(np.uint8))
    )
    return Sketch(lines, hints, hint_mask.astype(bool))


def _walk(contour: np.ndarray) -> np.ndarray:
    """(128, 2) points at equal distances along a closed contour."""
    closed = np.concatenate([contour, contour[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, along[-1], STEPS, endpoint=False)
    return np.column_stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)])


def _fitted(target: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    low, high = drawn.min(0), drawn.max(0)
    return (target - target.min(0)) / np.maximum(np.ptp(target, axis=0), 1) * (high - low) + low


def _turned(wanted: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """``wanted`` begun at the step at which it goes best along with ``drawn``."""
    turns = [np.roll(wanted, turn, axis=0) for turn in range(STEPS)]
    return min(turns, key=lambda turn: float(((turn - drawn) ** 2).sum()))


def _field(places: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of the bent drawing, where to look in the drawing: the shifts around it, weighed by nearness."""
    grid = np.linspace(0, SIZE, NODES)
    nodes = np.stack(np.meshgrid(grid, grid), axis=-1)[:, :, None]
    weights = 1 / (((nodes - places) ** 2).sum(-1) + NEAREST**2) ** 2
    shifts = (weights @ shift) / weights.sum(-1, keepdims=True)
    centres = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=-1).astype(np.float32)
    at = (centres + 0.5) / SIZE * (NODES - 1)
    smooth = cv2.remap(shifts.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    return tuple(np.ascontiguousarray((centres - smooth)[..., axis]) for axis in (0, 1))
