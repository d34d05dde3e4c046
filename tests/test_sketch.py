"""Lines, hints, reading drawings, and training pairs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from s2f_helpers import S2FError, Sketch
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.sketch import (
    PairedDataset,
    draw_contour,
    draw_edges,
    draw_hints,
    fill_hints,
    make_sketch,
    open_picture,
    roughen,
    scatter_hints,
    sketch_to_tensor,
)


class Wardrobe:
    """A few synthetic garments, as the paired dataset wants them."""

    def __init__(self, count: int = 3) -> None:
        self.garments = [make_garment("t-shirt", seed) for seed in range(count)]
        self.categories = [garment.category for garment in self.garments]

    def __len__(self):
        return len(self.garments)

    def image(self, index):
        return self.garments[index].photo

    def mask(self, index):
        return self.garments[index].mask


@pytest.fixture(scope="module")
def garment():
    return make_garment("t-shirt", 0)


def test_contour_follows_the_mask(garment):
    contour = draw_contour(garment.mask) > 0
    band = cv2.dilate(garment.mask.astype(np.uint8), np.ones((3, 3))) - cv2.erode(
        garment.mask.astype(np.uint8), np.ones((3, 3))
    )
    assert contour.any() and band[contour].all()


def test_edges_hold_the_contour(garment):
    edges = draw_edges(garment.photo, garment.mask)
    assert set(np.unique(edges)) == {0, 255}
    assert (edges >= draw_contour(garment.mask)).all()


def test_roughening_keeps_lines_near_and_is_seeded(garment):
    lines = draw_contour(garment.mask)
    near = cv2.dilate(lines, np.ones((37, 37))) > 0
    for seed in range(20):
        rough = roughen(lines, np.random.default_rng(seed))
        assert rough.dtype == np.uint8 and rough.shape == lines.shape
        assert rough[near].any() and not rough[~near].any()
        np.testing.assert_array_equal(rough, roughen(lines, np.random.default_rng(seed)))


@pytest.fixture(scope="module")
def hands():
    """A square with a line inside, as sixty hands might draw it."""
    lines = np.zeros((256, 256), np.uint8)
    cv2.rectangle(lines, (60, 60), (200, 200), 255, 1)
    cv2.line(lines, (100, 130), (160, 130), 255, 1)
    return [roughen(lines, np.random.default_rng(seed)) for seed in range(60)]


def test_a_hand_leaves_out_inner_lines_but_not_the_silhouette(hands):
    inner = np.array([hand[115:146, 90:171].max() > 127 for hand in hands])
    sides = np.array([(hand[80:180, 45:76].max(1) > 127).mean() for hand in hands])
    assert 0.1 < (~inner).mean() < 0.6
    assert sides.min() > 0.5 and sides.mean() > 0.85


def test_a_hand_runs_past_corners(hands):
    """A wobble is 6 px at the very most; what lies farther out can only be an overshoot."""
    far = np.ones((256, 256), bool)
    far[52:209, 52:209] = False
    past = np.array([(hand[far] > 127).sum() for hand in hands])
    assert 0.1 < (past > 0).mean() < 0.7


def test_a_pen_is_thick_and_thin_in_one_drawing(hands):
    def widths(hand):
        rows = (hand[80:180, 40:90] > 127).sum(1)
        return rows[rows > 0].max() - rows[rows > 0].min()

    assert np.mean([widths(hand) >= 2 for hand in hands]) > 0.2


def test_lines_of_nothing_stay_nothing():
    assert not roughen(np.zeros((64, 64), np.uint8), np.random.default_rng(0)).any()


@pytest.fixture
def two_colours():
    """A red and a blue half with a line between them: image, mask, lines."""
    image, mask, lines = (
        np.full((128, 128, 3), 255, np.uint8),
        np.zeros((128, 128), bool),
        np.zeros((128, 128), np.uint8),
    )
    mask[20:108, 20:108] = True
    image[20:108, 20:64], image[20:108, 64:108] = (200, 30, 30), (30, 30, 200)
    lines[20:108, 64] = 255
    return image, mask, lines


def test_fills_take_whole_regions_in_their_own_colour(two_colours):
    image, mask, lines = two_colours
    both = set()
    for seed in range(20):
        hints, hint_mask = fill_hints(image, mask, lines, np.random.default_rng(seed))
        shares = hint_mask[mask & (image[..., 0] > 100)].mean(), hint_mask[mask & (image[..., 2] > 100)].mean()
        both.add(tuple(share > 0.5 for share in shares))
        assert all(share < 0.01 or share > 0.9 for share in shares)
        assert np.abs(hints[hint_mask].astype(int) - image[hint_mask]).max() < 30
        assert not hints[~hint_mask].any() and not hint_mask[~mask].any()
    assert both == {(True, False), (False, True), (True, True)}


def test_hints_are_aimed_by_hand_so_some_miss_their_colour(two_colours):
    image, mask, _ = two_colours
    hints, hint_mask = scatter_hints(image, mask, 200, np.random.default_rng(0))
    wrong = np.abs(hints[hint_mask].astype(int) - image[hint_mask]).max(1) > 100
    assert 0 < wrong.mean() < 0.2


def test_training_hints_are_of_every_kind(two_colours):
    sizes = np.array([draw_hints(*two_colours, np.random.default_rng(seed))[1].mean() for seed in range(200)])
    assert 0.05 < (sizes == 0).mean() < 0.2
    assert (sizes > 0.2).any() and ((sizes > 0) & (sizes < 0.05)).mean() > 0.2


def test_a_share_of_the_categories_is_hidden():
    pairs = PairedDataset(Wardrobe(), 200, side=32, hidden=0.3)
    hidden = np.mean([pairs[sample][2] == len(category_ids()) for sample in range(200)])
    assert 0.2 < hidden < 0.4


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 60), seed=st.integers(0, 10**6))
def test_hints_lie_on_the_garment_in_its_colours(count, seed):
    image = np.full((64, 64, 3), 255, np.uint8)
    mask = np.zeros((64, 64), bool)
    mask[20:50, 15:45] = True
    image[mask] = (180, 40, 90)
    hints, hint_mask = scatter_hints(image, mask, count, np.random.default_rng(seed))
    assert hint_mask.any() == (count > 0)
    assert not hint_mask[~mask].any() and not hints[~hint_mask].any()
    assert np.abs(hints[hint_mask].astype(int) - (180, 40, 90)).max(initial=0) < 30


def drawing(background: int, ink: int) -> np.ndarray:
    page = np.full((300, 400, 3), background, np.uint8)
    cv2.rectangle(page, (120, 60), (280, 240), (ink,) * 3, 3)
    cv2.circle(page, (200, 150), 9, (220, 30, 30), -1)
    return page


@pytest.mark.parametrize(("background", "ink"), [(255, 0), (0, 255), (235, 60), (30, 220)])
def test_either_polarity_gives_the_same_lines(background, ink):
    sketch = Sketch.from_image(drawing(background, ink))
    reference = Sketch.from_image(drawing(255, 0))
    assert (sketch.lines > 127).sum() == pytest.approx((reference.lines > 127).sum(), rel=0.15)
    assert not (sketch.lines[128 + 32 - 5 :, 128] > 127).all()


def test_saturated_colour_becomes_a_hint_of_that_colour():
    sketch = Sketch.from_image(drawing(255, 0))
    ys, xs = np.nonzero(sketch.hint_mask)
    assert abs(ys.mean() - 128) < 3 and abs(xs.mean() - 128) < 3
    assert np.abs(np.median(sketch.hints[sketch.hint_mask], 0) - (220, 30, 30)).max() < 12
    assert not (sketch.lines[sketch.hint_mask] > 60).any()


def test_no_hint_holds_a_mixture_of_colour_and_paper():
    """A pale rim would spread pale colour over the garment."""
    big = cv2.resize(drawing(255, 0), None, fx=3.7, fy=3.7, interpolation=cv2.INTER_AREA)
    sketch = Sketch.from_image(big)
    assert sketch.hint_mask.sum() > 20
    assert np.abs(sketch.hints[sketch.hint_mask].astype(int) - (220, 30, 30)).max() < 25
    near_dot = np.zeros((256, 256), bool)
    near_dot[118:138, 118:138] = True
    assert not (sketch.lines[near_dot] > 20).any()


def test_a_dot_on_shadowed_paper_leaves_no_ring():
    page = (drawing(255, 0) * np.linspace(1, 0.45, 400)[None, :, None]).astype(np.uint8)
    cv2.circle(page, (320, 150), 9, (180, 20, 20), -1)
    sketch = Sketch.from_image(page)
    x, y = 320 * 256 // 400, (150 + 50) * 256 // 400
    assert sketch.hint_mask[y, x] and not (sketch.lines[y - 14 : y + 15, x - 14 : x + 15] > 100).any()


def test_a_dark_colour_on_dark_paper_stays_that_colour():
    page = drawing(0, 255)
    cv2.circle(page, (200, 150), 9, (20, 90, 30), -1)
    sketch = Sketch.from_image(page)
    assert np.abs(np.median(sketch.hints[sketch.hint_mask], 0) - (20, 90, 30)).max() < 12


def test_white_hints_come_through_their_own_picture():
    page = np.full((256, 256, 3), 255, np.uint8)
    cv2.rectangle(page, (60, 60), (200, 200), 0, 3)
    hints = np.zeros((256, 256, 4), np.uint8)
    hints[100:110, 100:110] = (255, 255, 255, 255)
    sketch = Sketch.from_image(page, hints=hints)
    assert sketch.hint_mask.sum() == 100
    assert (sketch.hints[sketch.hint_mask] == 255).all()


def test_black_strokes_among_the_hints_divide_and_black_dots_colour():
    page = np.full((256, 256, 3), 255, np.uint8)
    cv2.rectangle(page, (60, 60), (200, 200), 0, 3)
    hints = np.zeros((256, 256, 4), np.uint8)
    cv2.line(hints, (60, 130), (200, 130), (10, 10, 10, 255), 4)
    cv2.circle(hints, (100, 90), 6, (10, 10, 10, 255), -1)
    cv2.line(hints, (80, 170), (180, 170), (200, 40, 40, 255), 4)
    sketch = Sketch.from_image(page, hints=hints)
    assert (sketch.lines[130, 65:195] == 255).all() and not sketch.hint_mask[130].any()
    assert sketch.hint_mask[90, 100] and (sketch.hints[90, 100] == 10).all()
    assert sketch.hint_mask[170, 80:180].all() and not sketch.lines[170, 80:180].any()


@pytest.mark.parametrize("shape", [(5, 5), (30, 900, 3), (1000, 40, 4)])
def test_any_size_and_shape_becomes_a_square_sketch(shape):
    page = np.full(shape, 255, np.uint8)
    page[shape[0] // 2 :, shape[1] // 2 :] = 0
    if len(shape) == 3 and shape[2] == 4:
        page[..., 3] = 255
    assert Sketch.from_image(page).lines.shape == (256, 256)


@pytest.mark.parametrize("value", [0, 255, 128])
def test_a_drawing_of_nothing_is_refused(value):
    with pytest.raises(S2FError, match="drawing is empty"):
        Sketch.from_image(np.full((100, 100, 3), value, np.uint8))


def test_an_upload_that_is_no_picture_is_refused(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"<html>not a picture</html>")
    with pytest.raises(S2FError, match="not a readable picture"):
        Sketch.from_image(path)


def test_a_damaged_photo_is_refused(tmp_path):
    path = tmp_path / "half.jpg"
    _, jpeg = cv2.imencode(".jpg", np.random.default_rng(0).integers(0, 255, (200, 200, 3), np.uint8))
    path.write_bytes(jpeg.tobytes()[:500])
    with pytest.raises(S2FError, match="not a readable picture"):
        open_picture(path)


def test_a_picture_20000_px_wide_is_refused_before_it_fills_the_memory():
    with pytest.raises(S2FError, match="20000 × 10 pixels"):
        Sketch.from_image(np.zeros((10, 20_000), np.uint8))


def test_wrong_dtype_names_what_came():
    with pytest.raises(S2FError, match="float64"):
        Sketch.from_image(np.zeros((10, 10)))


def test_sketch_checks_its_parts():
    with pytest.raises(ValueError, match="hint_mask"):
        Sketch(np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8))


def test_tensor_tells_no_hint_from_a_grey_one(garment):
    sketch = make_sketch(garment.photo, garment.mask, 5, np.random.default_rng(0))
    tensor = sketch_to_tensor(sketch)
    assert tensor.shape == (5, 256, 256)
    assert 0 <= tensor[0].min() and tensor[0].max() <= 1
    assert (tensor[1:4, ~torch.from_numpy(sketch.hint_mask)] == 0).all()
    assert torch.equal(tensor[4].bool(), torch.from_numpy(sketch.hint_mask))


def test_pairs_depend_on_their_number_alone():
    first, second = (PairedDataset(Wardrobe(), 100, side=64, seed=3) for _ in range(2))
    for sample in (7, 0, 99):
        for a, b in zip(first[sample], second[sample], strict=True):
            assert torch.equal(torch.as_tensor(a), torch.as_tensor(b))
    assert not torch.equal(first[0][1], first[3][1])  # the same garment, changed anew


def test_pairs_of_no_picture_are_refused():
    with pytest.raises(S2FError, match="at least one picture"):
        PairedDataset(Wardrobe(0), 10)
