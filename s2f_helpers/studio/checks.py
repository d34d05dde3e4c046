"""The self-checks of notebook 07; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from s2f_helpers.common.checks import NotYet, check, choice
from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.strokes import Stroke

__all__ = ["check_buttons", "check_newest", "check_twins"]

# What is drawn, its points, and which of them get a button. In the second, walking is farther than flying.
ROWS = (
    ("straight down", [(128, y) for y in range(60, 141)], [(128, y) for y in range(60, 141, 16)]),
    ("there and back", [(10, 10), (20, 10), (20, 20), (12, 20), (30, 20), (30, 40)], [(10, 10), (30, 20), (30, 40)]),
    ("a mere click", [(50, 90)], [(50, 90)]),
)


@check("a tool of your own, and the studio at the end has it beside the eraser.")
def check_buttons(function: Callable[[Stroke], Iterable[Stroke]]) -> None:
    """``function(stroke)``: dots of the pen, 6 wide, along the stroke, each at least 16 from the one before it."""
    for what, points, wanted in ROWS:
        row = list(function(Stroke("pen", "#1f6fb4", 2, tuple(points))))
        if not row or not all(isinstance(button, Stroke) for button in row):
            raise NotYet(f"expected a list of Stroke, got {row!r:.60}")
        if any(len(button.points) != 1 for button in row):
            raise NotYet("a button is a stroke with a single point")
        if any((button.tool, button.width) != ("pen", 6) for button in row):
            raise NotYet("a button is a dot of the pen, 6 wide")
        places = [tuple(button.points[0]) for button in row]
        if places != wanted:
            raise NotYet(f"drawn {what} through {points!r:.70} the buttons belong at {wanted}, got {places!r:.70}")


@check("a picture keeps no history. Undo needs the strokes, and so the strokes are what the studio keeps.")
def check_twins(function: Callable[[], tuple[Drawing, Drawing]]) -> None:
    """``function()``: two drawings that look the same, pixel for pixel, but no longer once each was undone once."""
    twins = function()
    kinds = [type(one).__name__ for one in twins]
    if kinds != ["Drawing", "Drawing"]:
        raise NotYet(f"expected two Drawings, got {', '.join(kinds[:3]) or 'nothing'}")
    first, second = (Drawing(one.history) for one in twins)  # copies: both may be one and the same
    if not all((one.preview() < 255).any() for one in (first, second)):
        raise NotYet("a page shows nothing: there must be something to see on both")
    if different := _different(first, second):
        raise NotYet(f"{different} pixels differ: side by side, they can be told apart")
    for one in (first, second):
        one.undo()
    if not _different(first, second):
        raise NotYet("they look the same, but after one undo of each they still do")


def _different(one: Drawing, other: Drawing) -> int:
    """In how many pixels the two pages can be told apart."""
    return int((one.preview() != other.preview()).any(axis=2).sum())


check_newest = choice(
    "b",
    "who asks late gets the newest answer.",
    {
        "a": "follow the request that waits: when was its number taken?",
        "c": "while the first is painted, one request waits: what becomes of it?",
        "d": "the slow painter returns whatever it is handed",
    },
)
