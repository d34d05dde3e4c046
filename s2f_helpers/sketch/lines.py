"""From a cut-out to lines: what a pen would draw of it, cleanly and then the way a hand draws."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["draw_contour", "draw_edges", "roughen"]


def draw_edges(image: np.ndarray, mask: np.ndarray, low: int = 60, high: int = 140) -> np.ndarray:
    """Edges inside the garment (Canny 1986 on a bilaterally smoothed grey picture) and its outline.

    Args:
        image: (H, W, 3) ``uint8`` RGB, the garment on white.
        mask: (H, W) ``bool``.
        low, high: Canny's two thresholds; higher ones keep fewer, stronger lines.

    Returns:
        (H, W) ``uint8``, 255 on a line.
    """
    grey = cv2.bilateralFilter(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 5, 50, 50)
    return np.maximum(cv2.Canny(grey, low, high), draw_contour(mask))


def draw_contour(mask: np.ndarray) -> np.ndarray:
    """The silhouette alone, one pixel wide: (H, W) ``uint8``, 255 on the line."""
    binary = np.ascontiguousarray(mask, dtype=np.uint8)
    contours, _ = cv2.findContours(binary, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    canvas = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(canvas, contours, -1, 255, 1)
    return canvas


def roughen(lines: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a hand makes of clean lines: they wobble, break, and vary in width.

    Args:
        lines: (H, W) ``uint8``, 255 on a line.
        rng: the only source of chance; the same state gives the same picture.

    Returns:
        (H, W) ``uint8``, anti-aliased.
    """
    height, width = lines.shape
    rough = lines
    if rng.random() < 0.7:
        wobble = rng.normal(0, 1, (2, 9, 9)).astype(np.float32) * rng.uniform(0.3, 2.0) * width / 256
        shift_x, shift_y = (cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC) for field in wobble)
        xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        rough = cv2.remap(cv2.dilate(rough, np.ones((2, 2), np.uint8)), xs + shift_x, ys + shift_y, cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        rough = rough.copy()
        ys, xs = np.nonzero(rough)
        for index in rng.integers(0, max(len(ys), 1), rng.integers(1, 12)) if len(ys) else ():
            cv2.circle(rough, (int(xs[index]), int(ys[index])), int(rng.integers(2, 7)), 0, -1)
    pen = int(rng.integers(1, 5))
    if pen > 1:
        rough = cv2.dilate(rough, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen)))
    return cv2.GaussianBlur(rough, (3, 3), 0) if rng.random() < 0.7 else rough
