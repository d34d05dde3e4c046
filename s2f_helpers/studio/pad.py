"""The canvas on screen: shows a Drawing and turns mouse, touch and pen into strokes.

The drawing lives in the kernel; the canvas only displays it, so nothing is lost with the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import ipywidgets as widgets
import numpy as np
from ipycanvas import Canvas, MultiCanvas, hold_canvas
from PIL import Image

from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.guard import guarded
from s2f_helpers.studio.keys import PadKeys
from s2f_helpers.studio.strokes import FAR, MAX_POINTS, SIZE, Page, Stroke

__all__ = ["Pad"]

# Canvas pixels for each page unit: sharp at the size it is shown.
ZOOM = 2
WHITE = "#ffffff"
INK = "#000000"

Point = tuple[float, float]


class Pad:
    """A canvas for one drawing.

    Args:
        drawing: shown, and added to.
        on_begin: called when a stroke begins.
        on_change: called after the drawing has changed here (a stroke ended, an undo or redo key).
        report: called with a sentence if anything goes wrong.

    Attributes:
        tool, color, width: used by the next stroke; see :class:`~s2f_helpers.studio.strokes.Stroke`.
        widget: what to display.
    """

    def __init__(
        self,
        drawing: Drawing,
        on_begin: Callable[[], None],
        on_change: Callable[[], None],
        report: Callable[[str], None],
    ) -> None:
        self.drawing = drawing
        self.tool, self.color, self.width = "pen", INK, 2.0
        self._on_begin, self._on_change, self._report = on_begin, on_change, report
        self._points: list[Point] | None = None
        self._canvas = MultiCanvas(3, width=SIZE * ZOOM, height=SIZE * ZOOM)
        self._paper, self._colors, self._lines = (self._canvas[i] for i in range(3))
        keys = PadKeys()
        self.widget = widgets.VBox([self._canvas, keys])
        self.widget.add_class("s2f-pad")
        self._listen(keys)
        self._redraw()

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
        self._points = None
        self._redraw()
        self._on_change()

    def _listen(self, keys: PadKeys) -> None:
        canvas = self._canvas
        for register, callback in (
            (canvas.on_client_ready, self._redraw),
            (canvas.on_mouse_down, self._down),
            (canvas.on_mouse_move, self._move),
            (canvas.on_mouse_up, self._up),
            # Nothing tells us of a button released outside, so a stroke ends at the edge.
            (canvas.on_mouse_out, self._up),
            (canvas.on_touch_start, self._touch_down),
            (canvas.on_touch_move, self._touch_move),
            (canvas.on_touch_end, self._touch_up),
            (canvas.on_touch_cancel, self._touch_up),
            (keys.on_action, lambda action: {"undo": self.undo, "redo": self.redo}[action]()),
        ):
            register(guarded(callback, self._report))

    def _down(self, x: float, y: float) -> None:
        self._finish()
        self._on_begin()
        self._points = [_on_page(x, y)]
        self._show_last()

    def _move(self, x: float, y: float) -> None:
        if self._points is None:
            return
        point = _on_page(x, y)
        if point == self._points[-1]:
            return
        if len(self._points) == MAX_POINTS:
            last = self._points[-1]
            self._finish()
            self._points = [last]
        self._points.append(point)
        self._show_last()

    def _up(self, x: float, y: float) -> None:
        self._move(x, y)
        self._finish()

    def _touch_down(self, touches: list[Point]) -> None:
        if len(touches) == 1:
            self._down(*touches[0])

    def _touch_move(self, touches: list[Point]) -> None:
        if touches:
            self._move(*touches[0])

    def _touch_up(self, touches: list[Point]) -> None:
        if not touches:
            self._finish()

    def _finish(self) -> None:
        if self._points is None:
            return
        points, self._points = tuple(self._points), None
        self.drawing.add(Stroke(self.tool, self.color, self.width, points))
        self._on_change()

    def _show_last(self) -> None:
        with _batch(self._canvas):
            self._paint(Stroke(self.tool, self.color, self.width, tuple(self._points[-2:])))

    def _redraw(self) -> None:
        # A page that was reloaded has not heard which layer later commands are meant for (ipycanvas 322).
        self._paper._canvas_manager._current_canvas = None
        with _batch(self._canvas):
            self._paper.fill_style = WHITE
            self._paper.fill_rect(0, 0, SIZE * ZOOM, SIZE * ZOOM)
            for layer in (self._colors, self._lines):
                layer.clear()
                layer.line_cap = layer.line_join = "round"
            for mark in self.drawing.visible:
                if isinstance(mark, Stroke):
                    self._paint(mark)
                else:
                    self._paint_page(mark)

    def _paint(self, stroke: Stroke) -> None:
        if stroke.tool == "eraser":
            for layer in (self._colors, self._lines):
                _paint_on(layer, stroke, INK, "destination-out")
        elif stroke.tool == "color":
            _paint_on(self._colors, stroke, stroke.color, "source-over")
        else:
            _paint_on(self._lines, stroke, INK, "source-over")

    def _paint_page(self, page: Page) -> None:
        if page.sketch is None:
            return
        sketch = page.sketch
        hints = np.dstack([sketch.hints, sketch.hint_mask * np.uint8(255)])
        lines = np.dstack([np.zeros_like(sketch.hints), sketch.lines])
        for layer, picture in ((self._colors, hints), (self._lines, lines)):
            enlarged = Image.fromarray(picture).resize((SIZE * ZOOM, SIZE * ZOOM), Image.Resampling.BICUBIC)
            layer.global_composite_operation = "source-over"
            layer.put_image_data(np.asarray(enlarged))


def _on_page(x: float, y: float) -> Point:
    """Canvas pixels to page units, to a tenth: finer than any mouse, and short in the saved file."""
    return tuple(round(min(max(value / ZOOM, -FAR), FAR), 1) for value in (x, y))


def _paint_on(layer: Canvas, stroke: Stroke, color: str, operation: str) -> None:
    layer.global_composite_operation = operation
    if len(stroke.points) == 1:
        (x, y), radius = stroke.points[0], stroke.width / 2
        layer.fill_style = color
        layer.fill_circle(x * ZOOM, y * ZOOM, radius * ZOOM)
    else:
        layer.stroke_style = color
        layer.line_width = stroke.width * ZOOM
        layer.stroke_lines(np.asarray(stroke.points, dtype=np.float32) * ZOOM)


@contextmanager
def _batch(canvas: MultiCanvas) -> Iterator[None]:
    """Send all commands in one message; ipycanvas's own ``hold_canvas`` holds for ever after an exception."""
    manager = canvas[0]._canvas_manager
    try:
        with hold_canvas():
            yield
    except Exception:
        manager._caching, manager._current_canvas = False, None
        manager._commands_cache, manager._buffers_cache = [], []
        raise
