"""Colour by region, without a network: what a dot colours is what the lines around it enclose.

Water rises from the dots, and lines are dams. Where a line has a gap, the gap is narrow; the water fills wide
places first, so both sides of a gap are full before either reaches it. This is a watershed with markers
(Meyer 1994) on the distance to the nearest line.
"""

from __future__ import annotations

import heapq
from dataclasses import replace

import cv2
import numpy as np

from s2f_helpers.common.types import S2FError, Sketch

__all__ = ["colorize", "fill_regions", "flood", "silhouette"]

INK = 100
GAP = 3.0
"""Half the widest opening, in pixels at 256, through which a colour does not pass."""
DARKEST = 0.35
PAPER = (255, 255, 255)
WIDEST_GAP = 31  # pixels that may be missing of an outline


def colorize(sketch: Sketch) -> np.ndarray:
    """The drawing with flat colours in it; what lies outside of it stays white.

    A region without a dot takes the colour of the neighbour that it opens to most widely.

    Args:
        sketch: at least one line and one hint, of any size.

    Returns:
        (H, W, 3) ``uint8`` RGB: colours under the drawn lines.

    Raises:
        S2FError: when there is no line, or no colour.
    """
    if not (sketch.lines > INK).any() or not sketch.hint_mask.any():
        raise S2FError("colorize needs a drawing and at least one dot of colour: draw a line, then dot it")
    colors, owners, _ = _flooded(sketch)
    shade = 1 - (1 - DARKEST) * sketch.lines[..., None] / 255
    return (colors[owners] * shade).round().astype(np.uint8)


def fill_regions(sketch: Sketch) -> Sketch:
    """The same drawing with every dot grown to its region: a region's colour ends at its lines, gaps or not.

    Regions without a dot stay without a hint, and so do the lines; without any hint the sketch comes back as it is.
    """
    if not sketch.hint_mask.any():
        return sketch
    colors, owners, levels = _flooded(sketch)
    inside = (owners > 0) & (owners < len(colors) - 1) & (levels < -GAP * len(levels) / 256)
    filled = inside | sketch.hint_mask
    hints = np.where(inside[..., None], colors[owners].round().astype(np.uint8), sketch.hints)
    return replace(sketch, hints=np.where(filled[..., None], hints, 0).astype(np.uint8), hint_mask=filled)


def _flooded(sketch: Sketch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours by label (first and last are paper), and for each pixel its label and the level it was reached at."""
    away = cv2.distanceTransform((sketch.lines <= INK).astype(np.uint8), cv2.DIST_L2, 5)
    count, dots = cv2.connectedComponents(sketch.hint_mask.astype(np.uint8), connectivity=4)
    colors = np.array([PAPER, *(sketch.hints[dots == dot].mean(0) for dot in range(1, count)), PAPER])
    dots[[0, -1]] = dots[:, [0, -1]] = count
    return colors, *flood(-away, dots)


def flood(heights: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fill a landscape from several sources, always at the lowest shore.

    Args:
        heights: (H, W) float.
        sources: (H, W) ``int``, a label above 0 where water rises, else 0.

    Returns:
        (H, W) ``int``, the label that reached each pixel first, and (H, W) float, how high the water stood then.

    >>> labels, levels = flood(np.array([[0.0, 1, 9, 1, 0]]), np.array([[1, 0, 0, 0, 2]]))
    >>> labels.tolist(), levels.tolist()
    ([[1, 1, 1, 2, 2]], [[0.0, 1.0, 9.0, 1.0, 0.0]])
    """
    shape = heights.shape[0] + 2, heights.shape[1] + 2
    labels = np.pad(sources, 1, constant_values=-1).ravel().tolist()
    levels = np.pad(heights, 1).ravel().tolist()
    shore = [(levels[at], order, at) for order, at in enumerate(np.flatnonzero(np.array(labels) > 0).tolist())]
    heapq.heapify(shore)
    order = len(shore)
    while shore:
        level, _, at = heapq.heappop(shore)
        for there in (at - shape[1], at + shape[1], at - 1, at + 1):
            if labels[there] == 0:
                labels[there] = labels[at]
                levels[there] = max(level, levels[there])
                order += 1
                heapq.heappush(shore, (levels[there], order, there))
    return tuple(np.array(found).reshape(shape)[1:-1, 1:-1] for found in (labels, levels))


def silhouette(sketch: Sketch) -> np.ndarray:
    """The garment: what the border cannot reach once gaps are closed, by no more than it takes to hold all dots.

    Returns:
        (H, W) ``bool``.

    Raises:
        S2FError: when the dots are still outside with gaps of 31 pixels closed.
    """
    ink = np.pad((sketch.lines > INK).astype(np.uint8), WIDEST_GAP)
    for gap in range(1, WIDEST_GAP + 1, 2):
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap))
        _, regions = cv2.connectedComponents(1 - cv2.morphologyEx(ink, cv2.MORPH_CLOSE, disc), connectivity=4)
        inside = (regions != regions[0, 0])[WIDEST_GAP:-WIDEST_GAP, WIDEST_GAP:-WIDEST_GAP]
        if inside[sketch.hint_mask].all():
            return inside
    raise S2FError(
        f"a dot lies outside the drawn outline, even with gaps of {WIDEST_GAP} pixels closed: move it inside"
    )
