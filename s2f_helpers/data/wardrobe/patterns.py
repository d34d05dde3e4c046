"""Sewing patterns of the synthetic wardrobe: each category as flat pieces, listed back to front.

Every pattern draws its measurements from the generator it is given, so one seed is one garment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from s2f_helpers.data.wardrobe import torso
from s2f_helpers.data.wardrobe.pieces import Part, Rng, around, band, both, box, curve, disc, line, shifted, whole
from s2f_helpers.data.wardrobe.torso import Torso, inside

__all__ = ["CUTS"]


# Tops


def t_shirt(rng: Rng) -> list[Part]:
    if rng.random() < 0.2:
        return polo(rng)
    t = Torso.drawn(rng)
    vee = rng.random() < 0.3
    t = replace(t, drop=t.drop + 0.22 * vee)
    neck = t.v_neck() if vee else t.round_neck()
    rear, fore = t.neckband(neck, rng.uniform(0.07, 0.12), "trim" if rng.random() < 0.15 else "rib")
    extra = torso.chest_print(rng, t) if rng.random() < 0.3 else []
    if not extra and rng.random() < 0.25:
        extra = torso.patch_pocket(0.45 * t.chest, 0.72, 0.4, 0.46)
    return [t.back(neck), rear, *t.short_sleeve(rng), t.front(neck), fore, *extra]


def polo(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, drop=0.3)
    neck = t.v_neck()
    strip = torso.placket(0, t.drop - 0.02, t.drop + rng.uniform(0.5, 0.65), 0.075, 3)
    return [t.back(neck), *t.short_sleeve(rng), t.front(neck), *strip, *torso.folded_collar(t, 0.85, 0.2)]


def longsleeve(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, length=rng.uniform(2.4, 2.8))
    kind = rng.choice(["crew", "v", "turtle"], p=[0.55, 0.2, 0.25])
    t = replace(t, drop=t.drop + 0.3 * (kind == "v"))
    rib = rng.uniform(0.14, 0.26) if rng.random() < 0.7 else 0.0
    neck = t.v_neck() if kind == "v" else t.round_neck()
    arms = t.long_sleeve(rng, rib)
    body = t.front(neck, **({"stitches": ()} if rib else {}))
    hem = [Part(band(whole(t.hemline()[::-1] * (0.98, 1)), -0.9 * rib), "rib")] if rib else []
    if kind == "turtle":
        roll = torso.turtleneck(t, rng.uniform(0.32, 0.5))
        return [*arms, body, *hem, *roll]
    rear, fore = t.neckband(neck, rng.uniform(0.07, 0.13), "rib")
    return [t.back(neck), rear, *arms, body, *hem, fore]


def shirt(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, drop=rng.uniform(0.26, 0.34), length=rng.uniform(2.55, 2.95))
    t = replace(t, bend=rng.uniform(0.05, 0.3), hem=t.chest * rng.uniform(0.92, 1.02))
    yoke = whole(curve((0.45 * t.chest, 0.36), (t.shoulder - 0.06, 0.4)))
    yokes = (yoke[: len(yoke) // 2], yoke[len(yoke) // 2 :])
    neck = t.v_neck()
    arms = t.button_sleeve(rng) if rng.random() < 0.7 else t.short_sleeve(rng)
    strip = torso.placket(0, t.drop - 0.03, t.length + t.bend - 0.005, 0.075, int(rng.integers(5, 8)))
    sewn = torso.flap_pocket if rng.random() < 0.3 else torso.patch_pocket
    pockets = sewn(0.47, 0.8, 0.42, 0.5) if rng.random() < 0.65 else []
    if pockets and rng.random() < 0.4:
        pockets += [p.moved(lambda q: q * (-1, 1)) for p in pockets]
    collar = torso.folded_collar(t, rng.uniform(0.7, 1.05), rng.uniform(0.2, 0.32))
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
    trim = "trim" if rng.random() < 0.3 else "rib"
    edges = [Part(band(whole(neck), wide), trim), *both(Part(band(arm, wide), trim))]
    rear = curve((0, 0.5 * t.drop), (0.6 * neck_x, 0.42 * t.drop), (0.92 * neck_x, 0.2 * t.drop), (neck_x, 0))
    return [inside(rear, neck, 0.04), Part(around(half), stitches=(hem,)), *edges]


def hoodie(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, neck=0.42, drop=0.24, length=rng.uniform(2.3, 2.65), waist=1.02)
    rib = rng.uniform(0.15, 0.24)
    body = t.front(t.round_neck(), stitches=())
    hem = Part(band(whole(t.hemline()[::-1] * (0.97, 1)), -rib), "rib")
    zipped = rng.random() < 0.35
    y0, y1 = t.length - rng.uniform(0.75, 0.95), t.length - rib - 0.02
    inner, outer = rng.uniform(0.3, 0.4), rng.uniform(0.56, 0.68)
    slit = curve((inner, y0), (outer - 0.06, y0 + 0.25), (outer, y0 + 0.5))
    pouch = around(np.vstack([line((0, y0)), slit, line((outer, y1), (0, y1))]))
    slits = (shifted(slit, 0.05), shifted(slit, 0.05) * (-1, 1))
    zip_line = [Part(box(-0.035, t.drop, 0.035, t.length + t.bend - 0.01), "trim")] if zipped else []
    sewn_on = [Part(pouch, stitches=slits), *zip_line]
    return [*t.long_sleeve(rng, rib, 0.6), body, hem, *sewn_on, *torso.hood(rng, t), *torso.drawstrings(rng)]


# Coats and jackets: a torso that opens in front


def coat(rng: Rng) -> list[Part]:
    return (wool_coat, parka, puffer)[rng.choice(3, p=[0.5, 0.25, 0.25])](rng)


def jacket(rng: Rng) -> list[Part]:
    return (blazer, denim_jacket, cardigan)[rng.choice(3, p=[0.5, 0.3, 0.2])](rng)


def wool_coat(rng: Rng) -> list[Part]:
    long, drop = rng.uniform(3.2, 4.1), rng.uniform(0.75, 1.15)
    waist, hem = rng.uniform(0.88, 1.0), rng.uniform(1.0, 1.25)
    t = Torso.drawn(rng, neck=0.34, drop=drop, length=long, waist=waist, hem=hem)
    double = rng.random() < 0.45
    x = 0.24 if double else 0.07
    rows = torso.buttons(-x - 0.1 if double else 0, drop + 0.2, 0.62 * long, 3 if double else 4)
    rows += torso.buttons(x - 0.1, drop + 0.2, 0.62 * long, 3) if double else []
    pockets = torso.welt(0.42, 0.82, 0.58 * long, 0.14)
    belt = tied_belt(t, 0.5 * long) if rng.random() < 0.35 else []
    closing = curve((0, drop), (x, drop + 0.12), (x, long - 0.2), (x, long + t.bend * 0.97))
    body = t.front(t.v_neck(), seams=(closing,))
    collar = torso.lapels(t, rng.uniform(0.16, 0.3), rng.uniform(0.36, 0.5))
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
    pockets = both(*torso.flap_pocket(0.56, y, 0.5, 0.56))
    cord = whole(curve((0, 0.56 * t.length + 0.02), (0.5, 0.56 * t.length), (0.93, 0.56 * t.length - 0.02)))
    strip = torso.placket(0.02, t.drop + 0.06, t.length + t.bend - 0.01, 0.12, 5)
    body = t.front(t.round_neck(), seams=(cord,), creases=(cord,))
    return [*t.long_sleeve(rng, 0, 0.66), body, *pockets, *strip, *torso.hood(rng, t)]


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
    return [*arms, body, *torso.turtleneck(t, rng.uniform(0.24, 0.34)), zip_strip]


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
    rows = torso.buttons(-0.02, drop + 0.1, drop + 0.5, int(rng.integers(1, 3)))
    pockets = torso.welt(0.38, 0.84, 0.7 * t.length, 0.15)
    breast = [Part(line((-0.72, 0.86), (-0.4, 0.9), (-0.4, 1.0), (-0.72, 0.96)))]
    collar = torso.lapels(t, rng.uniform(0.18, 0.32), rng.uniform(0.38, 0.52))
    return [t.back(t.v_neck()), *t.long_sleeve(rng, 0, 0.56), body, *pockets, *breast, *rows, *collar]


def denim_jacket(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, neck=0.36, drop=0.3, length=rng.uniform(2.15, 2.45), waist=0.96, hem=0.92)
    yoke = whole(curve((0.1, 0.74), (t.chest - 0.16, 0.72)))
    lean = line((0.24, 0.76), (0.16, t.length - 0.2))
    seams = (yoke[:9], yoke[9:], lean, lean * (-1, 1))
    pockets = both(*torso.flap_pocket(0.52, 0.62, 0.4, 0.44))
    hem = Part(band(whole(t.hemline()[::-1] * (0.99, 1)), -0.18), "plain")
    strip = torso.placket(0, t.drop - 0.02, t.length + t.bend - 0.005, 0.09, 6)
    arms = t.button_sleeve(rng)
    body = t.front(t.v_neck(), seams=seams, stitches=tuple(np.add(s, (0, 0.035)) for s in seams))
    return [t.back(t.v_neck()), *arms, body, hem, *pockets, *strip, *torso.folded_collar(t, 1.0, 0.26)]


def cardigan(rng: Rng) -> list[Part]:
    t = Torso.drawn(rng, drop=rng.uniform(0.9, 1.3), length=rng.uniform(2.45, 2.85))
    rib = rng.uniform(0.16, 0.24)
    neck = t.v_neck()
    edge = np.vstack([neck[::-1], line((0, t.length + t.bend - 0.01))])
    hem = Part(band(whole(t.hemline()[::-1] * (0.98, 1)), -rib), "rib")
    strips = both(Part(band(edge, 0.13), "rib"))
    rows = torso.buttons(0.0, t.drop + 0.12, t.length - 0.12, 5, 0.045)
    body = t.front(neck, stitches=())
    return [t.back(neck), *t.long_sleeve(rng, rib), body, hem, *strips, *rows]


# Dresses, bodysuits and jumpsuits


def bodice(rng: Rng) -> tuple[Torso, np.ndarray, np.ndarray, list[Part], list[Part]]:
    """The upper half of a garment in one piece: with straps, short or long sleeves.

    Returns its measurements, neckline, armhole, and the pieces that lie behind it and on it.
    """
    kind = rng.choice(["straps", "short", "long"], p=[0.45, 0.35, 0.2])
    if kind == "straps":
        n = rng.uniform(0.4, 0.5)
        t = Torso.drawn(rng, neck=n, shoulder=n + rng.uniform(0.07, 0.24), slope=0.05, drop=rng.uniform(0.4, 0.75))
        t, d = replace(t, chest=0.86, armhole=0.95), t.drop
        neck = curve((0, d), (0.6 * n, 0.92 * d), (0.9 * n, 0.5 * d), (n, 0))
        arm = curve(t.tip, (t.shoulder, 0.5), (0.72, 0.86), t.underarm)
        rear = curve((0, 0.6 * d), (0.6 * n, 0.5 * d), (0.92 * n, 0.25 * d), (n, 0))
        edges = [Part(band(whole(neck), 0.06), "plain"), *both(Part(band(arm, 0.055), "plain"))]
        return t, neck, arm, [inside(rear, neck, 0.03)], edges
    t = Torso.drawn(rng, chest=0.86, shoulder=0.8, neck=rng.uniform(0.36, 0.44), armhole=0.9)
    t = replace(t, drop=t.drop + rng.uniform(0, 0.3))
    neck = t.v_neck() if rng.random() < 0.4 else t.round_neck()
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
    seams = (seam, *folds) if rng.random() < 0.25 else (seam,)
    turn = whole(end[::-1] * (0.985, 1)) - (0, 0.08)
    cloth = Part(around(np.vstack([neck, arm, side, end])), seams=seams, stitches=(turn,), creases=folds)
    sash = [Part(band(seam - (0, 0.07), 0.15), "trim")] if rng.random() < 0.35 else []
    return [*behind, cloth, *sash, *edges]


def bodysuit(rng: Rng) -> list[Part]:
    """With cut-out legs, closed at the crotch with snaps; or a jumpsuit."""
    if rng.random() < 0.35:
        return jumpsuit(rng)
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
    cloth = Part(around(half_body), seams=(middle,), creases=(wrinkle, wrinkle * (-1, 1)))
    belt_line = whole(curve((0, waist - 0.02), (half, waist - 0.06)))
    belt = Part(band(belt_line, 0.15), "trim" if rng.random() < 0.4 else "plain")
    strip = torso.placket(0, t.drop - 0.02, waist, 0.07, 4) if rng.random() < 0.5 else []
    return [*behind, cloth, *strip, belt, *edges]


# Trousers, shorts and skirts


def waistband(half: float, dip: float, tall: float, material: str = "plain") -> list[Part]:
    """The band around the waist, front and back, with the inside of the back showing between them."""
    edge = whole(curve((0, dip), (0.5 * half, 0.75 * dip), (half, 0)))
    rear = whole(curve((0, -0.3 * dip), (0.6 * half, -0.2 * dip), (half, 0)))
    inside = Part(np.vstack([rear, np.add(edge[::-1], (0, 0.04))]), "lining", behind=True)
    return [inside, Part(band(edge, tall), material)]


def leg(half, dip, hip, crotch, knee: tuple, hem: tuple, length: float, **lines) -> Part:
    """The right trouser leg; ``knee`` and ``hem`` are its inner and outer x there."""
    mid = crotch + 0.45 * (length - crotch)
    out = curve((half, 0), (hip, 0.55 * crotch), (knee[1], mid), (hem[1], length))
    foot = curve((hem[1], length), (0.5 * sum(hem), length + 0.05), (hem[0], length))
    inside = curve((hem[0], length), (knee[0], mid), (0.03, crotch + 0.05))
    waist = curve((0, dip), (0.5 * half, 0.75 * dip), (half, 0))
    return Part(np.vstack([waist, out, foot, inside, line((0, crotch))]), **lines)


def trousers(rng: Rng, length: float, knee: float, hem: float, spread: float) -> list[Part]:
    """A pair of trousers with widths ``knee`` and ``hem``; ``spread`` moves the feet apart."""
    half, crotch = rng.uniform(0.56, 0.66), rng.uniform(1.02, 1.2)
    hip, dip, tall = half + rng.uniform(0.1, 0.2), rng.uniform(0.05, 0.12), rng.uniform(0.13, 0.18)
    elastic = rng.random() < 0.35
    middle = (0.36 + 0.45 * spread, 0.36 + spread)
    widths = zip(middle, (knee, hem), strict=True)
    (k0, k1), (h0, h1) = [(max(0.05, m - 0.5 * w), m + 0.5 * w) for m, w in widths]
    pocket = curve((0.62 * half, tall), (0.72 * half, 0.36), (hip - 0.04, 0.5))
    turn = line((h0 + 0.02, length - 0.1), (h1 - 0.02, length - 0.1))
    lines = {
        "seams": (pocket,),
        "stitches": (turn, np.add(pocket, (-0.03, 0.02))),
        "creases": (curve((0.08, crotch - 0.1), (0.3, crotch - 0.06), (0.55, crotch - 0.07)),
                    curve((0.08, crotch + 0.12), (0.3, crotch + 0.07), (0.55, crotch + 0.08))),
    }  # fmt: skip
    right = leg(half, dip, hip, crotch, (k0, k1), (h0, h1), length, grain=-0.3 * spread, **lines)
    parts = both(right)
    if elastic:
        y, long = dip + tall, rng.uniform(0.3, 0.5)
        cord = curve((0.05, y - 0.08), (0.11, y + 0.5 * long), (0.07, y + long))
        return [*parts, *waistband(half, dip, tall, "rib"), *both(Part(band(cord, 0.035), "trim"))]
    fly = curve((0.17, dip + tall), (0.17, 0.5), (0.13, 0.68), (0.0, 0.82))
    sewn = replace(right, seams=(pocket, fly), stitches=(*right.stitches, fly - (0.03, 0)))
    spots = (0.3 * half, 0.78 * half)
    loops = both(*(Part(box(x - 0.03, 0.02, x + 0.03, tall + 0.1), "plain") for x in spots))
    stud = Part(disc(0, dip + 0.5 * tall, 0.045), "button")
    return [parts[1], sewn, *waistband(half, dip, tall), *loops, stud]


def pants(rng: Rng) -> list[Part]:
    length = rng.uniform(3.3, 3.8)
    knee, hem = [(0.5, 0.34), (0.56, 0.5), (0.68, 0.72), (0.48, 0.74)][rng.integers(4)]
    wide = rng.uniform(0.95, 1.1)
    return trousers(rng, length, knee * wide, hem * wide, rng.uniform(0.05, 0.3))


def shorts(rng: Rng) -> list[Part]:
    wide = rng.uniform(0.66, 0.8)
    return trousers(rng, rng.uniform(1.55, 2.2), wide, wide, rng.uniform(0.06, 0.18))


def rays(half, hem, top: float, bottom: float, sag: float, count: int) -> tuple[np.ndarray, ...]:
    """Lines from a waist to a hem that follow the cloth, evenly spread."""
    at = np.linspace(-0.86, 0.86, count)
    y = bottom + sag * (1 - at**2) - 0.02 * (1 - at**2)
    return tuple(line((half * a, top), (hem * a, b)) for a, b in zip(at, y, strict=True))


def skirt(rng: Rng) -> list[Part]:
    kind = rng.choice(["a-line", "pencil", "pleated", "tiered"], p=[0.35, 0.2, 0.25, 0.2])
    half, length = rng.uniform(0.52, 0.62), rng.uniform(1.3, 2.6)
    hem = half + (rng.uniform(0.14, 0.22) if kind == "pencil" else rng.uniform(0.32, 0.42) * length)
    hip = half + (0.2 if kind == "pencil" else 0.3 * (hem - half))
    sag = 0.03 if kind == "pencil" else 0.16 * (hem - half)
    side = curve((half, 0), (hip, 0.28 * length), (0.5 * (hip + hem), 0.62 * length), (hem, 0.97 * length))
    end = curve((hem, 0.97 * length), (0.55 * hem, length + 0.8 * sag), (0, length + sag))
    folds = rays(half, hem, 0.18, 0.97 * length, sag, int(rng.integers(7, 14)))
    seams, creases = (folds, folds) if kind == "pleated" else ((), ())
    if kind == "a-line":
        creases = rays(half, hem, 0.3 * length, 0.97 * length, sag, 5)
    if kind == "tiered":
        seams, creases = tiers(half, hem, length, sag)
    if kind == "pencil":
        slit, dart = line((0, 0.75 * length), (0, length + sag - 0.01)), line((0.3, 0.17), (0.3, 0.5))
        seams = (slit, dart, dart * (-1, 1))
    tall = rng.uniform(0.1, 0.18)
    cloth = Part(around(np.vstack([line((0, 0.06)), side, end])), seams=seams, creases=creases)
    buttoned = torso.placket(0, tall, length + sag - 0.01, 0.07, 6) if kind == "a-line" and rng.random() < 0.4 else []
    return [cloth, *buttoned, *waistband(half, 0.06, tall, "rib" if kind == "tiered" else "plain")]


def tiers(half: float, hem: float, length: float, sag: float) -> tuple[tuple, tuple]:
    """Seams across a skirt, and the gathers that hang from them."""
    seams, gathers = [], []
    for level in (0.38, 0.69):
        wide, y, dip = half + (hem - half) * level, length * level, sag * level
        seams.append(whole(curve((0, y + dip), (0.5 * wide, y + 0.75 * dip), (0.97 * wide, y))))
        at = np.linspace(-0.85, 0.85, 11)
        tops = np.stack([wide * at, y + dip * (1 - at**2)], 1)
        gathers += [line(top, top * (1.04, 1) + (0, 0.12 * length)) for top in tops]
    return tuple(seams), (*seams, *gathers)


# Caps, beanies and bucket hats


def hat(rng: Rng) -> list[Part]:
    parts = (cap, beanie, bucket)[rng.integers(3)](rng)
    return [p.moved(lambda q: q * (-1, 1)) for p in parts] if rng.random() < 0.5 else parts


def cap(rng: Rng) -> list[Part]:
    """A baseball cap from the side, its peak to the right."""
    tall, long = rng.uniform(1.0, 1.2), rng.uniform(0.75, 0.95)
    rear, fore = (
        ((-1, 0.12), (-1, -0.4 * tall), (-0.62, -0.86 * tall)),
        ((0.62, -0.82 * tall), (0.96, -0.35), (1, 0.08)),
    )
    dome = curve(*rear, (0, -tall), *fore)
    foot = curve((1, 0.08), (0.5, 0.2), (0, 0.24), (-0.5, 0.22), (-1, 0.12))
    top = (0.0, -tall)
    panels = (curve(top, (0.42, -0.5 * tall), (0.46, 0.2)), curve(top, (-0.5, -0.5 * tall), (-0.62, 0.2)))
    crown = Part(np.vstack([dome, foot]), seams=panels, stitches=tuple(np.add(p, (0.04, 0)) for p in panels))
    upper = curve((0.12, 0.24), (0.55, 0.12), (1.0, 0.02), (1 + 0.6 * long, 0.12), (1 + long, 0.36))
    lower = curve((1 + long, 0.36), (1 + 0.5 * long, 0.5), (0.8, 0.46), (0.12, 0.24))
    row = curve((0.3, 0.24), (0.95, 0.1), (1 + 0.7 * long, 0.26))
    rows = (row, np.add(row, (-0.03, 0.07)))
    peak = Part(np.vstack([upper, lower]), "trim" if rng.random() < 0.35 else "plain", stitches=rows)
    badge = [Part(disc(0.66, -0.36 * tall, 0.15), "trim")] if rng.random() < 0.4 else []
    return [Part(disc(0, -tall, 0.07), "plain"), crown, peak, *badge]


def beanie(rng: Rng) -> list[Part]:
    tall, brim = rng.uniform(1.1, 1.6), rng.uniform(0.36, 0.52)
    half = curve((0, -tall), (0.5, -0.9 * tall), (0.86, -0.5 * tall), (0.95, 0))
    crown = Part(around(np.vstack([half, line((0, 0.08))])), "rib")
    top = curve((0, -0.02), (0.5, -0.03), (0.98, -0.08))
    side = curve((0.98, -0.08), (1.04, 0.5 * brim), (0.98, brim))
    end = curve((0.98, brim), (0.5, brim + 0.06), (0, brim + 0.07))
    roll = Part(around(np.vstack([top, side, end])), "trim" if rng.random() < 0.25 else "rib")
    if rng.random() >= 0.5:
        return [crown, roll]
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    r = 0.3 * (1 + rng.uniform(-0.09, 0.09, turn.shape))
    pompon = np.stack([r * np.cos(turn), -tall - 0.1 + r * np.sin(turn)], 1)
    return [crown, roll, Part(pompon, "trim")]


def bucket(rng: Rng) -> list[Part]:
    tall, wide = rng.uniform(0.85, 1.1), rng.uniform(1.15, 1.7)
    top = curve((0, -tall), (0.5, -0.97 * tall), (0.68, -0.85 * tall))
    wall = curve((0.68, -0.85 * tall), (0.76, -0.4 * tall), (0.86, 0))
    crown = np.vstack([top, wall, curve((0.86, 0), (0.4, 0.1), (0, 0.12))])
    inner = curve((0, -0.02), (0.5, -0.03), (0.87, -0.1))
    slope = curve((0.87, -0.1), (0.5 * (0.9 + wide), 0.12), (wide, 0.46))
    brim = np.vstack([inner, slope, curve((wide, 0.46), (0.6 * wide, 0.62), (0, 0.66))])
    edge = whole(curve((0, -0.84 * tall), (0.5, -0.82 * tall), (0.69, -0.8 * tall)))
    steps = (0.13, 0.26, 0.39)
    rows = tuple(whole(curve((0, 0.13 + d), (0.5, 0.09 + d), (0.82 + d, 0.02 + 0.9 * d))) for d in steps)
    ribbon = whole(curve((0, 0.0), (0.45, -0.02), (0.82, -0.1)))
    trim = [Part(band(ribbon, 0.16) - (0, 0.06), "trim")] if rng.random() < 0.5 else []
    return [Part(around(brim), stitches=rows), Part(around(crown), seams=(edge,)), *trim]


CUTS: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "t-shirt": t_shirt, "longsleeve": longsleeve, "shirt": shirt, "tank-top": tank_top, "hoodie": hoodie,
    "coat": coat, "jacket": jacket, "pants": pants, "shorts": shorts, "skirt": skirt,
    "dress": dress, "bodysuit": bodysuit, "hat": hat,
}  # fmt: skip
