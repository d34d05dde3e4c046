"""What every pad has in common: it shows a drawing and turns what a hand does into strokes on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np

from s2f_helpers.studio.brush import Brush, Point
from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.strokes import MAX_POINTS, Stroke

__all__ = ["Easel"]


class Easel:
    """A pad for one drawing; the drawing lives in the kernel, the pad only shows it, so nothing is lost with the page.

    Args:
        drawing: shown, and added to.
        brush: read when a stroke begins, goes on and ends.
        on_move: called while a stroke goes on.
        on_change: called after the drawing has changed here.
        report: called with a sentence if anything goes wrong.

    Attributes:
        widget: what to display.
    """

    widget: widgets.Widget

    def __init__(
        self,
        drawing: Drawing,
        brush: Brush,
        on_move: Callable[[], None],
        on_change: Callable[[], None],
        report: Callable[[str], None],
    ) -> None:
        self.drawing, self.brush = drawing, brush
        self._on_move, self._on_change, self._report = on_move, on_change, report
        self._points: list[Point] = []

    @property
    def unfinished(self) -> tuple[Stroke, ...]:
        """The stroke that still goes on, if one does, as it is shown."""
        return self.brush.trace(self._points) if self._points else ()

    def undo(self) -> None:
        """Take back the last mark."""
        self._finish()
        if self.drawing.undo():
            self.refresh()

    def redo(self) -> None:
        """Put back the mark undone last."""
        self._finish()
        if self.drawing.redo():
            self.refresh()

    def refresh(self) -> None:
        """Show the drawing after it was changed elsewhere, and say that it has changed."""
        self._points = []
        self.redraw()
        self._on_change()

    def redraw(self) -> None:
        """Show the drawing."""
        raise NotImplementedError

    def show_brush(self) -> None:
        """Show what can be seen of the brush before it draws."""
        raise NotImplementedError

    def guide(self, contours: Sequence[np.ndarray]) -> None:
        """Show outlines, (M, 2) in page units each, faintly below the drawing."""
        raise NotImplementedError

    def _finish(self) -> None:
        """End the stroke, if one goes on, and put on the page what the brush makes of it."""
        points, self._points = tuple(self._points[:MAX_POINTS]), []
        if not points:
            return
        try:
            self.drawing.add(*self.brush.strokes(points))
        except Exception:
            self.redraw()
            raise
        self._on_change()
