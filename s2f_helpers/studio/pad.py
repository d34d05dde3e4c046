"""The pad on screen, on ipycanvas: mouse, touch and pen in, paint out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import ipywidgets as widgets
import numpy as np
from ipycanvas import Canvas, MultiCanvas, hold_canvas
from PIL import Image

from s2f_helpers.common.types import Sketch
from s2f_helpers.studio.brush import Point
from s2f_helpers.studio.easel import Easel
from s2f_helpers.studio.guard import guarded
from s2f_helpers.studio.storage import rgba
from s2f_helpers.studio.strokes import FAR, MAX_POINTS, SIZE, Group, Mark, Page, Stroke

__all__ = ["Pad"]

# Canvas pixels for each page unit: sharp at the size it is shown.
ZOOM = 2
WHITE = "#ffffff"
INK = "#000000"
GUIDE, MIDDLE = "#c9d6ea", "#e3e3e3"


class Pad(Easel):
    """See :class:`~s2f_helpers.studio.easel.Easel`."""

    def __init__(self, *easel) -> None:
        super().__init__(*easel)
        self._canvas = MultiCanvas(4, width=SIZE * ZOOM, height=SIZE * ZOOM)
        self._paper, self._guides, self._colors, self._lines = (self._canvas[i] for i in range(4))
        self._contours: Sequence[np.ndarray] = ()
        self.widget = widgets.Box([self._canvas])
        self.widget.add_class("s2f-pad")
        self._listen()
        self.redraw()

    def redraw(self) -> None:
        """Show the drawing."""
        # A page that was reloaded has not heard which layer later commands are meant for (ipycanvas 322).
        self._paper._canvas_manager._current_canvas = None
        with _batch(self._canvas):
            self._paper.fill_style = WHITE
            self._paper.fill_rect(0, 0, SIZE * ZOOM, SIZE * ZOOM)
            self._paint_guides()
            for layer in (self._colors, self._lines):
                layer.clear()
                layer.line_cap = layer.line_join = "round"
            for mark in self.drawing.visible:
                self._paint_mark(mark)
            if any(stroke.tool == "fill" for mark in self.drawing.visible for stroke in _strokes(mark)):
                # How far a fill reaches, the raster knows.
                self._colors.clear()
                self._put(self._colors, rgba(self.drawing.to_sketch()))

    def guide(self, contours: Sequence[np.ndarray]) -> None:
        """Show outlines, (M, 2) in page units each, faintly below the drawing."""
        self._contours = contours
        self.show_brush()

    def show_brush(self) -> None:
        """Show the middle of the page if both halves are drawn."""
        with _batch(self._canvas):
            self._paint_guides()

    def _listen(self) -> None:
        canvas = self._canvas
        for register, callback in (
            (canvas.on_client_ready, self.redraw),
            (canvas.on_mouse_down, self._down),
            (canvas.on_mouse_move, self._move),
            (canvas.on_mouse_up, self._up),
            # Nothing tells us of a button released outside, so a stroke ends at the edge.
            (canvas.on_mouse_out, self._up),
            (canvas.on_touch_start, self._touch_down),
            (canvas.on_touch_move, self._touch_move),
            (canvas.on_touch_end, self._touch_up),
            (canvas.on_touch_cancel, self._touch_up),
        ):
            register(guarded(callback, self._report))

    def _down(self, x: float, y: float) -> None:
        self._finish()
        self._points = [_on_page(x, y)]
        self._show_last()

    def _move(self, x: float, y: float) -> None:
        if not self._points:
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
        self._on_move()

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
        # What a fill or a person's own tool makes is not what was traced.
        stands = not self._points or not (self.brush.own or self.brush.tool == "fill")
        super()._finish()
        if not stands:
            self.redraw()

    def _show_last(self) -> None:
        with _batch(self._canvas):
            for stroke in self.brush.trace(self._points[-2:]):
                self._paint(stroke)

    def _paint_guides(self) -> None:
        layer = self._guides
        layer.clear()
        layer.line_width = ZOOM
        if self.brush.symmetric:
            layer.stroke_style = MIDDLE
            layer.stroke_line(SIZE * ZOOM / 2, 0, SIZE * ZOOM / 2, SIZE * ZOOM)
        layer.stroke_style = GUIDE
        for contour in self._contours:
            layer.stroke_lines(np.concatenate([contour, contour[:1]]).astype(np.float32) * ZOOM)

    def _paint_mark(self, mark: Mark) -> None:
        if isinstance(mark, Page) and mark.sketch is not None:
            self._paint_page(mark.sketch)
        for stroke in _strokes(mark):
            self._paint(stroke)

    def _paint(self, stroke: Stroke) -> None:
        if stroke.tool == "eraser":
            for layer in (self._colors, self._lines):
                _paint_on(layer, stroke, INK, "destination-out")
        elif stroke.tool == "color":
            _paint_on(self._colors, stroke, stroke.color, "source-over")
        elif stroke.tool == "pen":
            _paint_on(self._lines, stroke, INK, "source-over")

    def _paint_page(self, sketch: Sketch) -> None:
        self._put(self._colors, rgba(sketch))
        self._put(self._lines, np.dstack([np.zeros_like(sketch.hints), sketch.lines]))

    def _put(self, layer: Canvas, picture: np.ndarray) -> None:
        enlarged = Image.fromarray(picture).resize((SIZE * ZOOM, SIZE * ZOOM), Image.Resampling.BICUBIC)
        layer.global_composite_operation = "source-over"
        layer.put_image_data(np.asarray(enlarged))


def _strokes(mark: Mark) -> tuple[Stroke, ...]:
    if isinstance(mark, Group):
        return mark.strokes
    return () if isinstance(mark, Page) else (mark,)


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
