"""Shared fixtures. Tests that need the open photos skip, with the reason, where no mirror is named; in CI they fail."""

from __future__ import annotations

import os

import numpy as np
import pytest

from s2f_helpers.common.types import Sketch
from s2f_helpers.data.clothing import photos_on_disk


@pytest.fixture(scope="session")
def photos():
    """The validation photos, from the mirror or from an earlier download."""
    if not (os.environ.get("S2F_MIRROR") or photos_on_disk()):
        stop = pytest.fail if os.environ.get("CI") else pytest.skip  # CI has them, so a skip there would hide a fault
        stop("the open photos are not here: set S2F_MIRROR to a folder that holds their archive")
    from s2f_helpers.data import load_photos

    return load_photos("val")


@pytest.fixture
def t_shirt() -> Sketch:
    """A T-shirt as a hand draws it (outline only), with one red dot on the chest."""
    return draw_t_shirt((200, 20, 30))


def draw_t_shirt(color: tuple[int, int, int], at: tuple[int, int] = (128, 130)) -> Sketch:
    import cv2

    outline = np.array(
        [(96, 52), (60, 66), (30, 112), (58, 130), (74, 108), (74, 214), (182, 214), (182, 108), (198, 130),
         (226, 112), (196, 66), (160, 52), (144, 66), (112, 66)], np.int32,
    )  # fmt: skip
    lines = np.zeros((256, 256), np.uint8)
    cv2.polylines(lines, [outline], True, 255, 3, cv2.LINE_AA)
    hints, mask = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), np.uint8)
    cv2.circle(mask, at, 5, 1, -1)
    hints[mask > 0] = color
    return Sketch(lines, hints, mask.astype(bool))


@pytest.fixture
def draw():
    """The function that draws the T-shirt with a dot of any colour, anywhere."""
    return draw_t_shirt
