"""Colour by region: lines are dams, gaps are not doors, and nothing is coloured that nobody asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from s2f_helpers import S2FError, Sketch
from s2f_helpers.sketch import colorize, fill_regions, silhouette
from s2f_helpers.sketch.regions import flood

RED, BLUE = (210, 30, 40), (30, 60, 200)


def two_rooms(gap: int = 0, dots=((70, 128, RED), (190, 128, BLUE)), size: int = 256) -> Sketch:
    """A box with a wall down its middle, the wall and the left side each with a gap; dots in the rooms."""
    lines = np.zeros((256, 256), np.uint8)
    cv2.rectangle(lines, (30, 60), (226, 196), 255, 3)
    cv2.line(lines, (128, 60), (128, 196), 255, 3)
    if gap:
        lines[100 : 100 + gap, 126:131] = 0
        lines[150 : 150 + gap, 28:33] = 0
    hints, mask = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), np.uint8)
    for x, y, color in dots:
        cv2.circle(hints, (x, y), 5, color, -1)
        cv2.circle(mask, (x, y), 5, 1, -1)
    scale = (size, size)
    return Sketch(
        cv2.resize(lines, scale, interpolation=cv2.INTER_AREA),
        cv2.resize(hints, scale, interpolation=cv2.INTER_NEAREST),
        cv2.resize(mask, scale, interpolation=cv2.INTER_NEAREST) > 0,
    )


@pytest.mark.parametrize("gap", [0, 3, 6])
def test_each_room_takes_its_own_color_gaps_or_not(gap):
    picture = colorize(two_rooms(gap))
    assert (picture[70:190, 40:118] == RED).all(-1).mean() > 0.99
    assert (picture[70:190, 138:218] == BLUE).all(-1).mean() > 0.99


@pytest.mark.parametrize("gap", [0, 6])
def test_paper_around_the_drawing_stays_white(gap):
    picture = colorize(two_rooms(gap))
    outside = np.ones((256, 256), bool)
    outside[56:201, 24:231] = False
    assert (picture[outside] == 255).all()


def test_a_room_without_a_dot_takes_the_color_of_the_widest_door():
    picture = colorize(two_rooms(6, dots=((70, 128, RED),)))
    assert (picture[80:180, 150:210] == RED).all(-1).mean() > 0.99


def test_lines_stay_dark():
    sketch = two_rooms()
    assert colorize(sketch)[sketch.lines == 255].max() < 100


@pytest.mark.parametrize("size", [128, 256, 400])
def test_any_size(size):
    picture = colorize(two_rooms(3, size=size))
    assert picture.shape == (size, size, 3) and picture.dtype == np.uint8
    assert (picture[size // 2, size // 4] == RED).all()


def test_filled_regions_end_at_their_lines():
    filled = fill_regions(two_rooms(6))
    assert (filled.hints[75:185, 45:115] == RED).all() and filled.hint_mask[75:185, 45:115].all()
    assert not filled.hint_mask[filled.lines == 255].any()
    assert not filled.hint_mask[:50].any()


def test_a_room_without_a_dot_gets_no_hint():
    filled = fill_regions(two_rooms(4, dots=((70, 128, RED),)))
    assert filled.hint_mask[75:185, 45:110].all()
    assert not filled.hint_mask[75:185, 140:215].any()


def test_dots_themselves_stay_hints_even_where_it_is_narrow():
    sketch = two_rooms(dots=((128, 128, RED),))
    assert fill_regions(sketch).hint_mask[sketch.hint_mask].all()


def test_nothing_asked_nothing_filled():
    sketch = two_rooms(dots=())
    assert fill_regions(sketch) is sketch


@pytest.mark.parametrize("missing", ["lines", "dots"])
def test_colorize_needs_lines_and_a_color(missing):
    sketch = two_rooms(dots=()) if missing == "dots" else two_rooms()
    if missing == "lines":
        sketch = Sketch(np.zeros_like(sketch.lines), sketch.hints, sketch.hint_mask)
    with pytest.raises(S2FError, match="draw a line, then dot it"):
        colorize(sketch)


@settings(max_examples=60, deadline=None)
@given(
    heights=arrays(np.float64, (7, 9), elements=st.integers(0, 9).map(float)),
    spots=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), min_size=1, max_size=4, unique=True),
)
def test_the_flood_reaches_everything_by_the_lowest_way(heights, spots):
    """Against the slow way: relax the highest point of the best path until nothing changes."""
    sources = np.zeros((7, 9), int)
    for label, spot in enumerate(spots, start=1):
        sources[spot] = label
    labels, levels = flood(heights, sources)
    best = np.where(sources > 0, heights, np.inf)
    for _ in range(63):
        around = np.pad(best, 1, constant_values=np.inf)
        lowest = np.min([around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:]], axis=0)
        best = np.minimum(best, np.maximum(lowest, heights))
    assert (levels == best).all()
    assert (labels > 0).all() and all(labels[spot] == label for label, spot in enumerate(spots, start=1))


@pytest.mark.parametrize("gap", [0, 4, 12])
def test_the_silhouette_is_what_the_outline_encloses_gaps_or_not(gap):
    inside = silhouette(two_rooms(gap))
    assert inside[66:190, 36:220].all() and not inside[:55].any() and not inside[:, 232:].any()


def test_a_dot_outside_of_the_outline_is_told():
    with pytest.raises(S2FError, match="dot lies outside the drawn outline.*move it inside"):
        silhouette(two_rooms(dots=((10, 10, RED),)))
