"""The pad on screen, on anywidget: the browser draws the stroke that goes on, the kernel all that has ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from s2f_helpers.studio.brush import Point
from s2f_helpers.studio.easel import Easel
from s2f_helpers.studio.guard import guarded
from s2f_helpers.studio.storage import png
from s2f_helpers.studio.strokes import FAR, MAX_POINTS, SIZE

__all__ = ["InkPad"]

ZOOM = 2


class _Ink(anywidget.AnyWidget):
    _esm = Path(__file__).parent / "inkpad.js"
    size = traitlets.Int(SIZE).tag(sync=True)
    picture = traitlets.Bytes(b"").tag(sync=True)
    seen = traitlets.Int(0).tag(sync=True)
    guides = traitlets.List([]).tag(sync=True)
    brush = traitlets.Dict({}).tag(sync=True)


class InkPad(Easel):
    """See :class:`~s2f_helpers.studio.easel.Easel`. For Colab, and wherever the way to the kernel is long.

    Its JavaScript comes with this package, and an echo needs no kernel.
    """

    def __init__(self, *easel) -> None:
        super().__init__(*easel)
        self._ink = _Ink()
        self._ink.on_msg(guarded(self._receive, self._report))
        self.widget = widgets.Box([self._ink])
        self.widget.add_class("s2f-pad")
        self.redraw()

    def redraw(self) -> None:
        """Show the drawing, and let the browser know the brush."""
        self._ink.picture = png(self.drawing.preview(SIZE * ZOOM))
        self.show_brush()

    def show_brush(self) -> None:
        """Let the browser know the brush: it shows what goes on without asking."""
        brush = self.brush
        self._ink.brush = {
            "tool": brush.tool, "color": brush.color, "width": brush.width, "symmetric": brush.symmetric,
        }  # fmt: skip

    def guide(self, contours: Sequence[np.ndarray]) -> None:
        """Show outlines, (M, 2) in page units each, faintly below the drawing."""
        self._ink.guides = [contour.round(1).tolist() for contour in contours]

    def _receive(self, _widget, content, _buffers) -> None:
        points = [_on_page(point) for point in content.get("points", [])[:MAX_POINTS]]
        if content.get("kind") == "move":
            self._points = points
            self._on_move()
        elif content.get("kind") == "stroke":
            self._points = points
            with self._ink.hold_sync():
                self._ink.seen = int(content["number"])
                try:
                    self._finish()
                finally:
                    self.redraw()


def _on_page(point: Sequence[float]) -> Point:
    x, y = point
    return tuple(round(min(max(float(value), -FAR), FAR), 1) for value in (x, y))
