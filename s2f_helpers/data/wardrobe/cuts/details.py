"""What is sewn on a body: collars, hoods, plackets, buttons, pockets and prints."""

from __future__ import annotations

import numpy as np

from s2f_helpers.data.wardrobe.cuts.part import Part, Rng, around, band, both, box, curve, disc, line, shifted, whole
from s2f_helpers.data.wardrobe.cuts.torso import Torso


def folded_collar(t: Torso, spread: float, tall: float) -> list[Part]:
    """A shirt's collar: the stand behind, two flaps in front."""
    n, d = t.neck, t.drop
    stand = whole(curve((0, -0.13), (0.6 * n, -0.14), (0.98 * n, -0.08)))
    inside = Part(np.vstack([stand, whole(curve((0, 0.08), (n, 0.05)))[::-1]]), "plain", behind=True)
    inner = curve((0.01, d), (0.55 * n, 0.62 * d), (0.92 * n, -0.08))
    outer = curve((0.92 * n, -0.08), (1.2 * n, -0.01), (1.28 * n, 0.14))
    flap = Part(np.vstack([inner, outer, line((spread * n, d + tall))]), "plain", grain=0.5)
    return [inside, *both(flap)]


def turtleneck(t: Torso, tall: float) -> list[Part]:
    n = t.neck
    side = curve((0.84 * n, -tall), (0.9 * n, -0.5 * tall), (1.12 * n, 0.06))
    foot = curve((1.12 * n, 0.06), (0.6 * n, 0.17), (0, 0.2))
    lip = curve((0, -tall - 0.04), (0.84 * n, -tall))
    fold = whole(curve((0, -0.3 * tall + 0.08), (0.6 * n, -0.3 * tall + 0.05), (0.93 * n, -0.3 * tall)))
    return [Part(around(np.vstack([lip, side, foot])), "rib", seams=(fold,), creases=(fold,))]


def lapels(t: Torso, wide: float, notch: float) -> list[Part]:
    """A tailored collar: the roll behind the neck, and two lapels that end where the coat closes."""
    n, d = t.neck, t.drop
    roll = whole(curve((0, -0.12), (0.6 * n, -0.12), (1.0 * n, -0.06)))
    stand = Part(np.vstack([roll, whole(curve((0, 0.06), (n, 0.04)))[::-1]]), "plain", behind=True)
    inner = curve((0.0, d), (0.5 * n, 0.5 * d), (0.88 * n, 0.12 * d), (0.9 * n, -0.08))
    peak = np.array([n * 0.95 + wide, notch])
    edge = curve(peak, (0.62 * n + 0.5 * wide, 0.55 * (d + notch)), (0.02, d + 0.03))
    lapel = Part(np.vstack([inner, line((n + 0.06, 0.02), (n + 0.1, notch - 0.04)), edge]), grain=0.25)
    outer = curve((0.9 * n, -0.09), (1.15 * n, -0.03), (n + 0.12, 0.12))
    corner = line((n + 0.8 * wide, notch - 0.12), (n * 0.72 + 0.3 * wide, notch + 0.02))
    fold = curve((0.78 * n, 0.18), (0.86 * n, 0.05), (0.9 * n, -0.09))
    upper = Part(np.vstack([outer, corner, fold]), "plain")
    return [stand, *both(lapel), *both(upper)]


def placket(x: float, top: float, bottom: float, width: float, buttons: int) -> list[Part]:
    ys = np.linspace(top + 0.14, bottom - 0.22, buttons)
    strip = Part(box(x - width, top, x + width, bottom), "plain")
    return [strip, *(Part(disc(x, y, 0.038), "button") for y in ys)]


def buttons(x: float, top: float, bottom: float, count: int, radius: float = 0.05) -> list[Part]:
    return [Part(disc(x, y, radius), "button") for y in np.linspace(top, bottom, count)]


def shield(x: float, y: float, wide: float, side: float, tall: float) -> np.ndarray:
    """A pentagon that hangs from (x, y), the middle of its upper edge."""
    r = 0.5 * wide
    return line((x - r, y), (x + r, y), (x + r, y + side), (x, y + tall), (x - r, y + side))


def patch_pocket(x: float, y: float, wide: float, tall: float) -> list[Part]:
    """A pocket sewn on; ``x`` is its middle."""
    bag = shield(x, y, wide, 0.85 * tall, tall)
    hem = line((x - 0.5 * wide, y + 0.16 * tall), (x + 0.5 * wide, y + 0.16 * tall))
    return [Part(bag, stitches=(shifted(bag, 0.03)[1:], hem))]


def flap_pocket(x: float, y: float, wide: float, tall: float) -> list[Part]:
    """A pocket under a buttoned flap."""
    lid = shield(x, y, wide, 0.25 * tall, 0.36 * tall)
    bag = Part(shield(x, y, wide, 0.85 * tall, tall))
    return [bag, Part(lid), Part(disc(x, y + 0.22 * tall, 0.035), "button")]


def welt(x0: float, x1: float, y: float, tall: float, lean: float = 0.05) -> list[Part]:
    return both(Part(line((x0, y), (x1, y - lean), (x1, y + tall - lean), (x0, y + tall))))


def hood(rng: Rng, t: Torso) -> list[Part]:
    """A hood lying flat above the neck, its opening towards us."""
    tall, wide = rng.uniform(0.8, 1.0), rng.uniform(0.56, 0.66)
    foot = (t.neck + 0.09, 0.12)
    outer = curve((0, -tall), (0.6 * wide, -0.94 * tall), (wide, -0.5 * tall), (0.97 * wide, -0.1), foot)
    shell = np.vstack([outer, curve(foot, (0.26, 0.34), (0, 0.42))])
    gap = 0.62 * wide
    upper = ((0, -0.8 * tall), (0.75 * gap, -0.7 * tall), (gap, -0.38 * tall))
    opening = curve(*upper, (0.6 * gap, 0), (0, 0.26))
    rim = whole(opening)
    lap = curve((0, 0.26), (0.05, 0.34), (0.02, 0.42))
    return [
        Part(around(shell), seams=(lap,), behind=True),
        Part(around(opening), "lining", creases=(rim,), behind=True),
        Part(band(rim, -0.07), "plain", behind=True),
    ]


def drawstrings(rng: Rng) -> list[Part]:
    x, y, long = 0.16, 0.3, rng.uniform(0.45, 0.75)
    cord = curve((x, y), (x + rng.uniform(0, 0.08), y + 0.5 * long), (x + rng.uniform(-0.06, 0.06), y + long))
    return both(Part(band(cord, 0.035), "trim"))


def chest_print(rng: Rng, t: Torso) -> list[Part]:
    """A plain figure printed on the chest: a bar, a disc or a star."""
    y, r = t.drop + rng.uniform(0.55, 0.75), rng.uniform(0.22, 0.36)
    turn = np.arange(10) * np.pi / 5 - np.pi / 2
    reach = r * np.where(np.arange(10) % 2, 0.45, 1.0)
    star = np.stack([reach * np.cos(turn), y + reach * np.sin(turn)], 1)
    figures = (box(-1.6 * r, y - 0.4 * r, 1.6 * r, y + 0.4 * r), disc(0, y, r), star)
    return [Part(figures[rng.integers(3)], "trim")]
