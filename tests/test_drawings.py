"""The drawings of data/drawings: all there, readable, and what a pen and a few dots of colour make."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from s2f_helpers.common.paths import DATA
from s2f_helpers.data import category_ids
from s2f_helpers.studio import Drawing, Stroke

DRAWINGS = DATA / "drawings"
NAMES = [f"{category}-{number}" for category in category_ids() for number in (1, 2, 3)]
MAX_BYTES = 60_000


def reach(lines: np.ndarray) -> np.ndarray:
    """The ink, and all that is within 3 px of it."""
    return cv2.dilate((lines > 127).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the lines of either drawing that lie on or beside the other's: 1 for equal drawings."""
    shared = [(a > 127)[reach(b)].sum() / (a > 127).sum() for a, b in ((one, other), (other, one))]
    return float(min(shared))


@pytest.fixture(scope="module")
def sketches():
    return {name: Drawing.load(DRAWINGS / f"{name}.json").to_sketch() for name in NAMES}


def test_every_category_has_its_three_and_there_are_no_others():
    assert sorted(path.stem for path in DRAWINGS.glob("*.json")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_was_drawn_stroke_by_stroke(name):
    drawing = Drawing.load(DRAWINGS / f"{name}.json")
    assert all(isinstance(mark, Stroke) for mark in drawing.visible), "a page holds pixels, not strokes"
    assert {mark.tool for mark in drawing.visible} >= {"pen", "color"}
    assert (DRAWINGS / f"{name}.json").stat().st_size < MAX_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_line_drawing_with_colours_inside(name, sketches):
    sketch = sketches[name]
    assert 0.005 < (sketch.lines > 127).mean() < 0.15
    dots = cv2.connectedComponents(sketch.hint_mask.astype(np.uint8))[0] - 1
    assert 2 <= dots <= 6
    rows, columns = np.nonzero(sketch.lines > 127)
    at = np.argwhere(sketch.hint_mask)
    assert (at.min(0) > (rows.min(), columns.min())).all() and (at.max(0) < (rows.max(), columns.max())).all()


def test_no_two_are_alike(sketches):
    alike = {pair: likeness(*(sketches[name].lines for name in pair)) for pair in combinations(NAMES, 2)}
    pair = max(alike, key=alike.get)
    assert alike[pair] < 0.8, f"{pair} share {alike[pair]:.0%} of their lines"


def test_the_same_drawing_moved_by_a_pixel_counts_as_alike(sketches):
    lines = sketches["t-shirt-1"].lines
    assert likeness(lines, np.roll(lines, 1, axis=1)) > 0.8
