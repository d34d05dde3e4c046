"""Dresses, bodysuits and jumpsuits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s2f_helpers.data.wardrobe.cuts import details
from s2f_helpers.data.wardrobe.cuts.bottoms import rays
from s2f_helpers.data.wardrobe.cuts.part import (
    MIRROR,
    Part,
    Rng,
    around,
    band,
    both,
    box,
    chance,
    curve,
    disc,
    line,
    whole,
)
from s2f_helpers.data.wardrobe.cuts.torso import Torso, inside


def strap_torso(rng: Rng) -> tuple[Torso, np.ndarray, np.ndarray]:
    """A sleeveless bodice: its measurements, its neckline and its armhole."""
    x = rng.uniform(0.4, 0.5)
    t = Torso.drawn(rng, neck=x, shoulder=x + rng.uniform(0.07, 0.24), slope=0.05, drop=rng.uniform(0.4, 0.75))
    t = replace(t, chest=0.86, armhole=0.95)
    neck = curve((0, t.drop), (0.6 * x, 0.92 * t.drop), (0.9 * x, 0.5 * t.drop), (x, 0))
    arm = curve(t.tip, (t.shoulder, 0.5), (0.72, 0.86), t.underarm)
    return t, neck, arm


def bodice(rng: Rng) -> tuple[Torso, np.ndarray, np.ndarray, list[Part], list[Part]]:
    """The upper half of a garment in one piece: with straps, short or long sleeves.

    Returns its measurements, neckline, armhole, and the pieces that lie behind it and on it.
    """
    kind = rng.choice(["straps", "short", "long"], p=[0.45, 0.35, 0.2])
    if kind == "straps":
        t, neck, arm = strap_torso(rng)
        edges = [Part(band(whole(neck), 0.06), "plain"), *both(Part(band(arm, 0.055), "plain"))]
        n, d = t.neck, t.drop
        rear = curve((0, 0.6 * d), (0.6 * n, 0.5 * d), (0.92 * n, 0.25 * d), (n, 0))
        return t, neck, arm, [inside(rear, neck, 0.03)], edges
    t = Torso.drawn(rng, chest=0.86, shoulder=0.8, neck=rng.uniform(0.36, 0.44), armhole=0.9)
    t = replace(t, drop=t.drop + rng.uniform(0, 0.3))
    neck = t.v_neck() if chance(rng, 0.4) else t.round_neck()
    rear, fore = t.neckband(neck, 0.065, "plain")
    arms = t.short_sleeve(rng) if kind == "short" else t.long_sleeve(rng, 0, 0.5)
    return t, neck, t.armline(), [t.back(neck), rear, *arms], [fore]


def dress(rng: Rng) -> list[Part]:
    t, neck, arm, behind, edges = bodice(rng)
    waist, length = rng.uniform(1.5, 1.85), rng.uniform(3.3, 4.4)
    half = 0.86 * rng.uniform(0.74, 0.96)
    hem = half + rng.uniform(0.1, 0.42) * (length - waist)
    sag = 0.14 * (hem - half)
    side = curve(t.underarm, (half, waist), (0.45 * half + 0.55 * hem, 0.5 * (waist + length)), (hem, length))
    end = curve((hem, length), (0.55 * hem, length + 0.8 * sag), (0, length + sag))
    seam = whole(curve((0, waist + 0.03), (0.5 * half, waist + 0.02), (half - 0.01, waist)))
    folds = rays(half, hem, waist + 0.1, length, sag, int(rng.integers(5, 10)))
    seams = (seam, *folds) if chance(rng, 0.25) else (seam,)
    turn = whole(end[::-1] * (0.985, 1)) - (0, 0.08)
    cloth = Part(around(np.vstack([neck, arm, side, end])), seams=seams, stitches=(turn,), creases=folds)
    sash = [Part(band(seam - (0, 0.07), 0.15), "trim")] if chance(rng, 0.35) else []
    return [*behind, cloth, *sash, *edges]


def bodysuit(rng: Rng) -> list[Part]:
    return jumpsuit(rng) if chance(rng, 0.35) else body(rng)


def body(rng: Rng) -> list[Part]:
    """A bodysuit with cut-out legs, closed at the crotch with snaps."""
    t, neck, arm, behind, edges = bodice(rng)
    cut, end = rng.uniform(1.95, 2.25), rng.uniform(2.75, 2.95)
    hip = 0.86 * rng.uniform(0.98, 1.08)
    side = curve(t.underarm, (0.86 * rng.uniform(0.82, 0.95), 1.45), (hip, cut))
    opening = curve((hip, cut), (0.6 * hip, cut + 0.26), (0.34, cut + 0.52), (0.22, end))
    foot = line((0.22, end), (0, end + 0.02))
    cloth = Part(around(np.vstack([neck, arm, side, opening, foot])))
    rims = both(Part(band(opening, 0.06), "plain"))
    flap = Part(box(-0.22, end - 0.13, 0.22, end + 0.01), "plain")
    snaps = [Part(disc(x, end - 0.06, 0.032), "button") for x in (-0.13, 0, 0.13)]
    return [*behind, cloth, *rims, flap, *snaps, *edges]


def jumpsuit(rng: Rng) -> list[Part]:
    """A bodice and trousers in one."""
    t, neck, arm, behind, edges = bodice(rng)
    waist, half = rng.uniform(1.45, 1.65), 0.86 * rng.uniform(0.78, 0.92)
    crotch, length = waist + 1.1, rng.uniform(3.0, 4.5)
    wide, at = rng.uniform(0.5, 0.72), rng.uniform(0.42, 0.56)
    outer = at + 0.5 * wide
    knee = (outer + 0.05 * wide, 0.5 * (crotch + length))
    side = curve(t.underarm, (half, waist), (0.88, waist + 0.55), knee, (outer, length))
    inside = curve((max(0.06, at - 0.5 * wide), length), (0.1, crotch + 0.3), (0, crotch))
    middle, wrinkle = line((0, waist + 0.1), (0, crotch)), line((0.1, crotch - 0.2), (0.5, crotch - 0.05))
    half_body = np.vstack([neck, arm, side, inside])
    cloth = Part(around(half_body), seams=(middle,), creases=(wrinkle, wrinkle * MIRROR))
    belt_line = whole(curve((0, waist - 0.02), (half, waist - 0.06)))
    belt = Part(band(belt_line, 0.15), "trim" if chance(rng, 0.4) else "plain")
    strip = details.placket(0, t.drop - 0.02, waist, 0.07, 4) if chance(rng, 0.5) else []
    return [*behind, cloth, *strip, belt, *edges]
