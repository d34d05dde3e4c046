"""The synthetic wardrobe: what it says about a garment must be what its picture shows."""

from collections import Counter
from functools import cache

import cv2
import numpy as np
import pytest

from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import garment_color, garment_lines, make_garment, make_wardrobe

SEEDS = range(3)


@cache
def small(category, seed):
    return make_garment(category, seed, size=128)


def grown(mask, pixels):
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)) > 0


def is_white(photo):
    return (photo == 255).all(-1)


@pytest.mark.parametrize("category", category_ids())
def test_picture_is_pure_white_outside_the_mask(category):
    for seed in SEEDS:
        garment = make_garment(category, seed)
        assert is_white(garment.photo)[~grown(garment.mask, 1)].all()


@pytest.mark.parametrize("category", category_ids())
def test_mask_is_what_the_background_does_not_reach(category):
    """Two backgrounds, one garment: equal pixels are all garment, and the mask adds at most its soft edge."""
    for seed in SEEDS:
        white, floor = (make_garment(category, seed, background=name) for name in ("white", "floor"))
        core = (white.photo == floor.photo).all(-1)
        assert (white.mask == floor.mask).all()
        assert white.mask[core].all()
        assert grown(core, 1)[white.mask].all()


@pytest.mark.parametrize("category", category_ids())
def test_garment_fills_the_picture_and_stays_inside(category):
    for seed in range(12):
        garment = small(category, seed)
        x0, y0, x1, y1 = garment.box
        assert min(x0, y0) > 0 and max(x1, y1) < 128
        assert max(x1 - x0, y1 - y0) > 0.8 * 128
        assert garment.mask.mean() > 0.12
        assert garment.category == category


@pytest.mark.parametrize("category", category_ids())
def test_garment_is_one_piece(category):
    for seed in range(12):
        mask = small(category, seed).mask
        count, _ = cv2.connectedComponents(mask.astype(np.uint8))
        assert count == 2, f"seed {seed}: {count - 1} pieces"


@pytest.mark.parametrize("category", category_ids())
def test_stated_color_is_the_main_one_in_the_picture(category):
    """Lining, trimmings and a pattern take their share, light and folds move the rest a little."""
    for seed in range(12):
        garment = small(category, seed)
        away = np.abs(garment.photo[garment.mask].astype(int) - garment_color(category, seed)).max(-1)
        assert (away < 45).mean() > 0.45


@pytest.mark.parametrize("category", category_ids())
def test_lines_lie_on_the_garment_and_trace_its_outline(category):
    for seed in SEEDS:
        mask, lines = make_garment(category, seed).mask, garment_lines(category, seed)
        assert set(np.unique(lines)) == {0, 255}
        assert grown(mask, 2)[lines > 0].all()
        rim = mask & grown(~mask, 1)
        assert grown(lines > 0, 1)[rim].mean() > 0.99


@pytest.mark.parametrize("category", category_ids())
def test_lines_are_a_drawing_not_a_filling(category):
    for seed in SEEDS:
        assert 0.01 < (garment_lines(category, seed) > 0).mean() < 0.16


def test_same_seed_same_garment():
    first, again = make_garment("coat", 5), make_garment("coat", 5)
    assert (first.photo == again.photo).all() and (first.mask == again.mask).all()
    assert (garment_lines("coat", 5) == garment_lines("coat", 5)).all()


def test_other_seed_other_garment():
    masks = [make_garment("coat", seed, 64).mask for seed in range(8)]
    assert len({mask.tobytes() for mask in masks}) == 8
    assert len({garment_color("coat", seed) for seed in range(8)}) > 4


@pytest.mark.parametrize("size", [64, 256, 500])
def test_any_size(size):
    garment, lines = make_garment("hoodie", 1, size), garment_lines("hoodie", 1, size)
    assert garment.photo.shape == (size, size, 3) and garment.photo.dtype == np.uint8
    assert garment.mask.shape == (size, size) and garment.mask.dtype == np.bool_
    assert lines.shape == (size, size) and lines.dtype == np.uint8


@pytest.mark.parametrize("category", category_ids())
def test_garment_is_the_same_at_every_size(category):
    large, small = make_garment(category, 2, 256), make_garment(category, 2, 64)
    shrunk = cv2.resize(large.mask.astype(np.float32), (64, 64), interpolation=cv2.INTER_AREA) >= 0.5
    assert (shrunk == small.mask).mean() > 0.99


def test_floor_shows_around_the_garment():
    garment = make_garment("skirt", 0, background="floor")
    assert not is_white(garment.photo).any()


def test_wardrobe_goes_round_the_categories():
    garments = make_wardrobe(27, seed=4, size=64)
    counts = Counter(garment.category for garment in garments)
    assert tuple(garment.category for garment in garments[:13]) == category_ids()
    assert counts["t-shirt"] == 3 and counts["hat"] == 2
    assert (garments[13].photo == make_garment("t-shirt", 5, 64).photo).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("socks", 0), "unknown category 'socks'"),
        (("hat", -1), "seed"),
        (("hat", 0, 8), "size"),
        (("hat", 0, 100_000), "size"),
        (("hat", 0, 64, "beach"), "unknown background 'beach'"),
    ],
)
def test_impossible_requests_are_named(arguments, message):
    with pytest.raises(S2FError, match=message):
        make_garment(*arguments)


def test_lines_and_color_name_an_unknown_category():
    with pytest.raises(S2FError, match="unknown category"):
        garment_lines("socks", 0)
    with pytest.raises(S2FError, match="unknown category"):
        garment_color("socks", 0)
