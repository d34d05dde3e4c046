"""Metrics against values known beforehand: closed forms, and pictures made to be right or wrong."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from s2f_helpers import Sketch
from s2f_helpers.data import make_garment, make_wardrobe
from s2f_helpers.gan.metrics import (
    diversity,
    fid,
    interval,
    kid,
    line_fidelity,
    lite0_features,
    masked_ssim,
    perceptual_distance,
    region_error,
    ring_error,
)

EVERYWHERE = np.ones((64, 64), bool)


def flat(color, side=64):
    return np.full((side, side, 3), color, np.uint8)


def one_dot(color, side=64):
    hints, mask = np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.uint8)
    cv2.circle(hints, (32, 32), 4, color, -1)
    cv2.circle(mask, (32, 32), 4, 1, -1)
    lines = np.zeros((side, side), np.uint8)
    cv2.rectangle(lines, (4, 4), (60, 60), 255, 1)
    return Sketch(lines, hints, mask > 0)


def test_ssim_of_a_picture_with_itself_is_one():
    photo = make_garment("shirt", 1, 64)
    assert masked_ssim(photo.photo, photo.photo, photo.mask) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("first", "second"), [(50, 200), (0, 255), (120, 130)])
def test_ssim_of_flat_pictures_is_its_luminance_term(first, second):
    a, b, c = first / 255, second / 255, 0.01**2
    expected = (2 * a * b + c) / (a * a + b * b + c)
    assert masked_ssim(flat(first), flat(second), EVERYWHERE) == pytest.approx(expected, abs=1e-3)


def test_ssim_does_not_see_what_lies_outside_the_mask():
    photo = make_garment("shirt", 1, 64)
    inner = cv2.erode(photo.mask.astype(np.uint8), np.ones((13, 13))) > 0
    other = np.where(photo.mask[..., None], photo.photo, 90).astype(np.uint8)
    assert masked_ssim(other, photo.photo, inner) == pytest.approx(1, abs=1e-3)


def test_ring_error_is_the_color_difference_of_flat_colors():
    asked, shown = (200, 40, 40), (40, 60, 180)
    lab = [cv2.cvtColor(np.float32([[color]]) / 255, cv2.COLOR_RGB2LAB)[0, 0] for color in (asked, shown)]
    sketch = one_dot(asked)
    assert ring_error(flat(shown), sketch, EVERYWHERE) == pytest.approx(np.linalg.norm(lab[0] - lab[1]), abs=0.1)
    assert ring_error(flat(asked), sketch, EVERYWHERE) == pytest.approx(0, abs=0.1)


def test_ring_error_looks_beside_the_hint_and_not_under_it():
    sketch = one_dot((200, 40, 40))
    picture = np.where(sketch.hint_mask[..., None], flat((200, 40, 40)), flat(255)).astype(np.uint8)
    assert ring_error(picture, sketch, EVERYWHERE) > 50


def test_ring_error_without_hints_is_not_a_number():
    sketch = one_dot((1, 2, 3))
    empty = Sketch(sketch.lines, sketch.hints, np.zeros_like(sketch.hint_mask))
    assert math.isnan(ring_error(flat(9), empty, EVERYWHERE))


def test_region_error_sees_the_garment_alone():
    garment = make_garment("dress", 2, 64)
    repainted = np.where(garment.mask[..., None], garment.photo, 0).astype(np.uint8)
    assert region_error(repainted, garment.photo, cv2.erode(garment.mask.astype(np.uint8), np.ones((5, 5))) > 0) < 4
    assert region_error(255 - garment.photo, garment.photo, garment.mask) > 30


def test_lines_that_are_drawn_and_shown_are_kept():
    sketch = one_dot((9, 9, 9))
    picture = np.where(sketch.lines[..., None] > 0, 0, 255).astype(np.uint8).repeat(3, 2)
    assert line_fidelity(picture, sketch) == (1.0, 1.0)


def test_recall_falls_with_missing_lines_and_precision_with_invented_ones():
    sketch = one_dot((9, 9, 9))
    blank = line_fidelity(flat(255), sketch)
    busy = flat(255)
    busy[20:44, 20:44] = 0
    recall, precision = line_fidelity(busy, sketch)
    assert blank == (0.0, 1.0)
    assert recall == 0 and precision == 0


def test_perceptual_distance_is_zero_for_itself_symmetric_and_grows_with_damage():
    photo = make_garment("shirt", 1, 64).photo
    faint, strong = (cv2.GaussianBlur(photo, (0, 0), sigma) for sigma in (1, 4))
    assert perceptual_distance(photo, photo) == pytest.approx(0, abs=1e-6)
    assert 0 < perceptual_distance(photo, faint) < perceptual_distance(photo, strong) < 4
    assert perceptual_distance(photo, faint) == pytest.approx(perceptual_distance(faint, photo))


def test_perceptual_distance_sees_texture_that_a_mean_colour_hides():
    woven = flat(128)
    woven[::2, ::2] = 255
    woven[1::2, 1::2] = 1
    assert abs(int(woven.mean()) - 128) < 2 and perceptual_distance(woven, flat(128)) > 0.2


def test_diversity_is_the_mean_over_all_pairs():
    photos = [make_garment(name, 1, 64).photo for name in ("shirt", "skirt", "hat")]
    pairs = [perceptual_distance(photos[a], photos[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    assert diversity(photos) == pytest.approx(np.mean(pairs))
    assert diversity([photos[0]] * 3) == pytest.approx(0, abs=1e-6)


def gaussian(count, shift=0.0, seed=0, width=8):
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed)) + shift


def test_fid_of_a_shifted_gaussian_is_the_shift_squared():
    features = gaussian(4000)
    assert fid(features, features + 0.5) == pytest.approx(8 * 0.25, abs=1e-3)
    assert fid(features, features) == pytest.approx(0, abs=1e-3)


def test_fid_of_a_scaled_gaussian_is_the_difference_of_deviations():
    features = gaussian(6000)
    features = (features - features.mean(0)) / features.std(0)
    expected = float(((features * 3).std(0) - features.std(0)).square().sum())
    assert fid(features, 3 * features) == pytest.approx(expected, rel=0.02)


def test_kid_is_about_zero_for_one_distribution_and_grows_with_distance():
    same, _ = kid(gaussian(400), gaussian(400, seed=1))
    near, _ = kid(gaussian(400), gaussian(400, 0.5, seed=1))
    far, _ = kid(gaussian(400), gaussian(400, 1.5, seed=1))
    assert abs(same) < 0.05 < near < far


def test_kid_repeats_itself():
    assert kid(gaussian(50), gaussian(50, 1, seed=3)) == kid(gaussian(50), gaussian(50, 1, seed=3))


def test_features_tell_clothes_from_noise():
    clothes = [garment.photo for garment in make_wardrobe(52, size=96)]
    noise = list(np.random.default_rng(0).integers(0, 256, (26, 96, 96, 3), np.uint8))
    features = lite0_features(clothes)
    assert features.shape == (52, 1280)
    assert kid(features[::2], features[1::2])[0] < kid(features[::2], lite0_features(noise))[0] / 5


def test_interval_holds_the_mean_and_shrinks_with_more_values():
    values = np.random.default_rng(0).normal(5, 1, 400)
    mean, low, high = interval(values)
    few = interval(values[:25])
    assert low < mean < high and high - low < few[2] - few[1]
    assert math.isnan(interval([float("nan")])[0])
