"""Trousers, shorts and skirts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s2f_helpers.data.wardrobe.cuts import details
from s2f_helpers.data.wardrobe.cuts.part import (
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
    nudged,
    whole,
)


def waistband(half: float, dip: float, tall: float, material: str = "plain") -> list[Part]:
    """The band around the waist, front and back, with the inside of the back showing between them."""
    edge = whole(curve((0, dip), (0.5 * half, 0.75 * dip), (half, 0)))
    rear = whole(curve((0, -0.3 * dip), (0.6 * half, -0.2 * dip), (half, 0)))
    inside = Part(np.vstack([rear, nudged(edge[::-1], 0, 0.04)]), "lining", behind=True)
    return [inside, Part(band(edge, tall), material)]


def leg(half, dip, hip, crotch, knee: tuple, hem: tuple, length: float, **details) -> Part:
    """The right trouser leg; ``knee`` and ``hem`` are its inner and outer x there."""
    mid = crotch + 0.45 * (length - crotch)
    out = curve((half, 0), (hip, 0.55 * crotch), (knee[1], mid), (hem[1], length))
    foot = curve((hem[1], length), (0.5 * sum(hem), length + 0.05), (hem[0], length))
    inside = curve((hem[0], length), (knee[0], mid), (0.03, crotch + 0.05))
    waist = curve((0, dip), (0.5 * half, 0.75 * dip), (half, 0))
    return Part(np.vstack([waist, out, foot, inside, line((0, crotch))]), **details)


def trousers(rng: Rng, length: float, knee: float, hem: float, spread: float) -> list[Part]:
    """A pair of trousers with widths ``knee`` and ``hem``; ``spread`` moves the feet apart."""
    half, crotch = rng.uniform(0.56, 0.66), rng.uniform(1.02, 1.2)
    hip, dip, tall = half + rng.uniform(0.1, 0.2), rng.uniform(0.05, 0.12), rng.uniform(0.13, 0.18)
    elastic = chance(rng, 0.35)
    middle = (0.36 + 0.45 * spread, 0.36 + spread)
    widths = zip(middle, (knee, hem), strict=True)
    (k0, k1), (h0, h1) = [(max(0.05, m - 0.5 * w), m + 0.5 * w) for m, w in widths]
    pocket = curve((0.62 * half, tall), (0.72 * half, 0.36), (hip - 0.04, 0.5))
    turn = line((h0 + 0.02, length - 0.1), (h1 - 0.02, length - 0.1))
    lines = {
        "seams": (pocket,),
        "stitches": (turn, nudged(pocket, -0.03, 0.02)),
        "creases": (curve((0.08, crotch - 0.1), (0.3, crotch - 0.06), (0.55, crotch - 0.07)),
                    curve((0.08, crotch + 0.12), (0.3, crotch + 0.07), (0.55, crotch + 0.08))),
    }  # fmt: skip
    right = leg(half, dip, hip, crotch, (k0, k1), (h0, h1), length, grain=-0.3 * spread, **lines)
    parts = both(right)
    if elastic:
        return [*parts, *waistband(half, dip, tall, "rib"), *cords(dip + tall, rng)]
    fly = curve((0.17, dip + tall), (0.17, 0.5), (0.13, 0.68), (0.0, 0.82))
    sewn = replace(right, seams=(pocket, fly), stitches=(*right.stitches, fly - (0.03, 0)))
    spots = (0.3 * half, 0.78 * half)
    loops = both(*(Part(box(x - 0.03, 0.02, x + 0.03, tall + 0.1), "plain") for x in spots))
    stud = Part(disc(0, dip + 0.5 * tall, 0.045), "button")
    return [parts[1], sewn, *waistband(half, dip, tall), *loops, stud]


def cords(y: float, rng: Rng) -> list[Part]:
    long = rng.uniform(0.3, 0.5)
    return both(Part(band(curve((0.05, y - 0.08), (0.11, y + 0.5 * long), (0.07, y + long)), 0.035), "trim"))


def pants(rng: Rng) -> list[Part]:
    length = rng.uniform(3.3, 3.8)
    knee, hem = [(0.5, 0.34), (0.56, 0.5), (0.68, 0.72), (0.48, 0.74)][rng.integers(4)]
    wide = rng.uniform(0.95, 1.1)
    return trousers(rng, length, knee * wide, hem * wide, rng.uniform(0.05, 0.3))


def shorts(rng: Rng) -> list[Part]:
    wide = rng.uniform(0.66, 0.8)
    return trousers(rng, rng.uniform(1.55, 2.2), wide, wide, rng.uniform(0.06, 0.18))


def skirt_panel(half: float, hem: float, length: float, hip: float, sag: float) -> np.ndarray:
    """Right half of a skirt, from the middle of the waist down to the middle of the hem."""
    side = curve((half, 0), (hip, 0.28 * length), (0.5 * (hip + hem), 0.62 * length), (hem, 0.97 * length))
    end = curve((hem, 0.97 * length), (0.55 * hem, length + 0.8 * sag), (0, length + sag))
    return np.vstack([line((0, 0.06)), side, end])


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
    panel = around(skirt_panel(half, hem, length, hip, sag))
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
    cloth = Part(panel, seams=seams, creases=creases)
    buttoned = details.placket(0, tall, length + sag - 0.01, 0.07, 6) if kind == "a-line" and chance(rng, 0.4) else []
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
