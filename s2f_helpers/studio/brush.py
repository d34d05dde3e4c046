"""What the next stroke will be, and what becomes of it: itself, its mirror image, or what a person's own tool makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from s2f_helpers.studio.strokes import SIZE, Stroke

__all__ = ["Brush", "Point", "Tool", "mirrored"]

Point = tuple[float, float]
Tool = Callable[[Stroke], Iterable[Stroke]]
"""Gets what was drawn, as a stroke of the pen, and says which strokes to put on the page instead."""


@dataclass
class Brush:
    """The tool in hand; see :class:`~s2f_helpers.studio.strokes.Stroke` for tool, color and width.

    Attributes:
        symmetric: everything is drawn on both sides of the page's upright middle.
        own: a tool of one's own, or None.
    """

    tool: str = "pen"
    color: str = "#000000"
    width: float = 2.0
    symmetric: bool = False
    own: Tool | None = None

    def trace(self, points: Sequence[Point]) -> tuple[Stroke, ...]:
        """What to show of a stroke that still goes on."""
        stroke = Stroke(self.tool, self.color, self.width, tuple(points))
        return (stroke, mirrored(stroke)) if self.symmetric else (stroke,)

    def strokes(self, points: Sequence[Point]) -> tuple[Stroke, ...]:
        """What to put on the page once it has ended.

        Raises:
            Exception: whatever a tool of one's own raises.
        """
        stroke = Stroke(self.tool, self.color, self.width, tuple(points))
        made = tuple(self.own(stroke)) if self.own else (stroke,)
        return (*made, *map(mirrored, made)) if self.symmetric else made


def mirrored(stroke: Stroke) -> Stroke:
    """Its mirror image at the page's upright middle.

    >>> mirrored(Stroke("pen", "#000000", 2, ((100, 50),))).points
    ((156, 50),)
    """
    return replace(stroke, points=tuple((SIZE - x, y) for x, y in stroke.points))
