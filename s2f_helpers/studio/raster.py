"""Strokes to pixels, in the kernel: no picture ever has to come back from the browser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw

from s2f_helpers.common.types import Sketch
from s2f_helpers.studio.strokes import SIZE, Group, Mark, Page, Stroke

__all__ = ["Canvas", "rasterize", "region_at"]

SUPERSAMPLE = 4
HINT_COVERAGE = 0.5
NOTHING = (0, 0, 0, 0)
INK = 100  # of 255: what is darker holds a colour back
GAP = 3  # pixels at 256: half the widest opening in a line through which a colour does not run


def rasterize(marks: Iterable[Mark], size: int = SIZE) -> Sketch:
    """Paint marks in order, four times finer than asked, and reduce to a Sketch of ``size`` pixels.

    Pen strokes become anti-aliased lines, colour strokes and fills become hints (where they cover at least half a
    pixel); the eraser removes both, whoever made them.
    """
    canvas = Canvas(size * SUPERSAMPLE)
    for mark in marks:
        canvas.paint(mark)
    return canvas.to_sketch(size)


def region_at(lines: np.ndarray, x: float, y: float) -> np.ndarray | None:
    """What a colour poured out at a point would cover: the place that lines enclose, small gaps in them closed.

    Args:
        lines: (H, H) ``uint8``, 255 on a line.
        x, y: in page units.

    Returns:
        (H, H) ``bool``; None on a line, outside of the page, and where the colour would run out of the page.
    """
    side = len(lines)
    column, row = (int(value * side / SIZE) for value in (x, y))
    free = (lines <= INK).astype(np.uint8)
    if not (0 <= row < side and 0 <= column < side) or not free[row, column]:
        return None
    gap = round(GAP * side / SIZE)
    away = cv2.distanceTransform(free, cv2.DIST_L2, 5)
    reach = gap if away[row, column] > gap else 0
    _, parts = cv2.connectedComponents((away > reach).astype(np.uint8), connectivity=4)
    core = parts == parts[row, column]
    if core[[0, -1]].any() or core[:, [0, -1]].any():
        return None
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return (cv2.dilate(core.astype(np.uint8), disc) & free) > 0


class Canvas:
    """Two layers of paint, lines and colours, of ``side`` x ``side`` pixels each. Painting on it costs by the mark."""

    def __init__(self, side: int) -> None:
        self._lines, self._hints = Image.new("L", (side, side)), Image.new("RGBA", (side, side))

    def copy(self) -> Canvas:
        """Another with the same paint."""
        other = Canvas(1)
        other._lines, other._hints = self._lines.copy(), self._hints.copy()
        return other

    def paint(self, mark: Mark) -> None:
        """Put a mark above all that is there."""
        if isinstance(mark, Page):
            self._paint_page(mark)
            return
        for stroke in mark.strokes if isinstance(mark, Group) else (mark,):
            self._paint_stroke(stroke)

    def to_sketch(self, size: int) -> Sketch:
        """Reduced to (size, size); ``side`` must be a multiple of ``size``."""
        colors = np.asarray(self._hints.reduce(self._hints.width // size))
        hint_mask = colors[..., 3] >= 255 * HINT_COVERAGE
        return Sketch(self._ink(size), colors[..., :3] * hint_mask[..., None], hint_mask)

    def region_at(self, x: float, y: float) -> np.ndarray | None:
        """See :func:`region_at`; (256, 256), or as large as the canvas allows."""
        side = SIZE if self._lines.width % SIZE == 0 else self._lines.width // SUPERSAMPLE
        return region_at(self._ink(side), x, y)

    def _ink(self, size: int) -> np.ndarray:
        return np.asarray(self._lines.reduce(self._lines.width // size))

    def _paint_stroke(self, stroke: Stroke) -> None:
        if stroke.tool == "pen":
            _paint(self._lines, stroke, 255)
        elif stroke.tool == "color":
            _paint(self._hints, stroke, stroke.color)
        elif stroke.tool == "fill":
            region = self.region_at(*stroke.points[0])
            if region is not None:
                stencil = Image.fromarray(region.astype(np.uint8) * 255).resize(self._hints.size)
                self._hints.paste(stroke.color, None, stencil.point(lambda value: 255 * (value > 127)))
        else:
            _paint(self._lines, stroke, 0)
            _paint(self._hints, stroke, NOTHING)

    def _paint_page(self, page: Page) -> None:
        self._lines.paste(0, (0, 0, *self._lines.size))
        self._hints.paste(NOTHING, (0, 0, *self._hints.size))
        if page.sketch is None:
            return
        alpha = page.sketch.hint_mask[..., None] * np.uint8(255)
        rgba = np.concatenate([page.sketch.hints, alpha], axis=-1)
        for layer, picture in ((self._lines, page.sketch.lines), (self._hints, rgba)):
            layer.paste(Image.fromarray(picture).resize(layer.size, Image.Resampling.NEAREST))


def _paint(layer: Image.Image, stroke: Stroke, ink: int | str | Sequence[int]) -> None:
    scale = layer.width / SIZE
    draw = ImageDraw.Draw(layer)
    # Pillow counts pixels by their centres and includes the last one, hence the two halves.
    points = [(x * scale - 0.5, y * scale - 0.5) for x, y in stroke.points]
    radius = max(0.0, stroke.width * scale / 2 - 0.5)
    draw.line(points, fill=ink, width=max(1, round(stroke.width * scale)))
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
