"""Caps, beanies and bucket hats."""

from __future__ import annotations

import numpy as np

from s2f_helpers.data.wardrobe.cuts.part import (
    MIRROR,
    Part,
    Rng,
    around,
    band,
    chance,
    curve,
    disc,
    line,
    nudged,
    whole,
)


def hat(rng: Rng) -> list[Part]:
    parts = (cap, beanie, bucket)[rng.integers(3)](rng)
    return [p.moved(lambda q: q * MIRROR) for p in parts] if chance(rng, 0.5) else parts


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
    crown = Part(np.vstack([dome, foot]), seams=panels, stitches=tuple(nudged(p, 0.04, 0) for p in panels))
    upper = curve((0.12, 0.24), (0.55, 0.12), (1.0, 0.02), (1 + 0.6 * long, 0.12), (1 + long, 0.36))
    lower = curve((1 + long, 0.36), (1 + 0.5 * long, 0.5), (0.8, 0.46), (0.12, 0.24))
    row = curve((0.3, 0.24), (0.95, 0.1), (1 + 0.7 * long, 0.26))
    rows = (row, nudged(row, -0.03, 0.07))
    peak = Part(np.vstack([upper, lower]), "trim" if chance(rng, 0.35) else "plain", stitches=rows)
    badge = [Part(disc(0.66, -0.36 * tall, 0.15), "trim")] if chance(rng, 0.4) else []
    return [Part(disc(0, -tall, 0.07), "plain"), crown, peak, *badge]


def beanie(rng: Rng) -> list[Part]:
    tall, brim = rng.uniform(1.1, 1.6), rng.uniform(0.36, 0.52)
    half = curve((0, -tall), (0.5, -0.9 * tall), (0.86, -0.5 * tall), (0.95, 0))
    crown = Part(around(np.vstack([half, line((0, 0.08))])), "rib")
    top = curve((0, -0.02), (0.5, -0.03), (0.98, -0.08))
    side = curve((0.98, -0.08), (1.04, 0.5 * brim), (0.98, brim))
    end = curve((0.98, brim), (0.5, brim + 0.06), (0, brim + 0.07))
    roll = Part(around(np.vstack([top, side, end])), "trim" if chance(rng, 0.25) else "rib")
    return [crown, roll, *([pompon(rng, -tall - 0.1)] if chance(rng, 0.5) else [])]


def pompon(rng: Rng, y: float) -> Part:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    r = 0.3 * (1 + rng.uniform(-0.09, 0.09, turn.shape))
    return Part(np.stack([r * np.cos(turn), y + r * np.sin(turn)], 1), "trim")


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
    trim = [Part(band(ribbon, 0.16) - (0, 0.06), "trim")] if chance(rng, 0.5) else []
    return [Part(around(brim), stitches=rows), Part(around(crown), seams=(edge,)), *trim]
