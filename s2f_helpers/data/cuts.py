"""Sewing patterns of the synthetic wardrobe: garments as flat pieces cut from smooth curves.

A piece lives in its garment's own units: x to the right of the middle, y down from the neck or the waist,
about 1 for half the chest. Every function draws its measurements from the generator it is given, so one
seed is one garment. Pieces are listed back to front, as they would be laid on a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["CUTS", "Part"]

Rng = np.random.Generator
MIRROR = np.array([-1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Part:
    """One piece of a garment.

    Attributes:
        outline: (N, 2) float closed polygon.
        material: "shell" (the garment's fabric), "plain" (its colour, no pattern), "rib", "lining", "trim"
            (the second colour) or "button".
        seams: polylines, dark in the photo and drawn in the sketch.
        stitches: polylines sewn in thread, only in the photo.
        creases: polylines that stand up from the cloth, only in the photo.
        grain: direction of the cloth's lengthwise thread in radians, 0 for straight down.
    """

    outline: np.ndarray
    material: str = "shell"
    seams: tuple[np.ndarray, ...] = ()
    stitches: tuple[np.ndarray, ...] = ()
    creases: tuple[np.ndarray, ...] = ()
    grain: float = 0.0

    def moved(self, move: Callable[[np.ndarray], np.ndarray]) -> Part:
        """The same piece with every point sent through ``move``, an (N, 2) -> (N, 2) function."""
        lines = {name: tuple(map(move, getattr(self, name))) for name in ("seams", "stitches", "creases")}
        return replace(self, outline=move(self.outline), **lines)


def curve(*points, steps: int = 8) -> np.ndarray:
    """(N, 2) open Catmull-Rom curve through the points."""
    p = np.asarray(points, float)
    p = np.vstack([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    a, b, c, d = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    spans = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.vstack([spans.reshape(-1, 2), p[-2:-1]])


def line(*points) -> np.ndarray:
    return np.asarray(points, float)


def whole(half: np.ndarray) -> np.ndarray:
    """A right half, walked away from the middle, as one line from left to right."""
    return np.vstack([half[::-1] * MIRROR, half])


def around(half: np.ndarray) -> np.ndarray:
    """A right half, walked from top to bottom, closed with its mirror image."""
    return np.vstack([half, half[::-1] * MIRROR])


def shifted(path: np.ndarray, distance: float) -> np.ndarray:
    """The path moved sideways, to the right of its direction on a screen (y down)."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    return path + distance * np.stack([-along[:, 1], along[:, 0]], 1)


def band(path: np.ndarray, width: float) -> np.ndarray:
    return np.vstack([path, shifted(path, width)[::-1]])


def disc(x: float, y: float, radius: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], 1)


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return line((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def both(*parts: Part) -> list[Part]:
    """Each right-hand piece and its mirror image, in turn."""
    return [p for part in parts for p in (part, replace(part.moved(lambda q: q * MIRROR), grain=-part.grain))]


def chance(rng: Rng, probability: float) -> bool:
    return bool(rng.random() < probability)


# --- tops -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Torso:
    """Measurements of a right half; ``bend`` is how far the hem dips in the middle."""

    neck: float
    drop: float
    shoulder: float
    slope: float
    armhole: float
    chest: float
    waist: float
    hem: float
    length: float
    bend: float = 0.04

    @property
    def tip(self) -> np.ndarray:
        return np.array([self.shoulder, self.slope])

    @property
    def underarm(self) -> np.ndarray:
        return np.array([self.chest, self.armhole])

    def side(self) -> np.ndarray:
        """Underarm to hem."""
        middle = self.armhole + 0.5 * (self.length - self.armhole)
        return curve(self.underarm, (self.waist, middle), (self.hem, self.length))

    def hemline(self) -> np.ndarray:
        """Side to middle."""
        y, dip = self.length, self.bend
        return curve((self.hem, y), (0.55 * self.hem, y + 0.8 * dip), (0, y + dip))

    def armline(self) -> np.ndarray:
        """Shoulder tip to underarm."""
        inner = min(self.shoulder, self.chest) - 0.07
        return curve(self.tip, (inner, 0.5 * (self.slope + self.armhole)), self.underarm)


def torso(rng: Rng, **given: float) -> Torso:
    """A T-shirt-like torso; whatever is given replaces what would be drawn."""
    chest = rng.uniform(0.94, 1.06)
    drawn = {
        "neck": rng.uniform(0.34, 0.42),
        "drop": rng.uniform(0.24, 0.34),
        "shoulder": chest * rng.uniform(0.88, 0.97),
        "slope": rng.uniform(0.16, 0.26),
        "armhole": rng.uniform(0.86, 1.0),
        "chest": chest,
        "waist": chest * rng.uniform(0.9, 1.0),
        "hem": chest * rng.uniform(0.95, 1.06),
        "length": rng.uniform(2.25, 2.75),
        "bend": rng.uniform(0.02, 0.07),
    }
    return Torso(**(drawn | given))


def round_neck(t: Torso) -> np.ndarray:
    """Middle front to neck point."""
    return curve((0, t.drop), (0.55 * t.neck, 0.84 * t.drop), (0.93 * t.neck, 0.38 * t.drop), (t.neck, 0))


def v_neck(t: Torso) -> np.ndarray:
    return curve((0, t.drop), (0.5 * t.neck, 0.55 * t.drop), (0.9 * t.neck, 0.12 * t.drop), (t.neck, 0))


def front(t: Torso, neck: np.ndarray, **details) -> Part:
    """The front piece, hemmed with a line of stitches."""
    half = np.vstack([neck, t.armline(), t.side(), t.hemline()])
    stitched = whole(t.hemline()[::-1]) - (0, 0.09)
    details = {"stitches": (stitched * (0.985, 1),)} | details
    return Part(around(half), **details)


def back(t: Torso, neck: np.ndarray, rise: float = 0.05) -> Part:
    """The inside of the back, seen through the neckline."""
    top = curve((0, rise), (0.6 * t.neck, 0.7 * rise), (t.neck, 0))
    return Part(around(np.vstack([top, neck[::-1] + (0, 0.05)])), "lining")


def neckband(t: Torso, neck: np.ndarray, width: float, material: str) -> tuple[Part, Part]:
    """The ribbing of the back and of the front neckline."""
    rear = whole(curve((0, 0.06), (0.6 * t.neck, 0.04), (t.neck, 0)))
    return Part(band(rear, width), material), Part(band(whole(neck), width), material)


def sleeve(
    t: Torso, length: float, bend: tuple[float, float], elbow: float, cuff: float, rib: float = 0.0
) -> list[Part]:
    """A pair of sleeves; ``bend`` is the angle under the horizontal at the shoulder and at the cuff."""
    first, last = (np.array([np.cos(a), np.sin(a)]) for a in bend)
    middle = 0.5 * (t.tip + t.underarm) + 0.45 * length * first
    end = middle + 0.55 * length * last
    across = first + last
    across = np.array([across[1], -across[0]]) / np.linalg.norm(across)
    out = np.array([last[1], -last[0]])
    top = curve(t.tip, middle + 0.5 * elbow * across, end + 0.5 * cuff * out)
    under = curve(end - 0.5 * cuff * out, middle - 0.5 * elbow * across, t.underarm)
    grain = float(np.pi / 2 - np.mean(bend)) * -1
    inner = t.armline()[::-1] - (0.08, 0)
    hem = line(end + 0.48 * cuff * out, end - 0.48 * cuff * out) - 0.09 * last
    outline = np.vstack([top, under, inner])
    tube = Part(outline, grain=grain, stitches=() if rib else (hem,))
    if not rib:
        return both(tube)
    a, b = end + 0.5 * cuff * out, end - 0.5 * cuff * out
    tight = 0.04 * cuff * out
    ends = line(a - 0.02 * last, b - 0.02 * last, b + tight + rib * last, a - tight + rib * last)
    return both(Part(ends, "rib", grain=grain), tube)


def short_sleeve(rng: Rng, t: Torso) -> list[Part]:
    angle = rng.uniform(0.5, 0.95)
    wide = rng.uniform(0.6, 0.78)
    length = rng.uniform(0.62, 0.95)
    return sleeve(t, length, (angle, angle + rng.uniform(0, 0.15)), wide, wide * rng.uniform(0.88, 1.0))


def long_sleeve(rng: Rng, t: Torso, rib: float, wide: float = 0.55) -> list[Part]:
    bend = (rng.uniform(0.55, 0.85), rng.uniform(1.1, 1.35))
    cuff = wide * (0.62 if rib else 0.72)
    return sleeve(t, rng.uniform(1.95, 2.25), bend, wide * rng.uniform(0.95, 1.1), cuff, rib)


def folded_collar(t: Torso, spread: float, tall: float) -> list[Part]:
    """A shirt's collar: the stand behind, two flaps in front."""
    n, d = t.neck, t.drop
    stand = whole(curve((0, -0.13), (0.6 * n, -0.14), (0.98 * n, -0.08)))
    inside = Part(np.vstack([stand, whole(curve((0, 0.08), (n, 0.05)))[::-1]]), "plain")
    inner = curve((0.01, d), (0.55 * n, 0.62 * d), (0.92 * n, -0.08))
    outer = curve((0.92 * n, -0.08), (1.2 * n, -0.01), (1.28 * n, 0.14))
    flap = Part(np.vstack([inner, outer, line((spread * n, d + tall))]), "plain", grain=0.5)
    return [inside, *both(flap)]


def placket(x: float, top: float, bottom: float, width: float, buttons: int) -> list[Part]:
    ys = np.linspace(top + 0.14, bottom - 0.22, buttons)
    strip = Part(box(x - width, top, x + width, bottom), "plain")
    return [strip, *(Part(disc(x, y, 0.038), "button") for y in ys)]


def patch_pocket(x: float, y: float, wide: float, tall: float, flap: bool) -> list[Part]:
    """A pocket sewn on; ``x`` is its middle."""
    r = 0.5 * wide
    bag = line((x - r, y), (x + r, y), (x + r, y + 0.85 * tall), (x, y + tall), (x - r, y + 0.85 * tall))
    lid = line((x - r, y), (x + r, y), (x + r, y + 0.25 * tall), (x, y + 0.36 * tall), (x - r, y + 0.25 * tall))
    hem = line((x - r, y + 0.16 * tall), (x + r, y + 0.16 * tall))
    parts = [Part(bag, stitches=(shifted(bag, 0.03)[1:], *(() if flap else (hem,))))]
    return parts + ([Part(lid), Part(disc(x, y + 0.22 * tall, 0.035), "button")] if flap else [])


def chest_print(rng: Rng, t: Torso) -> list[Part]:
    """A plain figure printed on the chest: a bar, a disc or a star."""
    y, r = t.drop + rng.uniform(0.55, 0.75), rng.uniform(0.22, 0.36)
    turn = np.arange(10) * np.pi / 5 - np.pi / 2
    star = np.stack([np.cos(turn), np.sin(turn)], 1) * np.where(np.arange(10) % 2, 0.45, 1.0)[:, None] * r + (0, y)
    figures = (box(-1.6 * r, y - 0.4 * r, 1.6 * r, y + 0.4 * r), disc(0, y, r), star)
    return [Part(figures[rng.integers(3)], "trim")]


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
        extra = patch_pocket(0.45 * t.chest, 0.72, 0.4, 0.46, flap=False)
    return [back(t, neck), rear, *short_sleeve(rng, t), front(t, neck), fore, *extra]


def polo(rng: Rng) -> list[Part]:
    t = torso(rng, drop=0.3)
    neck = v_neck(t)
    strip = placket(0, t.drop - 0.02, t.drop + rng.uniform(0.5, 0.65), 0.075, 3)
    return [back(t, neck), *short_sleeve(rng, t), front(t, neck), *strip, *folded_collar(t, 0.85, 0.2)]


def longsleeve(rng: Rng) -> list[Part]:
    t = torso(rng, length=rng.uniform(2.2, 2.6))
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


def turtleneck(t: Torso, tall: float) -> list[Part]:
    n = t.neck
    side = curve((0.84 * n, -tall), (0.9 * n, -0.5 * tall), (1.12 * n, 0.06))
    foot = curve((1.12 * n, 0.06), (0.6 * n, 0.17), (0, 0.2))
    lip = curve((0, -tall - 0.04), (0.84 * n, -tall))
    fold = whole(curve((0, -0.3 * tall + 0.08), (0.6 * n, -0.3 * tall + 0.05), (0.93 * n, -0.3 * tall)))
    return [Part(around(np.vstack([lip, side, foot])), "rib", seams=(fold,), creases=(fold,))]


def shirt(rng: Rng) -> list[Part]:
    t = torso(rng, drop=rng.uniform(0.26, 0.34), length=rng.uniform(2.35, 2.8))
    t = replace(t, bend=rng.uniform(0.05, 0.3), hem=t.chest * rng.uniform(0.92, 1.02))
    yoke = whole(curve((0.45 * t.chest, 0.36), (t.shoulder - 0.06, 0.4)))
    yokes = (yoke[: len(yoke) // 2], yoke[len(yoke) // 2 :])
    neck = v_neck(t)
    arms = button_sleeve(rng, t) if chance(rng, 0.7) else short_sleeve(rng, t)
    strip = placket(0, t.drop - 0.03, t.length + t.bend - 0.005, 0.075, int(rng.integers(5, 8)))
    pockets = patch_pocket(0.47, 0.8, 0.42, 0.5, chance(rng, 0.3)) if chance(rng, 0.65) else []
    if pockets and chance(rng, 0.4):
        pockets += [p.moved(lambda q: q * MIRROR) for p in pockets]
    collar = folded_collar(t, rng.uniform(0.7, 1.05), rng.uniform(0.2, 0.32))
    return [back(t, neck), *arms, front(t, neck, seams=yokes), *strip, *pockets, *collar]


def button_sleeve(rng: Rng, t: Torso) -> list[Part]:
    """Long sleeves that end in a stiff cuff."""
    arms = long_sleeve(rng, t, 0.2, 0.52)
    return [replace(part, material="plain") if part.material == "rib" else part for part in arms]


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
    inside = np.vstack([rear, neck[::-1] + (0, 0.04)])
    return [Part(around(inside), "lining"), Part(around(half), stitches=(hem,)), *edges]
