"""Strokes to pixels, in the kernel: no picture ever has to come back from the browser."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

from s2f_helpers.common.types import Sketch
from s2f_helpers.studio.strokes import SIZE, Mark, Page, Stroke

__all__ = ["rasterize"]

SUPERSAMPLE = 4
HINT_COVERAGE = 0.5
NOTHING = (0, 0, 0, 0)


def rasterize(marks: Iterable[Mark], size: int = SIZE) -> Sketch:
    """Paint marks in order, four times finer than asked, and reduce to a Sketch of ``size`` pixels.

    Pen strokes become anti-aliased lines, colour strokes become hints (where they cover at least half a
    pixel); the eraser removes both, whoever made them.
    """
    fine = size * SUPERSAMPLE
    lines, hints = Image.new("L", (fine, fine)), Image.new("RGBA", (fine, fine))
    for mark in marks:
        if isinstance(mark, Page):
            _paint_page(lines, hints, mark)
        elif mark.tool == "pen":
            _paint_stroke(lines, mark, 255)
        elif mark.tool == "color":
            _paint_stroke(hints, mark, mark.color)
        else:
            _paint_stroke(lines, mark, 0)
            _paint_stroke(hints, mark, NOTHING)
    return _reduce(lines, hints)


def _paint_stroke(layer: Image.Image, stroke: Stroke, ink) -> None:
    scale = layer.width / SIZE
    draw = ImageDraw.Draw(layer)
    # Pillow counts pixels by their centres and includes the last one, hence the two halves.
    points = [(x * scale - 0.5, y * scale - 0.5) for x, y in stroke.points]
    radius = max(0.0, stroke.width * scale / 2 - 0.5)
    draw.line(points, fill=ink, width=max(1, round(stroke.width * scale)))
    for x, y in points:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _paint_page(lines: Image.Image, hints: Image.Image, page: Page) -> None:
    lines.paste(0, (0, 0, *lines.size))
    hints.paste(NOTHING, (0, 0, *hints.size))
    if page.sketch is None:
        return
    alpha = page.sketch.hint_mask[..., None] * np.uint8(255)
    rgba = np.concatenate([page.sketch.hints, alpha], axis=-1)
    lines.paste(Image.fromarray(page.sketch.lines).resize(lines.size, Image.Resampling.NEAREST))
    hints.paste(Image.fromarray(rgba).resize(hints.size, Image.Resampling.NEAREST))


def _reduce(lines: Image.Image, hints: Image.Image) -> Sketch:
    colors = np.asarray(hints.reduce(SUPERSAMPLE))
    hint_mask = colors[..., 3] >= 255 * HINT_COVERAGE
    return Sketch(
        lines=np.asarray(lines.reduce(SUPERSAMPLE)),
        hints=colors[..., :3] * hint_mask[..., None],
        hint_mask=hint_mask,
    )
