"""The drawing: a history of marks that can be undone, rasterised and saved. Knows no widget."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.studio.raster import rasterize
from s2f_helpers.studio.storage import MAX_MARKS, read_marks, write_marks
from s2f_helpers.studio.strokes import SIZE, Mark, Page, Stroke

__all__ = ["Drawing"]

KEPT_ON_NEW_PAGE = MAX_MARKS // 2


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
    def can_undo(self) -> bool:
        return bool(self._marks)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    @property
    def is_empty(self) -> bool:
        """True if nothing was put on the current page (a page erased by hand does not count as empty)."""
        return self.visible in ((), (Page(),))

    def add(self, stroke: Stroke) -> None:
        """Put a stroke on the page. What had been undone is forgotten.

        Raises:
            S2FError: if the page is full (5000 strokes).
        """
        if len(self._marks) >= MAX_MARKS:
            raise S2FError(f"the drawing holds {MAX_MARKS} strokes, which is all it can keep. Clear the page to go on.")
        self._marks.append(stroke)
        self._undone.clear()

    def place(self, sketch: Sketch) -> None:
        """Start a page that holds ``sketch``, which must be 256 x 256."""
        self._turn(Page(sketch))

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

    def to_sketch(self, size: int = SIZE) -> Sketch:
        """The page as the networks read it, (size, size)."""
        return rasterize(self.visible, size)

    def preview(self) -> np.ndarray:
        """(256, 256, 3) ``uint8`` RGB: black lines and coloured hints on white."""
        return self.to_sketch().preview()

    def _turn(self, page: Page) -> None:
        self._marks = [*self._marks[-KEPT_ON_NEW_PAGE:], page]
        self._undone.clear()
