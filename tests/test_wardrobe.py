"""The synthetic wardrobe: what it says about a garment must be what its picture shows."""

from collections import Counter
from functools import cache

import cv2
import numpy as np
import pytest

from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import garment_color, garment_lines, make_garment, make_wardrobe
from s2f_helpers.data.wardrobe.scenes import make_scene

SEEDS = range(3)
BACKGROUNDS = ("white", "floor", "figure")
OUTFITS = (
    ("t-shirt", "pants"),
    ("hat", "hoodie", "coat", "pants"),
    ("jacket", "dress"),
    ("skirt", "shirt"),
    ("coat", "shorts", "longsleeve"),
    ("bodysuit", "hat"),
    ("hat",),
)


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


@pytest.mark.parametrize("background", BACKGROUNDS[1:])
@pytest.mark.parametrize("category", category_ids())
def test_mask_is_what_the_background_does_not_reach(category, background):
    """Two backgrounds, one garment: equal pixels are all garment, and the mask adds at most its soft edge."""
    for seed in SEEDS:
        white, other = make_garment(category, seed), make_garment(category, seed, background=background)
        core = (white.photo == other.photo).all(-1)
        assert (white.mask == other.mask).all()
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


@pytest.mark.parametrize("background", BACKGROUNDS[1:])
@pytest.mark.parametrize("category", category_ids())
def test_floor_and_wall_leave_no_white(category, background):
    for seed in SEEDS:
        garment = make_garment(category, seed, 128, background)
        assert not is_white(garment.photo)[~garment.mask].any()


@pytest.mark.parametrize("category", ["t-shirt", "tank-top", "dress", "skirt", "hat"])
def test_somebody_wears_the_garment(category):
    """Beyond its middle (above a neck, under a hat) is another hue than beside it: skin, not a shadow on the wall."""
    contrast = []
    for seed in range(8):
        garment = make_garment(category, seed, 256, "figure")
        x0, y0, x1, y1 = garment.box
        rows = slice(y1 + 2, y1 + 8) if category == "hat" else slice(y0 - 8, y0 - 2)
        tones = garment.photo[rows].astype(float).mean(0)
        warmth = tones[:, 0] / tones[:, 2]
        contrast.append(abs(warmth[(x0 + x1) // 2] / warmth[4] - 1))
    assert np.median(contrast) > 0.1


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


# --- several garments in one picture


@cache
def scene(names, background="figure"):
    return make_scene(names, seed=4, size=192, background=background)


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("names", OUTFITS)
def test_scene_gives_its_garments_in_order_in_one_photo(names, background):
    garments = scene(names, background)
    assert tuple(garment.category for garment in garments) == names
    assert all(garment.photo is garments[0].photo for garment in garments)
    assert garments[0].photo.shape == (192, 192, 3) and garments[0].photo.dtype == np.uint8


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("names", OUTFITS)
def test_scene_masks_are_disjoint_and_all_show(names, background):
    masks = np.stack([garment.mask for garment in scene(names, background)])
    assert masks.sum(0).max() == 1
    assert masks.mean((1, 2)).min() > 0.005


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("names", OUTFITS)
def test_scene_masks_lie_on_the_garment_they_name(names, background):
    """By content: what a mask covers has the garment's stated colour (the inside of a coat is darker)."""
    for garment in scene(names, background):
        away = np.abs(garment.photo[garment.mask].astype(int) - garment_color(garment.category, 4)).max(-1)
        assert (away < 50).mean() > 0.4


@pytest.mark.parametrize("names", OUTFITS)
def test_laid_scene_is_pure_white_outside_the_masks(names):
    garments = scene(names, "white")
    covered = np.any([garment.mask for garment in garments], axis=0)
    assert is_white(garments[0].photo)[~grown(covered, 1)].all()


def test_laid_garments_are_the_ones_made_alone():
    for n, garment in enumerate(make_scene(["hat", "dress", "hat"], 2, 160, "white")):
        y, x = n // 2 * 80, n % 2 * 80
        alone = make_garment(garment.category, (2, 2, 3)[n], 80)
        assert (garment.mask[y : y + 80, x : x + 80] == alone.mask).all()


def test_worn_hat_top_and_bottom_lie_one_below_the_other():
    hat, top, bottom = (np.nonzero(garment.mask)[0] for garment in scene(("hat", "t-shirt", "pants")))
    assert hat.max() < top.min()
    assert top.mean() < bottom.min() <= top.max() + 1


def test_a_hood_lies_behind_the_head():
    mask = scene(("hoodie", "pants"))[0].mask
    rows = np.flatnonzero(mask.any(1))
    across = np.flatnonzero(mask[rows[0] + 12])
    assert across.min() < 90 and across.max() > 102
    assert not mask[rows[0] + 12, 92:100].any()


def test_coat_hangs_open_over_a_top_and_closed_without():
    for names, open_in_front in ((("coat", "t-shirt", "pants"), True), (("coat", "pants"), False)):
        coat = scene(names)[0].mask
        rows = np.flatnonzero(coat.any(1))
        middle = coat[(rows[0] + rows[-1]) // 2, 88:104]
        assert (middle.mean() < 0.5) == open_in_front


@pytest.mark.parametrize("size", [48, 131, 300])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_scene_of_any_size_is_the_same_again(size, background):
    first, again = (make_scene(["shirt"], 1, size, background)[0] for _ in range(2))
    assert first.photo.shape == (size, size, 3)
    assert (first.photo == again.photo).all() and (first.mask == again.mask).all()


def test_other_seed_other_scene():
    photos = {make_scene(["shirt", "pants"], seed, 64)[0].photo.tobytes() for seed in range(6)}
    assert len(photos) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 0), "at least one"),
        ((["socks"], 0), "unknown category 'socks'"),
        ((["hat"], -1), "seed"),
        ((["hat"], 0, 8), "size"),
        ((["hat", "skirt"], 0, 40, "white"), "2 garments need a size of 64"),
        ((["hat"], 0, 64, "beach"), "unknown background 'beach'"),
        ((["shirt", "t-shirt"], 0), "shirt and t-shirt cannot be worn together"),
        ((["pants", "coat", "jacket"], 0), "coat and jacket cannot be worn together"),
        ((["skirt", "pants"], 0), "skirt and pants cannot be worn together"),
        ((["hat", "hat"], 0), "hat and hat cannot be worn together"),
        ((["dress", "shirt"], 0), "dress and shirt cannot be worn together"),
        ((["pants", "bodysuit"], 0), "pants and bodysuit cannot be worn together"),
    ],
)
def test_impossible_scenes_are_named(arguments, message):
    with pytest.raises(S2FError, match=message):
        make_scene(*arguments)


def test_a_bottom_shows_under_any_top():
    for seed in range(40, 50):
        for top in ("t-shirt", "longsleeve", "shirt", "tank-top", "hoodie"):
            assert make_scene([top, "skirt"], seed, 64)[1].mask.mean() > 0.02


def test_a_garment_that_would_be_hidden_is_named():
    with pytest.raises(S2FError, match="the coat of this seed hides the skirt"):
        for seed in range(60):
            make_scene(["coat", "skirt"], seed, 64)
