"""The self-checks of notebook 02; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from s2f_helpers.common.checks import NotYet, check, choice
from s2f_helpers.common.types import Sketch
from s2f_helpers.sketch.pairs import sketch_to_tensor
from s2f_helpers.sketch.regions import INK, colorize

__all__ = ["check_asked_for", "check_leak", "check_many_hints"]

WISHES = ((40, 90, (255, 255, 255)), (60, 20, (0, 0, 0)), (100, 30, (200, 30, 60)), (10, 100, None))
MOST_INK, LEAST_LEAK = 400, 1000


@check("what the mask says comes first.")
def check_asked_for(function: Callable) -> None:
    """``function(channels, x, y)``: the colour asked for there, red, green and blue from 0 to 255, or None."""
    shape = (128, 128)
    hints, asked = np.zeros((*shape, 3), np.uint8), np.zeros(shape, bool)
    for x, y, color in WISHES:
        if color is not None:
            hints[y, x], asked[y, x] = color, True
    channels = sketch_to_tensor(Sketch(np.zeros(shape, np.uint8), hints, asked))
    for x, y, wanted in WISHES:
        answer = function(channels, x, y)
        if wanted is None and answer is not None:
            raise NotYet(f"nobody asked for a colour at ({x}, {y}), yet the answer there is {answer}")
        if wanted is None:
            continue
        if answer is None:
            raise NotYet(f"there is a hint in column {x} of row {y}, yet the answer there is None")
        if len(answer) != 3 or any(abs(float(a) - b) > 1 for a, b in zip(answer, wanted, strict=True)):
            raise NotYet(f"at ({x}, {y}) expected {wanted}, got {tuple(round(float(a), 2) for a in answer)}")


@check("water stops at a gap only while the gap is narrower than what lies on both sides of it.")
def check_leak(box: tuple[int, int, int, int], drawing: Sketch) -> None:
    """``box`` (x0, y0, x1, y1): where to rub out the drawing's lines so that ``colorize`` leaks."""
    x0, y0, x1, y1 = box
    height, width = drawing.lines.shape
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise NotYet(f"expected x0 < x1 and y0 < y1 on a page of {width} x {height} pixels, got {tuple(box)}")
    lines = drawing.lines.copy()
    lines[y0:y1, x0:x1] = 0
    erased = int((drawing.lines > INK).sum() - (lines > INK).sum())
    if erased == 0:
        raise NotYet("there is no line in that box: nothing was rubbed out")
    if erased > MOST_INK:
        raise NotYet(f"{erased} pixels of line are gone: {MOST_INK} must do")
    before, after = (colorize(sketch).astype(int) for sketch in (drawing, replace(drawing, lines=lines)))
    elsewhere = np.ones((height, width), bool)
    elsewhere[y0:y1, x0:x1] = False
    leaked = int(((np.abs(after - before).max(axis=2) > 60) & elsewhere).sum())
    if leaked < LEAST_LEAK:
        raise NotYet(f"outside the box only {leaked} pixels changed their colour, {LEAST_LEAK} make a leak: rub wider")


check_many_hints = choice(
    "c",
    "each kind of sample makes one lazy answer wrong.",
    {
        "a": "a sample takes the same time and room, whatever hints it has",
        "b": "with few hints, what does a network get away with far from them?",
        "d": "how many dots does a drawing have when a person begins?",
    },
)
