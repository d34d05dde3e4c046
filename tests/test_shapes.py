"""Outlines of real garments: which a drawing resembles, where shadows lie, and the drawing tidied."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from s2f_helpers.common.types import Sketch
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import garment_lines
from s2f_helpers.sketch import draw_contour
from s2f_helpers.studio.shapes import Shapes, outline_of
from s2f_helpers.studio.tidy import tidy

SIDE = 64


def ellipse(width, height, at=(32, 32)) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(mask, at, (width, height), 0, 0, 360, 1, -1)
    return mask > 0


@pytest.fixture(scope="module")
def shapes() -> Shapes:
    """A wide, a tall and a round one."""
    masks = np.stack([ellipse(27, 12), ellipse(12, 27), ellipse(27, 27)])
    return Shapes.of(masks, np.array([0, 1, 2]))


def drawn(mask) -> np.ndarray:
    large = cv2.resize(mask.astype(np.uint8), (256, 256), interpolation=cv2.INTER_NEAREST)
    return cv2.dilate(draw_contour(large > 0), np.ones((3, 3), np.uint8))


@pytest.mark.parametrize("number, mask", enumerate([ellipse(27, 12), ellipse(12, 27), ellipse(27, 27)]))
def test_the_most_alike_is_the_one_that_was_drawn(shapes, number, mask):
    assert shapes.alike(drawn(mask), 1) == [number]


def test_alike_does_not_mind_where_and_how_large_it_was_drawn(shapes):
    assert shapes.alike(drawn(ellipse(6, 13, at=(12, 20))), 1) == [1]


def test_a_category_can_be_asked_for(shapes):
    assert shapes.alike(drawn(ellipse(27, 12)), 1, category_ids()[2]) == [2]


def test_shadows_lie_where_an_unfinished_line_is(shapes):
    lines = drawn(ellipse(27, 12))
    lines[:, 128:] = 0
    assert shapes.around(lines, 1) == [0]
    contour = shapes.contour(0)
    assert np.abs(contour.min(0) - [20, 80]).max() < 6 and np.abs(contour.max(0) - [236, 178]).max() < 6


def test_an_outline_with_a_small_opening_is_closed_and_a_line_is_none():
    lines = np.zeros((256, 256), np.uint8)
    cv2.rectangle(lines, (60, 60), (200, 200), 255, 3)
    lines[120:132, 55:65] = 0
    assert outline_of(lines)[100:180, 100:180].all() and not outline_of(lines)[:50].any()
    assert outline_of(np.zeros((256, 256), np.uint8)) is None
    cv2.line(blank := np.zeros((256, 256), np.uint8), (20, 20), (200, 90), 255, 3)
    assert outline_of(blank) is None


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


def wobbly(shapes) -> tuple[Sketch, np.ndarray]:
    """A round outline drawn with a trembling hand, a red dot inside, and the round shape itself on the page."""
    angles = np.linspace(0, 2 * np.pi, 400)
    radius = 100 + 7 * np.sin(9 * angles)
    points = np.column_stack([128 + radius * np.cos(angles), 128 + radius * np.sin(angles)]).round().astype(np.int32)
    lines = cv2.polylines(np.zeros((256, 256), np.uint8), [points], True, 255, 3)
    hints, mask = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), bool)
    mask[124:132, 124:132] = True
    hints[mask] = (200, 0, 0)
    return Sketch(lines, hints, mask), points


def test_tidy_goes_from_as_drawn_to_the_real_outline(shapes):
    sketch, points = wobbly(shapes)
    box = points.min(0), points.max(0)
    round_one = np.zeros((256, 256), np.uint8)
    center, axes = (box[0] + box[1]) / 2, (box[1] - box[0]) / 2
    cv2.ellipse(round_one, center.round().astype(int).tolist(), axes.round().astype(int).tolist(), 0, 0, 360, 1, -1)
    target = shapes.contour(2)
    scores = [likeness(outline_of(tidy(sketch, target, amount).lines), round_one > 0) for amount in (0, 0.5, 1)]
    assert scores[0] < scores[1] < scores[2] and scores[2] > 0.94
    assert tidy(sketch, target, 0) is sketch
    assert tidy(sketch, target, 1).hint_mask[128, 128] and tidy(sketch, target, 1).hints[128, 128, 0] == 200


def test_tidy_leaves_alone_what_has_no_outline(shapes):
    line = cv2.line(np.zeros((256, 256), np.uint8), (20, 20), (200, 90), 255, 3)
    sketch = Sketch(line, np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), bool))
    assert tidy(sketch, shapes.contour(0), 1) is sketch


def test_the_shipped_outlines_know_trousers():
    shapes = Shapes.load()
    found = [category_ids()[shapes.categories[number]] for number in shapes.alike(garment_lines("pants", 4, 256), 5)]
    assert len(shapes) > 2000 and found.count("pants") >= 3, found
