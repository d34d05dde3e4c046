"""The self-checks of notebook 00; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from s2f_helpers.common.checks import NotYet, check, choice
from s2f_helpers.common.types import Garment

__all__ = ["check_independence", "check_renamed", "check_two_colors"]

DOTS = ((200, 170, "left"), (205, 350, "left"), (310, 180, "right"), (310, 360, "right"), (256, 250, "middle"))
SIDES = {"left": (31, 111, 180), "right": (242, 200, 50)}  # as #1f6fb4 and #f2c832


@check("one drawing, two colours, and an array that the pipeline can read.")
def check_two_colors(function: Callable[[str, str], np.ndarray]) -> None:
    """``function(left, right)``: the T-shirt's drawing, (512, 512, 3) ``uint8``, its dots in two colours."""
    page = function("#1f6fb4", "#f2c832")
    if not isinstance(page, np.ndarray):
        raise NotYet(f"expected a numpy array, got {type(page).__name__}; draw_t_shirt shows how its page becomes one")
    if page.shape != (512, 512, 3) or page.dtype != np.uint8:
        raise NotYet(f"expected uint8 of shape (512, 512, 3), got {page.dtype} of shape {page.shape}")
    if not (page.max(axis=2) < 60).any():
        raise NotYet("the outline is missing: black lines belong to the drawing")
    for x, y, side in DOTS:
        wanted, seen = SIDES["right" if side == "middle" else side], tuple(page[y, x].tolist())
        if seen != wanted and side == "middle":
            raise NotYet("a dot on the middle line itself (x = 256) belongs to the right side")
        if seen != wanted:
            raise NotYet(f"the dot at ({x}, {y}) lies on the {side}: expected the colour {wanted}, got {seen}")


@check("you did not touch a single weight, and the name changed: the outline alone decides a good deal.")
def check_renamed(half: Sequence[tuple[float, float]], look: Callable[[Sequence], list[Garment]]) -> None:
    """``half``: the right half of an outline that the detector takes for something else than a T-shirt."""
    points = np.asarray(half, float)
    if points.ndim != 2 or points.shape[1] != 2 or not 6 <= len(points) <= 12:
        raise NotYet(f"expected six to twelve points (x, y), got an array of shape {points.shape}")
    if (points[:, 0] < 256).any() or (points < 0).any() or (points > 511).any():
        raise NotYet("a point lies left of the middle or off the page: x goes from 256 to 511, y from 0 to 511")
    found = look(half)
    if not found:
        raise NotYet("the detector finds no garment at all: make it find one and get the name wrong")
    if found[0].category == "t-shirt":
        raise NotYet(f"the detector still says t-shirt (score {found[0].score:.2f}): what makes a T-shirt one?")


check_independence = choice(
    "b",
    "what it says is evidence about the painting, because nothing else could have told it.",
    {
        "a": "time was not the question: what could you no longer conclude, had it seen your drawing?",
        "c": "had it known what you meant, would it agree with you more often or less?",
        "d": "a network can be given more channels: how does the generator get the hints?",
    },
)
