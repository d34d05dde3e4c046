"""The shop's figure: a smooth, armless body that wears what the patterns make.

Its units are those of the tops: the neck point at y = 0, half a chest about 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from s2f_helpers.data.wardrobe.cuts.part import around, clipped, curve

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
