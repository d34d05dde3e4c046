"""What a person puts on the page: strokes, groups of them, and fresh pages (empty, or holding an uploaded drawing)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from s2f_helpers.common.types import S2FError, Sketch

__all__ = ["FAR", "MAX_POINTS", "MAX_WIDTH", "SIZE", "TOOLS", "Group", "Mark", "Page", "Stroke"]

SIZE = 256
TOOLS = ("pen", "color", "fill", "eraser")
MAX_POINTS = 10_000
MAX_WIDTH = 64.0
MAX_TOGETHER = 200
# A stroke may leave the page, but not so far that rasterising it costs memory or time.
FAR = 4 * SIZE


@dataclass(frozen=True)
class Stroke:
    """One movement of one tool, in page units: the page is 256 x 256, origin at the top left.

    Attributes:
        tool: ``"pen"`` draws lines, ``"color"`` places colour hints, ``"fill"`` colours the region around its first
            point as far as the lines that were there before it, ``"eraser"`` removes lines and colours.
        color: ``"#rrggbb"``; only ``"color"`` and ``"fill"`` use it.
        width: diameter of the round tip, in page units, above 0 and at most 64.
        points: (x, y) pairs, at least one; a single point is a dot.

    Raises:
        S2FError: for values outside these.

    >>> Stroke("color", "#ff0000", 8, ((10, 20),)).points
    ((10, 20),)
    """

    tool: str
    color: str
    width: float
    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise S2FError(f"stroke tool: expected one of {', '.join(TOOLS)}; got {self.tool!r}")
        if not isinstance(self.color, str) or not re.fullmatch("#[0-9a-fA-F]{6}", self.color):
            raise S2FError(f"stroke color: expected '#rrggbb', got {self.color!r}")
        if not _is_number(self.width) or not 0 < self.width <= MAX_WIDTH:
            raise S2FError(f"stroke width: expected a number above 0 and at most {MAX_WIDTH:g}, got {self.width!r}")
        if not 1 <= len(self.points) <= MAX_POINTS:
            raise S2FError(f"stroke points: expected 1 to {MAX_POINTS}, got {len(self.points)}")
        if not all(len(point) == 2 and all(map(_on_or_near_page, point)) for point in self.points):
            raise S2FError(f"stroke points: expected pairs of numbers between {-FAR} and {FAR}")


@dataclass(frozen=True)
class Group:
    """Strokes that are made and undone as one: a stroke and its mirror image, or what a tool of your own makes of it.

    Raises:
        S2FError: for no strokes, more than 200, or things that are none.
    """

    strokes: tuple[Stroke, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.strokes) <= MAX_TOGETHER or not all(isinstance(one, Stroke) for one in self.strokes):
            raise S2FError(f"expected 1 to {MAX_TOGETHER} strokes from a tool, got {self.strokes!r:.80}")


@dataclass(frozen=True)
class Page:
    """A fresh page on top of all earlier marks: empty, or holding a drawing that was not made here.

    Attributes:
        sketch: the drawing below the strokes that follow, of size 256 x 256, or None for an empty page.
    """

    sketch: Sketch | None = None

    def __post_init__(self) -> None:
        if self.sketch is not None and self.sketch.lines.shape != (SIZE, SIZE):
            raise S2FError(f"page: expected a sketch of {SIZE} x {SIZE}, got {self.sketch.lines.shape}")


Mark = Stroke | Group | Page


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _on_or_near_page(value: object) -> bool:
    return _is_number(value) and -FAR <= value <= FAR
