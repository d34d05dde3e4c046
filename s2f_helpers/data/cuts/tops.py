"""T-shirts, shirts, tank tops and hoodies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s2f_helpers.data.cuts.details import (
    chest_print,
    drawstrings,
    flap_pocket,
    folded_collar,
    hood,
    patch_pocket,
    placket,
    turtleneck,
)
from s2f_helpers.data.cuts.part import (
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
    nudged,
    shifted,
    whole,
)
from s2f_helpers.data.cuts.torso import (
    back,
    button_sleeve,
    front,
    long_sleeve,
    neckband,
    round_neck,
    short_sleeve,
    torso,
    v_neck,
)

__all__ = ["hoodie", "longsleeve", "shirt", "t_shirt", "tank_top"]


def t_shirt(rng: Rng) -> list[Part]:
    if chance(rng, 0.2):
        return polo(rng)
    t = torso(rng)
    vee = chance(rng, 0.3)
    t = replace(t, drop=t.drop + 0.22 * vee)
    neck = v_neck(t) if vee else round_neck(t)
    rear, fore = neckband(t, neck, rng.uniform(0.07, 0.12), "trim" if chance(rng, 0.15) else "rib")
    extra = chest_print(rng, t) if chance(rng, 0.3) else []
    if not extra and chance(rng, 0.25):
        extra = patch_pocket(0.45 * t.chest, 0.72, 0.4, 0.46)
    return [back(t, neck), rear, *short_sleeve(rng, t), front(t, neck), fore, *extra]


def polo(rng: Rng) -> list[Part]:
    t = torso(rng, drop=0.3)
    neck = v_neck(t)
    strip = placket(0, t.drop - 0.02, t.drop + rng.uniform(0.5, 0.65), 0.075, 3)
    return [back(t, neck), *short_sleeve(rng, t), front(t, neck), *strip, *folded_collar(t, 0.85, 0.2)]


def longsleeve(rng: Rng) -> list[Part]:
    t = torso(rng, length=rng.uniform(2.4, 2.8))
    kind = rng.choice(["crew", "v", "turtle"], p=[0.55, 0.2, 0.25])
    t = replace(t, drop=t.drop + 0.3 * (kind == "v"))
    rib = rng.uniform(0.14, 0.26) if chance(rng, 0.7) else 0.0
    neck = v_neck(t) if kind == "v" else round_neck(t)
    arms = long_sleeve(rng, t, rib)
    body = front(t, neck, **({"stitches": ()} if rib else {}))
    hem = [Part(band(whole(t.hemline()[::-1] * (0.98, 1)), -0.9 * rib), "rib")] if rib else []
    if kind == "turtle":
        roll = turtleneck(t, rng.uniform(0.32, 0.5))
        return [*arms, body, *hem, *roll]
    rear, fore = neckband(t, neck, rng.uniform(0.07, 0.13), "rib")
    return [back(t, neck), rear, *arms, body, *hem, fore]


def shirt(rng: Rng) -> list[Part]:
    t = torso(rng, drop=rng.uniform(0.26, 0.34), length=rng.uniform(2.55, 2.95))
    t = replace(t, bend=rng.uniform(0.05, 0.3), hem=t.chest * rng.uniform(0.92, 1.02))
    yoke = whole(curve((0.45 * t.chest, 0.36), (t.shoulder - 0.06, 0.4)))
    yokes = (yoke[: len(yoke) // 2], yoke[len(yoke) // 2 :])
    neck = v_neck(t)
    arms = button_sleeve(rng, t) if chance(rng, 0.7) else short_sleeve(rng, t)
    strip = placket(0, t.drop - 0.03, t.length + t.bend - 0.005, 0.075, int(rng.integers(5, 8)))
    sewn = flap_pocket if chance(rng, 0.3) else patch_pocket
    pockets = sewn(0.47, 0.8, 0.42, 0.5) if chance(rng, 0.65) else []
    if pockets and chance(rng, 0.4):
        pockets += [p.moved(lambda q: q * MIRROR) for p in pockets]
    collar = folded_collar(t, rng.uniform(0.7, 1.05), rng.uniform(0.2, 0.32))
    return [back(t, neck), *arms, front(t, neck, seams=yokes), *strip, *pockets, *collar]


def tank_top(rng: Rng) -> list[Part]:
    straps = rng.uniform(0.1, 0.26)
    neck_x = rng.uniform(0.42, 0.52)
    t = torso(rng, neck=neck_x, shoulder=neck_x + straps, slope=0.06, drop=rng.uniform(0.55, 0.9))
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
    inside = np.vstack([rear, nudged(neck[::-1], 0, 0.04)])
    return [Part(around(inside), "lining"), Part(around(half), stitches=(hem,)), *edges]


def hoodie(rng: Rng) -> list[Part]:
    t = torso(rng, neck=0.42, drop=0.24, length=rng.uniform(2.3, 2.65), waist=1.02)
    rib = rng.uniform(0.15, 0.24)
    body = front(t, round_neck(t), stitches=())
    hem = Part(band(whole(t.hemline()[::-1] * (0.97, 1)), -rib), "rib")
    zipped = chance(rng, 0.35)
    y0, y1 = t.length - rng.uniform(0.75, 0.95), t.length - rib - 0.02
    inner, outer = rng.uniform(0.3, 0.4), rng.uniform(0.56, 0.68)
    slit = curve((inner, y0), (outer - 0.06, y0 + 0.25), (outer, y0 + 0.5))
    pouch = around(np.vstack([line((0, y0)), slit, line((outer, y1), (0, y1))]))
    slits = (shifted(slit, 0.05), shifted(slit, 0.05) * MIRROR)
    zip_line = [Part(box(-0.035, t.drop, 0.035, t.length + t.bend - 0.01), "trim")] if zipped else []
    pocket = Part(pouch, stitches=slits)
    return [*long_sleeve(rng, t, rib, 0.6), body, hem, pocket, *zip_line, *hood(rng, t), *drawstrings(rng)]
