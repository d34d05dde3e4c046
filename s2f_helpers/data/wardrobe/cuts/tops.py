"""T-shirts, shirts, tank tops and hoodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s2f_helpers.data.wardrobe.cuts import details
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
    line,
    shifted,
    whole,
)
from s2f_helpers.data.wardrobe.cuts.torso import Torso, inside


def t_shirt(rng: Rng) -> list[Part]:
    if chance(rng, 0.2):
        return polo(rng)
    t = Torso.drawn(rng)
    vee = chance(rng, 0.3)
    t = replace(t, drop=t.drop + 0.22 * vee)
    neck = t.v_neck() if vee else t.round_neck()
    rear, fore = t.neckband(neck, rng.uniform(0.07, 0.12), "trim" if chance(rng, 0.15) else "rib")
    extra = details.chest_print(rng, t) if chance(rng, 0.3) else []
    if not extra and chance(rng, 0.25):
        extra = details.patch_pocket(0.45 * t.chest, 0.72, 0.4, 0.46)
    return [t.back(neck), rear, *t.short_sleeve(rng), t.front(neck), fore, *extra]


def polo(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, drop=0.3)
    neck = t.v_neck()
    strip = details.placket(0, t.drop - 0.02, t.drop + rng.uniform(0.5, 0.65), 0.075, 3)
    return [t.back(neck), *t.short_sleeve(rng), t.front(neck), *strip, *details.folded_collar(t, 0.85, 0.2)]


def longsleeve(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, length=rng.uniform(2.4, 2.8))
    kind = rng.choice(["crew", "v", "turtle"], p=[0.55, 0.2, 0.25])
    t = replace(t, drop=t.drop + 0.3 * (kind == "v"))
    rib = rng.uniform(0.14, 0.26) if chance(rng, 0.7) else 0.0
    neck = t.v_neck() if kind == "v" else t.round_neck()
    arms = t.long_sleeve(rng, rib)
    body = t.front(neck, **({"stitches": ()} if rib else {}))
    hem = [Part(band(whole(t.hemline()[::-1] * (0.98, 1)), -0.9 * rib), "rib")] if rib else []
    if kind == "turtle":
        roll = details.turtleneck(t, rng.uniform(0.32, 0.5))
        return [*arms, body, *hem, *roll]
    rear, fore = t.neckband(neck, rng.uniform(0.07, 0.13), "rib")
    return [t.back(neck), rear, *arms, body, *hem, fore]


def shirt(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, drop=rng.uniform(0.26, 0.34), length=rng.uniform(2.55, 2.95))
    t = replace(t, bend=rng.uniform(0.05, 0.3), hem=t.chest * rng.uniform(0.92, 1.02))
    yoke = whole(curve((0.45 * t.chest, 0.36), (t.shoulder - 0.06, 0.4)))
    yokes = (yoke[: len(yoke) // 2], yoke[len(yoke) // 2 :])
    neck = t.v_neck()
    arms = t.button_sleeve(rng) if chance(rng, 0.7) else t.short_sleeve(rng)
    strip = details.placket(0, t.drop - 0.03, t.length + t.bend - 0.005, 0.075, int(rng.integers(5, 8)))
    sewn = details.flap_pocket if chance(rng, 0.3) else details.patch_pocket
    pockets = sewn(0.47, 0.8, 0.42, 0.5) if chance(rng, 0.65) else []
    if pockets and chance(rng, 0.4):
        pockets += [p.moved(lambda q: q * MIRROR) for p in pockets]
    collar = details.folded_collar(t, rng.uniform(0.7, 1.05), rng.uniform(0.2, 0.32))
    return [t.back(neck), *arms, t.front(neck, seams=yokes), *strip, *pockets, *collar]


def tank_top(rng: Rng) -> list[Part]:
    straps = rng.uniform(0.1, 0.26)
    neck_x = rng.uniform(0.42, 0.52)
    t = Torso.drawn(rng, neck=neck_x, shoulder=neck_x + straps, slope=0.06, drop=rng.uniform(0.55, 0.9))
    t = replace(t, armhole=rng.uniform(0.95, 1.15), length=rng.uniform(2.3, 2.9), chest=t.chest * 0.95)
    x, s = t.shoulder, t.armhole
    arm = curve(t.tip, (x - 0.02, 0.55 * s), (x + 0.45 * (t.chest - x), 0.88 * s), t.underarm)
    neck = curve((0, t.drop), (0.55 * neck_x, 0.9 * t.drop), (0.9 * neck_x, 0.5 * t.drop), (neck_x, 0))
    half = np.vstack([neck, arm, t.side(), t.hemline()])
    wide = 0.045
    hem = whole(t.hemline()[::-1] * (0.97, 1)) - (0, 0.08)
    trim = "trim" if chance(rng, 0.3) else "rib"
    edges = [Part(band(whole(neck), wide), trim), *both(Part(band(arm, wide), trim))]
    rear = curve((0, 0.5 * t.drop), (0.6 * neck_x, 0.42 * t.drop), (0.92 * neck_x, 0.2 * t.drop), (neck_x, 0))
    return [inside(rear, neck, 0.04), Part(around(half), stitches=(hem,)), *edges]


def hoodie(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, neck=0.42, drop=0.24, length=rng.uniform(2.3, 2.65), waist=1.02)
    rib = rng.uniform(0.15, 0.24)
    body = t.front(t.round_neck(), stitches=())
    hem = Part(band(whole(t.hemline()[::-1] * (0.97, 1)), -rib), "rib")
    zipped = chance(rng, 0.35)
    y0, y1 = t.length - rng.uniform(0.75, 0.95), t.length - rib - 0.02
    inner, outer = rng.uniform(0.3, 0.4), rng.uniform(0.56, 0.68)
    slit = curve((inner, y0), (outer - 0.06, y0 + 0.25), (outer, y0 + 0.5))
    pouch = around(np.vstack([line((0, y0)), slit, line((outer, y1), (0, y1))]))
    slits = (shifted(slit, 0.05), shifted(slit, 0.05) * MIRROR)
    zip_line = [Part(box(-0.035, t.drop, 0.035, t.length + t.bend - 0.01), "trim")] if zipped else []
    sewn_on = [Part(pouch, stitches=slits), *zip_line]
    return [*t.long_sleeve(rng, rib, 0.6), body, hem, *sewn_on, *details.hood(rng, t), *details.drawstrings(rng)]
