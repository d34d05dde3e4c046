"""Coats and jackets: a torso that opens in front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s2f_helpers.data.wardrobe.cuts import details
from s2f_helpers.data.wardrobe.cuts.part import Part, Rng, band, both, box, chance, curve, line, nudged, whole
from s2f_helpers.data.wardrobe.cuts.torso import Torso


def coat(rng: Rng) -> list[Part]:
    return (wool_coat, parka, puffer)[rng.choice(3, p=[0.5, 0.25, 0.25])](rng)


def jacket(rng: Rng) -> list[Part]:
    return (blazer, denim_jacket, cardigan)[rng.choice(3, p=[0.5, 0.3, 0.2])](rng)


def closing(t: Torso, x: float, top: float) -> np.ndarray:
    """The edge of the front that lies on top."""
    return curve((0, top), (x, top + 0.12), (x, t.length - 0.2), (x, t.length + t.bend * 0.97))


def wool_coat(rng: Rng) -> list[Part]:
    long, drop = rng.uniform(3.2, 4.1), rng.uniform(0.75, 1.15)
    waist, hem = rng.uniform(0.88, 1.0), rng.uniform(1.0, 1.25)
    t = Torso.drawn(rng, neck=0.34, drop=drop, length=long, waist=waist, hem=hem)
    double = chance(rng, 0.45)
    x = 0.24 if double else 0.07
    rows = details.buttons(-x - 0.1 if double else 0, drop + 0.2, 0.62 * long, 3 if double else 4)
    rows += details.buttons(x - 0.1, drop + 0.2, 0.62 * long, 3) if double else []
    pockets = details.welt(0.42, 0.82, 0.58 * long, 0.14)
    belt = tied_belt(t, 0.5 * long) if chance(rng, 0.35) else []
    body = t.front(t.v_neck(), seams=(closing(t, x, drop),))
    collar = details.lapels(t, rng.uniform(0.16, 0.3), rng.uniform(0.36, 0.5))
    return [t.back(t.v_neck()), *t.long_sleeve(rng, 0, 0.62), body, *pockets, *rows, *belt, *collar]


def tied_belt(t: Torso, y: float) -> list[Part]:
    """A belt across the waist with a knot and two hanging ends."""
    side = t.side()
    x = float(np.interp(y, side[:, 1], side[:, 0]))
    strap = band(curve((-x, y - 0.02), (0, y + 0.02), (x, y - 0.02)), 0.16)
    paths = [curve((0.04, y + 0.1), (0.1 + k, y + 0.45), (0.06 + 2 * k, y + 0.85)) for k in (0.0, -0.16)]
    ends = [Part(band(path, 0.12), "plain") for path in paths]
    return [Part(strap, "plain"), *ends, Part(box(-0.09, y - 0.03, 0.11, y + 0.19), "plain")]


def parka(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, neck=0.42, drop=0.28, length=rng.uniform(2.7, 3.2), waist=1.0, hem=rng.uniform(1.02, 1.12))
    y = 0.62 * t.length
    pockets = both(*details.flap_pocket(0.56, y, 0.5, 0.56))
    cord = whole(curve((0, 0.56 * t.length + 0.02), (0.5, 0.56 * t.length), (0.93, 0.56 * t.length - 0.02)))
    strip = details.placket(0.02, t.drop + 0.06, t.length + t.bend - 0.01, 0.12, 5)
    body = t.front(t.round_neck(), seams=(cord,), creases=(cord,))
    return [*t.long_sleeve(rng, 0, 0.66), body, *pockets, *strip, *details.hood(rng, t)]


def puffer(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, neck=0.4, drop=0.2, length=rng.uniform(2.4, 3.3), waist=1.06, hem=1.04)
    side = t.side()
    ys = np.arange(0.55, t.length - 0.1, rng.uniform(0.26, 0.36))
    xs = np.where(ys < t.armhole, t.shoulder - 0.04, np.interp(ys, side[:, 1], side[:, 0] - 0.01))
    rows = zip(xs, ys, strict=True)
    quilts = tuple(whole(curve((0, y + 0.03), (0.5 * x, y + 0.02), (x, y))) for x, y in rows)
    body = t.front(t.round_neck(), seams=quilts, creases=quilts, stitches=())
    zip_strip = Part(box(-0.04, t.drop - 0.2, 0.04, t.length + t.bend - 0.01), "trim")
    arms = [quilted(part) if part.material == "shell" else part for part in t.long_sleeve(rng, 0.1, 0.72)]
    return [*arms, body, *details.turtleneck(t, rng.uniform(0.24, 0.34)), zip_strip]


def quilted(tube: Part, rows: int = 6) -> Part:
    """A sleeve with seams across it, from its top edge to its lower one."""
    top, under = tube.outline[:17], tube.outline[17:34][::-1]
    at = np.linspace(3, 15, rows).astype(int)
    seams = tuple(curve(top[i], 0.5 * (top[i] + under[i]) + (0, 0.02), under[i]) for i in at)
    return replace(tube, seams=seams, creases=seams)


def blazer(rng: Rng) -> list[Part]:
    drop, long, waist = rng.uniform(1.05, 1.4), rng.uniform(2.6, 3.0), rng.uniform(0.84, 0.94)
    t = Torso.drawn(rng, neck=0.34, drop=drop, length=long, waist=waist, slope=0.2, bend=-0.04)
    edge = curve((0, drop), (0.06, drop + 0.15), (0.06, t.length - 0.45), (0.2, t.length - 0.05))
    dart = curve((0.5, 1.0), (0.46, 1.4), (0.5, 1.85))
    darts = (dart, dart * (-1, 1))
    body = t.front(t.v_neck(), seams=(edge, *darts), stitches=())
    rows = details.buttons(-0.02, drop + 0.1, drop + 0.5, int(rng.integers(1, 3)))
    pockets = details.welt(0.38, 0.84, 0.7 * t.length, 0.15)
    breast = [Part(line((-0.72, 0.86), (-0.4, 0.9), (-0.4, 1.0), (-0.72, 0.96)))]
    collar = details.lapels(t, rng.uniform(0.18, 0.32), rng.uniform(0.38, 0.52))
    return [t.back(t.v_neck()), *t.long_sleeve(rng, 0, 0.56), body, *pockets, *breast, *rows, *collar]


def denim_jacket(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, neck=0.36, drop=0.3, length=rng.uniform(2.15, 2.45), waist=0.96, hem=0.92)
    yoke = whole(curve((0.1, 0.74), (t.chest - 0.16, 0.72)))
    lean = line((0.24, 0.76), (0.16, t.length - 0.2))
    seams = (yoke[:9], yoke[9:], lean, lean * (-1, 1))
    pockets = both(*details.flap_pocket(0.52, 0.62, 0.4, 0.44))
    hem = Part(band(whole(t.hemline()[::-1] * (0.99, 1)), -0.18), "plain")
    strip = details.placket(0, t.drop - 0.02, t.length + t.bend - 0.005, 0.09, 6)
    arms = t.button_sleeve(rng)
    body = t.front(t.v_neck(), seams=seams, stitches=tuple(nudged(s, 0, 0.035) for s in seams))
    return [t.back(t.v_neck()), *arms, body, hem, *pockets, *strip, *details.folded_collar(t, 1.0, 0.26)]


def cardigan(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, drop=rng.uniform(0.9, 1.3), length=rng.uniform(2.45, 2.85))
    rib = rng.uniform(0.16, 0.24)
    neck = t.v_neck()
    edge = np.vstack([neck[::-1], line((0, t.length + t.bend - 0.01))])
    hem = Part(band(whole(t.hemline()[::-1] * (0.98, 1)), -rib), "rib")
    strips = both(Part(band(edge, 0.13), "rib"))
    rows = details.buttons(0.0, t.drop + 0.12, t.length - 0.12, 5, 0.045)
    body = t.front(neck, stitches=())
    return [t.back(neck), *t.long_sleeve(rng, rib), body, hem, *strips, *rows]
