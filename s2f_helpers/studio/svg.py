"""A drawing as SVG: lines that a drawing program can edit, and inside it the drawing itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from itertools import count

import cv2
import numpy as np
from markupsafe import Markup

from s2f_helpers.studio.raster import SUPERSAMPLE, Canvas
from s2f_helpers.studio.storage import png, rgba, to_json
from s2f_helpers.studio.strokes import SIZE, Group, Mark, Page, Stroke

__all__ = ["to_svg"]

DOCUMENT = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="512" height="512">'
    '<metadata>{json}</metadata><rect width="{size}" height="{size}" fill="#ffffff"/>{colors}{lines}</svg>\n'
)
PATH = Markup(
    '<path d="{d}" fill="none" stroke="{ink}" stroke-width="{width}" stroke-linecap="round" stroke-linejoin="round"/>'
)
AREA = Markup('<path d="{d}" fill="{ink}" fill-rule="evenodd"/>')
PICTURE = Markup('<image width="{size}" height="{size}" href="data:image/png;base64,{data}"/>')
# What an eraser took away is hidden, not gone: a mask over all that was there before.
ERASED = Markup(
    '<mask id="{name}" maskUnits="userSpaceOnUse"><rect width="{size}" height="{size}" fill="#ffffff"/>{trace}</mask>'
    '<g mask="url(#{name})">{below}</g>'
)


def to_svg(marks: Iterable[Mark]) -> str:
    """Marks as an SVG document with the page's units; :func:`s2f_helpers.studio.storage.parse_marks` reads it back."""
    marks = tuple(marks)
    colors, lines, canvas, names = Markup(""), Markup(""), Canvas(SIZE * SUPERSAMPLE), count()
    for mark in marks:
        if isinstance(mark, Page):
            colors, lines = _page(mark)
            canvas.paint(mark)
            continue
        for stroke in mark.strokes if isinstance(mark, Group) else (mark,):
            if stroke.tool == "pen":
                lines += _path(stroke, "#000000")
            elif stroke.tool == "color":
                colors += _path(stroke, stroke.color)
            elif stroke.tool == "fill":
                colors += _area(canvas.region_at(*stroke.points[0]), stroke.color)
            else:
                colors, lines = (_erased(layer, stroke, f"erased-{next(names)}") for layer in (colors, lines))
            canvas.paint(stroke)
    return DOCUMENT.format(size=SIZE, json=to_json(marks), colors=colors, lines=lines)


def _path(stroke: Stroke, ink: str) -> Markup:
    points = stroke.points if len(stroke.points) > 1 else stroke.points * 2
    d = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    return PATH.format(d=d, ink=ink, width=f"{stroke.width:g}")


def _area(region: np.ndarray | None, ink: str) -> Markup:
    if region is None:
        return Markup("")
    contours, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    loops = ("M" + "L".join(f"{x + 0.5} {y + 0.5}" for x, y in contour[:, 0].tolist()) + "Z" for contour in contours)
    return AREA.format(d="".join(loops), ink=ink)


def _erased(below: Markup, stroke: Stroke, name: str) -> Markup:
    return ERASED.format(name=name, size=SIZE, trace=_path(stroke, "#000000"), below=below) if below else below


def _page(page: Page) -> tuple[Markup, Markup]:
    if page.sketch is None:
        return Markup(""), Markup("")
    ink = np.dstack([np.zeros_like(page.sketch.hints), page.sketch.lines])
    pictures = (base64.b64encode(png(picture)).decode("ascii") for picture in (rgba(page.sketch), ink))
    colors, lines = (PICTURE.format(size=SIZE, data=data) for data in pictures)
    return colors, lines
