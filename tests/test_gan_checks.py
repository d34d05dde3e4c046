"""The self-checks of notebooks 03 and 04 against their solutions and against wrong answers that learners give."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from s2f_helpers.common.types import Sketch
from s2f_helpers.data import make_wardrobe
from s2f_helpers.gan.checks import check_flatterer, check_kernel_distance, check_rearranged, check_window
from s2f_helpers.sketch import colorize, make_sketch, resize_picture, scatter_hints


@pytest.fixture(scope="module")
def hoodie():
    return make_wardrobe(5, seed=10_000)[4]


@pytest.fixture(scope="module")
def small(hoodie):
    return resize_picture(hoodie.photo, hoodie.mask, 128)[0]


@pytest.fixture(scope="module")
def asked(hoodie):
    lines = make_sketch(hoodie.photo, hoodie.mask, 0, np.random.default_rng(4)).lines
    return Sketch(lines, *scatter_hints(hoodie.photo, hoodie.mask, 15, np.random.default_rng(4)))


def test_a_stub_is_not_yet_right(hoodie, small, asked, capsys):
    def unwritten(*_):
        raise NotImplementedError

    checks = (check_window, ()), (check_rearranged, (small,)), (check_kernel_distance, ())
    for check_it, rest in (*checks, (check_flatterer, (asked, hoodie))):
        assert check_it(unwritten, *rest) is False
        assert capsys.readouterr().out.startswith("not yet: it still raises NotImplementedError")


# notebook 03


def window(layers):
    side = 1
    for kernel, stride in reversed(layers):
        side = (side - 1) * stride + kernel
    return side


def stride_too_early(layers):
    side, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        side += (kernel - 1) * step
    return side


@pytest.mark.parametrize(
    "function, said",
    [
        (window, "Right:"),
        (lambda layers: sum(kernel for kernel, _ in layers), "overlap"),
        (lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers), "lie 2 pixels apart"),  # strides forgotten
        (stride_too_early, "sees its kernel"),
        (lambda layers: window(layers[::-1]), "lie 2 pixels apart"),  # walked from the wrong end
        (lambda layers: None, "you say None"),
    ],
)
def test_window(function, said, capsys):
    assert check_window(function) is (said == "Right:")
    assert said in capsys.readouterr().out


REARRANGED = {
    "moved by half": (lambda photo: np.roll(photo, photo.shape[1] // 2, axis=1), "Right:"),
    "unchanged": (lambda photo: photo, "blank paper"),
    "blurred": (lambda photo: cv2.GaussianBlur(photo, (0, 0), 3), "blank paper"),
    "upside down": (lambda photo: photo[::-1].copy(), "blank paper"),
    "negative": (lambda photo: 255 - photo, "the texture loss notices"),
    "noise": (lambda photo: np.random.default_rng(0).permutation(photo.ravel()).reshape(photo.shape), "notices"),
    "a tensor's numbers": (lambda photo: photo / 127.5 - 1, "expected uint8"),
}


@pytest.mark.parametrize("name", REARRANGED)
def test_rearranged(name, small, capsys):
    function, said = REARRANGED[name]
    assert check_rearranged(function, small) is (said == "Right:")
    assert said in capsys.readouterr().out


# notebook 04


def alike(ones, others):
    return (ones @ others.T / ones.shape[1] + 1) ** 3


def off_diagonal(rows):
    both = alike(rows, rows)
    return (both.sum() - np.trace(both)) / (len(rows) * (len(rows) - 1))


def kernel_distance(ones, others):
    return off_diagonal(ones) + off_diagonal(others) - 2 * alike(ones, others).mean()


def with_itself(ones, others):
    return alike(ones, ones).mean() + alike(others, others).mean() - 2 * alike(ones, others).mean()


def not_divided(ones, others):
    """As if the kernel were (a · b + 1) ** 3."""
    root = ones.shape[1] ** 0.5
    return kernel_distance(ones * root, others * root)


@pytest.mark.parametrize(
    "function, said",
    [
        (kernel_distance, "Right:"),
        (with_itself, "also compared with itself"),
        (not_divided, "written down twice"),
        (lambda ones, others: kernel_distance(ones, others) + alike(ones, others).mean(), "for crowds of"),  # once only
        (lambda ones, others: alike(ones, others), "array of shape (6, 4)"),
    ],
)
def test_kernel_distance(function, said, capsys):
    assert check_kernel_distance(function) is (said == "Right:")
    assert said in capsys.readouterr().out


def nearest_dot(sketch):
    """Every pixel in the colour of the dot that is nearest to it."""
    _, place = cv2.distanceTransformWithLabels(
        (~sketch.hint_mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colors = np.zeros((place.max() + 1, 3), np.uint8)
    colors[place[sketch.hint_mask]] = sketch.hints[sketch.hint_mask]
    return colors[place]


def with_lines(sketch):
    picture = nearest_dot(sketch)
    picture[sketch.lines > 127] = 0
    return picture


def one_colour(sketch):
    return np.broadcast_to(sketch.hints[sketch.hint_mask].mean(0).astype(np.uint8), sketch.hints.shape).copy()


@pytest.mark.parametrize(
    "function, said",
    [
        (with_lines, "Right:"),
        (nearest_dot, "the line recall"),  # no lines
        (lambda sketch: sketch.preview(), "the ring ΔE"),  # the dots alone
        (one_colour, "the line recall"),
        (colorize, "the ring ΔE"),  # a dot that missed its part
        (lambda sketch: with_lines(sketch)[..., 0], "expected uint8 of shape"),
    ],
)
def test_flatterer(function, said, asked, hoodie, capsys):
    assert check_flatterer(function, asked, hoodie) is (said == "Right:")
    assert said in capsys.readouterr().out


def test_the_photo_is_no_flatterer(asked, hoodie, capsys):
    assert check_flatterer(lambda sketch: hoodie.photo, asked, hoodie) is False
    assert "the ring ΔE" in capsys.readouterr().out
