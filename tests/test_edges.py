"""Edge methods against drawings whose lines are known, and HED's weights against damage."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from s2f_helpers import S2FError
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.data.wardrobe import garment_lines, make_garment
from s2f_helpers.sketch.hed import HED, hed_edges, load_hed
from s2f_helpers.sketch.lines import EDGE_METHODS, draw_contour, draw_edges

SEWN = [(category, 1) for category in ("shirt", "hoodie", "coat", "jacket", "dress", "pants")]
HED_FILE = WEIGHTS / "hed.safetensors"


def square(size: int, of: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_RECT, (size, size)) * of


@pytest.fixture(scope="module")
def wardrobe():
    """(garment, its true lines, its HED lines) for six garments, patterned ones among them."""
    garments = [(make_garment(*which), garment_lines(*which) > 0) for which in SEWN]
    return [(garment, truth, draw_edges(garment.photo, garment.mask, method="hed")) for garment, truth in garments]


@pytest.fixture
def two_colors():
    """A square garment, blue left of column 64 and yellow from there on, and its mask."""
    image, mask = np.full((128, 128, 3), 255, np.uint8), np.zeros((128, 128), bool)
    mask[10:118, 10:118] = True
    image[10:118, 10:64], image[10:118, 64:118] = (40, 60, 120), (220, 180, 60)
    return image, mask


@pytest.mark.parametrize("method", EDGE_METHODS)
def test_every_method_marks_the_contour_and_draws_in_black_and_white(method):
    garment = make_garment("skirt", 2, 128)
    lines = draw_edges(garment.photo, garment.mask, method=method)
    assert lines.shape == garment.mask.shape and lines.dtype == np.uint8
    assert set(np.unique(lines)) == {0, 255}
    assert (lines >= draw_contour(garment.mask)).all()


@pytest.mark.parametrize("method", EDGE_METHODS)
def test_same_picture_same_lines(two_colors, method):
    first, again = (draw_edges(*two_colors, method=method) for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("method", EDGE_METHODS)
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_blank_picture_has_only_the_contour(two_colors, method, shade):
    _, mask = two_colors
    for region in (mask, np.ones_like(mask)):
        lines = draw_edges(np.full((128, 128, 3), shade, np.uint8), region, method=method)
        np.testing.assert_array_equal(lines, draw_contour(region))


@pytest.mark.parametrize("method", ["canny", "hed"])
def test_step_between_two_colors_is_one_line_at_the_step(two_colors, method):
    inside = draw_edges(*two_colors, method=method)[30:98, 20:108] > 0
    rows, columns = np.nonzero(inside)
    np.testing.assert_array_equal(rows, np.arange(68))
    assert np.abs(columns + 20 - 63.5).max() <= 1.5


def test_contour_draws_nothing_inside(two_colors):
    image, mask = two_colors
    np.testing.assert_array_equal(draw_edges(image, mask, method="contour"), draw_contour(mask))


def test_canny_is_the_default_and_takes_its_thresholds_by_place(two_colors):
    image, mask = two_colors
    np.testing.assert_array_equal(draw_edges(image, mask), draw_edges(image, mask, 60, 140, "canny"))
    assert (draw_edges(image, mask, 5000, 9000) == draw_contour(mask)).all()


def test_hed_lines_are_one_pixel_wide(wardrobe):
    for _, _, lines in wardrobe:
        inked = (lines > 0).astype(np.uint8)
        blocks = cv2.erode(inked, square(2, 1), borderValue=0)
        assert blocks.sum() < 0.01 * inked.sum()


def test_hed_lines_lie_near_true_seams_more_often_than_chance(wardrobe):
    """Of the lines well inside the garment, against the share of that inside which lies near a seam."""
    hits = drawn = expected = 0.0
    for garment, truth, lines in wardrobe:
        inside = cv2.erode(garment.mask.astype(np.uint8), square(11, 1)) > 0
        near = cv2.dilate(truth.astype(np.uint8), square(5, 1)) > 0
        inner = (lines > 0) & inside
        hits, drawn, expected = (
            hits + near[inner].sum(),
            drawn + inner.sum(),
            expected + inner.sum() * near[inside].mean(),
        )
    assert drawn > 300
    assert hits > 1.5 * expected


@pytest.mark.parametrize("low, high", [(100, 140), (60, 200)])
def test_each_threshold_raised_keeps_fewer_hed_lines(wardrobe, low, high):
    garment, _, lines = wardrobe[1]
    strict = draw_edges(garment.photo, garment.mask, low, high, "hed")
    assert (strict <= lines).all() and strict.sum() < lines.sum()


def test_hed_is_certain_at_an_edge_and_calm_beside_it(two_colors):
    edges = hed_edges(two_colors[0])
    assert edges.shape == (128, 128) and edges.dtype == np.float32
    assert edges.min() >= 0 and edges.max() <= 1
    assert edges[40:90, 63:65].min() > 0.8 > 0.2 > edges[40:90, 40].max()


@pytest.mark.parametrize("height, width", [(1, 1), (37, 50)])
def test_hed_takes_any_size(height, width):
    assert hed_edges(np.zeros((height, width, 3), np.uint8)).shape == (height, width)


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8, 3)), np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((0, 8, 3), np.uint8),
     np.zeros((8, 1025, 3), np.uint8)],
)  # fmt: skip
def test_hed_names_what_it_expected(image):
    with pytest.raises(S2FError, match=r"expected a uint8 picture of shape \(H, W, 3\)"):
        hed_edges(image)


def test_unknown_method_is_named_with_the_known_ones(two_colors):
    with pytest.raises(S2FError, match="'sobel': expected one of canny, hed, contour"):
        draw_edges(*two_colors, method="sobel")


def test_mask_of_another_size_is_named(two_colors):
    with pytest.raises(S2FError, match="of one size"):
        draw_edges(two_colors[0], np.ones((64, 64), bool))


def test_weights_are_frozen_and_say_where_they_are_from():
    assert not any(weight.requires_grad for weight in load_hed().parameters())
    with safe_open(HED_FILE, framework="pt") as file:
        about = json.loads(file.metadata()["about"])
    assert about["license"].startswith("MIT") and len(about["source_sha256"]) == 64


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(S2FError, match="no HED weights at"):
        load_hed(tmp_path / "none.safetensors")


def not_finite(tensors):
    tensors["fuse.bias"][:] = torch.nan


def renamed(tensors):
    tensors["fused.bias"] = tensors.pop("fuse.bias")


@pytest.mark.parametrize("damage, named", [(not_finite, "fuse.bias"), (renamed, "fused.bias")])
def test_wrong_tensors_are_named(tmp_path, damage, named):
    tensors = load_file(HED_FILE)
    damage(tensors)
    save_file(tensors, tmp_path / "hed.safetensors")
    with pytest.raises(S2FError, match=named):
        load_hed(tmp_path / "hed.safetensors")


DAMAGES = {
    "empty": lambda whole: b"",
    "cut short": lambda whole: whole[:-500_000],
    "zeroed": lambda whole: bytes(len(whole)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "hed.safetensors"
    path.write_bytes(DAMAGES[damage](HED_FILE.read_bytes()))
    with pytest.raises(S2FError, match="take it from the repository again"):
        load_hed(path)


def test_gradients_reach_the_picture():
    """So that its blocks can judge another network's pictures."""
    photo = torch.zeros(1, 3, 32, 32, requires_grad=True)
    HED()(photo).sum().backward()
    assert photo.grad.abs().sum() > 0


def test_weights_first_read_in_inference_mode_can_be_trained_through():
    load_hed.cache_clear()
    with torch.inference_mode():
        load_hed()
    photo = torch.zeros(1, 3, 32, 32, requires_grad=True)
    load_hed().features(photo)[-1].sum().backward()
    assert photo.grad.abs().sum() > 0
