"""The drawing: a history of marks that can be undone, rasterised and saved. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.studio.raster import SUPERSAMPLE, Canvas, rasterize
from s2f_helpers.studio.storage import MAX_MARKS, parse_marks, read_marks, to_json, write_marks
from s2f_helpers.studio.strokes import SIZE, Group, Mark, Page, Stroke
from s2f_helpers.studio.svg import to_svg

__all__ = ["Drawing"]

KEPT_ON_NEW_PAGE = MAX_MARKS // 2
NOWHERE_TO_STOP = (
    "There is nothing here that would hold the colour: it would run out of the page. Point inside an outline, and "
    "close it where it is open."
)


class Drawing:
    """Marks in the order they were made; what counts are those since the last fresh page.

    An uploaded or example drawing starts a page of its own: it lies below the strokes that follow,
    the eraser removes it like anything else, and undo brings the former page back.

    >>> drawing = Drawing()
    >>> drawing.add(Stroke("pen", "#000000", 2, ((20, 20), (90, 20))))
    >>> drawing.clear()
    >>> drawing.undo(), len(drawing.visible)
    (True, 1)
    """

    def __init__(self, marks: Iterable[Mark] = ()) -> None:
        self._marks = list(marks)
        self._undone: list[Mark] = []
        self._painted: tuple[Mark, ...] = ()
        self._canvas = Canvas(SIZE * SUPERSAMPLE)

    @classmethod
    def load(cls, path: Path) -> Drawing:
        """Read a saved drawing, its undo history included.

        Raises:
            S2FError: see :func:`s2f_helpers.studio.storage.read_marks`.
        """
        return cls(read_marks(path))

    def save(self, path: Path) -> None:
        """Write the drawing as JSON, atomically.

        Raises:
            S2FError: if the file cannot be written.
        """
        write_marks(self._marks, path)

    @property
    def visible(self) -> tuple[Mark, ...]:
        """What is on the page now: the last fresh page, if there is one, and the strokes after it."""
        start = max((i for i, mark in enumerate(self._marks) if isinstance(mark, Page)), default=0)
        return tuple(self._marks[start:])

    @property
    def history(self) -> tuple[Mark, ...]:
        """All marks, those below the last fresh page too."""
        return tuple(self._marks)

    @property
    def can_undo(self) -> bool:
        return bool(self._marks)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def is_empty(self) -> bool:
        """True if nothing was put on the current page (a page erased by hand does not count as empty)."""
        return self.visible in ((), (Page(),))

    def add(self, *strokes: Stroke) -> None:
        """Put a stroke on the page, or several that undo takes back as one. What had been undone is forgotten.

        Raises:
            S2FError: if the page is full (5000 marks), or a fill has nothing around it to stop it.
        """
        if len(self._marks) >= MAX_MARKS:
            raise S2FError(f"the drawing holds {MAX_MARKS} strokes, which is all it can keep. Clear the page to go on.")
        group = Group(strokes)
        fills = [stroke.points[0] for stroke in strokes if stroke.tool == "fill"]
        if fills and all(self._up_to_date().region_at(*point) is None for point in fills):
            raise S2FError(NOWHERE_TO_STOP)
        self._marks.append(strokes[0] if len(strokes) == 1 else group)
        self._undone.clear()

    def place(self, sketch: Sketch) -> None:
        """Start a page that holds ``sketch``, which must be 256 x 256."""
        self._turn(Page(sketch))

    def open(self, data: bytes, name: str) -> None:
        """Start a page with what a saved drawing shows; undo leads back over it to the former page.

        Args:
            data: a JSON or SVG file of this studio.
            name: for the message if it is none.

        Raises:
            S2FError: see :func:`s2f_helpers.studio.storage.parse_marks`.
        """
        opened = list(Drawing(parse_marks(data, name)).visible[:KEPT_ON_NEW_PAGE])
        self._turn(opened.pop(0) if opened and isinstance(opened[0], Page) else Page())
        self._marks += opened

    def clear(self) -> None:
        """Start an empty page; undo brings the former one back."""
        if not self.is_empty:
            self._turn(Page())

    def undo(self) -> bool:
        """Take back the last mark; False if there was none."""
        if self._marks:
            self._undone.append(self._marks.pop())
            return True
        return False

    def redo(self) -> bool:
        """Put back what was undone last; False if there was nothing."""
        if self._undone:
            self._marks.append(self._undone.pop())
            return True
        return False

    def to_sketch(self, size: int = SIZE, unfinished: Sequence[Stroke] = ()) -> Sketch:
        """The page as the networks read it, (size, size), and above it strokes that are still being drawn."""
        if size > SIZE * 2 or SIZE * SUPERSAMPLE % size:
            return rasterize((*self.visible, *unfinished), size)
        canvas = self._up_to_date()
        if unfinished:
            canvas = canvas.copy()
            for stroke in unfinished:
                canvas.paint(stroke)
        return canvas.to_sketch(size)

    def to_json(self) -> str:
        """What is on the page, as :meth:`open` reads it."""
        return to_json(self.visible)

    def to_svg(self) -> str:
        """What is on the page, for a browser or a drawing program, and again for :meth:`open`."""
        return to_svg(self.visible)

    def preview(self, size: int = SIZE) -> np.ndarray:
        """(size, size, 3) ``uint8`` RGB: black lines and coloured hints on white."""
        return self.to_sketch(size).preview()

    def _up_to_date(self) -> Canvas:
        """The page's paint. Only what is new since the last call costs time, unless something was taken away."""
        visible, before = self.visible, self._painted
        if len(before) > len(visible) or any(one is not other for one, other in zip(before, visible, strict=False)):
            self._canvas, before = Canvas(SIZE * SUPERSAMPLE), ()
        for mark in visible[len(before) :]:
            self._canvas.paint(mark)
        self._painted = visible
        return self._canvas

    def _turn(self, page: Page) -> None:
        self._marks = [*self._marks[-KEPT_ON_NEW_PAGE:], page]
        self._undone.clear()
