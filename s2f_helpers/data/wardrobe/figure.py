"""The shop's figure: a smooth, armless body that wears what the patterns make, before a wall.

Its units are those of the tops: the neck point at y = 0, half a chest about 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from s2f_helpers.data.wardrobe.fabrics import film_grain, ink
from s2f_helpers.data.wardrobe.painting import coverage, soft_shadow
from s2f_helpers.data.wardrobe.pieces import Rng, around, clipped, curve

WALLS = ((216, 213, 206), (198, 206, 210), (212, 200, 188), (190, 200, 190), (222, 208, 206), (176, 180, 188))
SKINS = ((228, 219, 206), (214, 176, 148), (176, 132, 104), (122, 86, 66), (146, 144, 150))
CROWN, WAIST, SOLE = -1.34, 1.65, 5.68
FITS = {"top": (1.0, 0.0), "outer": (1.0, 0.0), "one-piece": (1.0, 0.0), "bottom": (1.0, WAIST),
        "accessory": (0.42, -0.88)}  # fmt: skip
"""For each part of the body: the scale of its patterns there, and the height of their origin."""
LEG = ((2.3, 0.36), (2.8, 0.35), (3.3, 0.28), (3.95, 0.195), (4.4, 0.185), (5.0, 0.125), (5.3, 0.105), (5.5, 0.125),
       (5.63, 0.15), (SOLE, 0.1))  # fmt: skip
"""Height, and half the width of a leg there."""
HEAD = around(curve((0, CROWN), (0.22, -1.27), (0.34, -1.02), (0.345, -0.75), (0.27, -0.46), (0.14, -0.3), (0, -0.26)))


def figure(worn: Mapping[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The outlines of the body that shows around what it wears: those of legs and trunk, and the head's before them.

    ``worn`` holds the points of the garments' outlines by part of the body, in the figure's units. What they
    surely cover is left out, so that no waist or thigh looks out beside a narrow garment.
    """
    upper = worn.keys() & {"top", "outer", "one-piece"}
    waist, trunk_end, leg_start, ankle = 0.52, SOLE, 0.0, 0.34
    brow = FITS["accessory"][1] if "accessory" in worn else CROWN
    if "bottom" in worn:
        points = worn["bottom"]
        waist = min(waist, np.abs(points[points[:, 1] < WAIST + 0.1, 0]).max() - 0.05)
    lowest = next((worn[part] for part in ("bottom", "one-piece", "top", "outer") if part in worn), None)
    if lowest is not None:
        within = lowest[np.abs(lowest[:, 0]) < 1.15]  # sleeves may hang lower than the hem
        end = within[:, 1].max()
        hem = np.abs(within[within[:, 1] > end - 0.12, 0])
        if hem.max() > 0.3:
            trunk_end, leg_start = (1.5 if upper else WAIST + 0.05), end - 0.25
        if hem.min() > 0.04:
            ankle = 0.42 + (0.5 * (hem.min() + hem.max()) - 0.42) * (5.3 - 2.3) / (end - 2.3)
    return [*_legs(ankle, leg_start), _trunk(waist, trunk_end)], [clipped(HEAD, (0, 1), brow)]


def _legs(ankle: float, start: float) -> list[np.ndarray]:
    """Both legs from ``start`` down; ``ankle`` is how far from the middle they end."""
    y, half = np.array(LEG).T
    middle = 0.42 + (ankle - 0.42) * np.minimum(y - 2.3, 3.0) / 3.0
    outer, inner = curve(*zip(middle + half, y, strict=True)), curve(*zip(middle - half, y, strict=True))
    leg = clipped(np.vstack([outer, inner[::-1]]), (0, 1), start)
    return [leg, leg * (-1, 1)]


def _trunk(waist: float, end: float) -> np.ndarray:
    """Neck, shoulders and hips, down to ``end``."""
    neck = ((0.19, -0.55), (0.195, -0.2), (0.25, -0.04), (0.45, 0.09), (0.66, 0.2))
    side = ((0.785, 0.42), (0.77, 0.68), (0.72, 0.95), (0.685, 1.15), (waist, WAIST), (waist + 0.15, 1.98))
    trunk = around(curve(*neck, *side, (0.785, 2.36), (0.76, 2.62), (0.42, 2.86), (0, 2.84)))
    return clipped(trunk, (0, -1), -end)


def skin(pieces: Iterable[list[np.ndarray]], size: int, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """A smooth body, each piece (some outlines) before the last: its cover, and the light on it, about 1.

    Both are (size, size) ``float32``; ``unit`` is the length of the body's unit in pixels.
    """
    cover, light = np.zeros((size, size), np.float32), np.ones((size, size), np.float32)
    for outlines in pieces:
        alpha = coverage(outlines, size)
        if not alpha.any():
            continue
        light *= 1 - 0.35 * soft_shadow(alpha, (0, 0.1 * unit), 0.1 * unit)
        rounded = 0.64 + 0.44 * soft_shadow(alpha, (-0.09 * unit, -0.07 * unit), 0.15 * unit)
        light += alpha * (rounded - light)
        cover = np.maximum(cover, alpha)
    return cover, light


def studio(shape: np.ndarray, rng: Rng, unit: float, sole: float) -> np.ndarray:
    """(3, size, size) ``float32``: a wall and a floor with the shadow of ``shape``, whose feet are at y = ``sole``."""
    size = len(shape)
    y = np.arange(size, dtype=np.float32)[:, None]
    tone = 1.05 - 0.1 / size * y - 0.06 / size * y.T
    tone *= 1 - 0.12 * np.clip((y - sole) / unit + 0.5, 0, 0.25) / 0.25
    tone *= 1 - 0.32 * soft_shadow(shape, (0.16 * unit, 0.12 * unit), 0.16 * unit)
    return ink(WALLS[rng.integers(len(WALLS))]) * tone + 1.2 * film_grain(size, size)


def add_skin(photo: np.ndarray, bare: np.ndarray, light: np.ndarray, rng: Rng) -> None:
    """Draw a body (see :func:`skin`) on (3, size, size) planes, in place."""
    photo *= 1 - bare
    photo += ink(SKINS[rng.integers(len(SKINS))]) * (bare * light)
