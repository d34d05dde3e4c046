"""The upper body (measurements, front and back, necklines, sleeves), and the collars and pockets sewn on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from s2f_helpers.data.wardrobe.pieces import Part, Rng, around, band, both, box, curve, disc, line, shifted, whole

MEASURES = {"chest": (0.94, 1.06), "neck": (0.34, 0.42), "drop": (0.24, 0.34), "shoulder": (0.88, 0.97),
            "slope": (0.16, 0.26), "armhole": (0.86, 1.0), "waist": (0.9, 1.0), "hem": (0.95, 1.06),
            "length": (2.45, 2.95), "bend": (0.02, 0.07)}  # fmt: skip
"""Of a T-shirt-like torso, in the order they are drawn; shoulder, waist and hem as parts of the chest."""


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

    @classmethod
    def drawn(cls, rng: Rng, **given: float) -> Torso:
        """A T-shirt-like torso; whatever is given replaces what would be drawn."""
        drawn = {name: rng.uniform(*between) for name, between in MEASURES.items()}
        for name in ("shoulder", "waist", "hem"):
            drawn[name] *= drawn["chest"]
        return cls(**(drawn | given))

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

    def round_neck(self) -> np.ndarray:
        """Middle front to neck point."""
        n, d = self.neck, self.drop
        return curve((0, d), (0.55 * n, 0.84 * d), (0.93 * n, 0.38 * d), (n, 0))

    def v_neck(self) -> np.ndarray:
        n, d = self.neck, self.drop
        return curve((0, d), (0.5 * n, 0.55 * d), (0.9 * n, 0.12 * d), (n, 0))

    def front(self, neck: np.ndarray, **given) -> Part:
        """The front piece, hemmed with a line of stitches."""
        half = np.vstack([neck, self.armline(), self.side(), self.hemline()])
        stitched = whole(self.hemline()[::-1]) - (0, 0.09)
        return Part(around(half), **({"stitches": (stitched * (0.985, 1),)} | given))

    def back(self, neck: np.ndarray, rise: float = 0.05) -> Part:
        """The inside of the back, seen through the neckline."""
        top = curve((0, rise), (0.6 * self.neck, 0.7 * rise), (self.neck, 0))
        return inside(top, neck, 0.05)

    def neckband(self, neck: np.ndarray, width: float, material: str) -> tuple[Part, Part]:
        """The ribbing of the back and of the front neckline."""
        rear = whole(curve((0, 0.06), (0.6 * self.neck, 0.04), (self.neck, 0)))
        return Part(band(rear, width), material, behind=True), Part(band(whole(neck), width), material)

    def sleeve(self, length: float, bend: tuple, elbow: float, cuff: float, rib: float = 0.0) -> list[Part]:
        """A pair of sleeves; ``bend`` is the angle under the horizontal at the shoulder and at the cuff."""
        first, last = (np.array([np.cos(a), np.sin(a)]) for a in bend)
        middle = 0.5 * (self.tip + self.underarm) + 0.45 * length * first
        end = middle + 0.55 * length * last
        across = first + last
        across = np.array([across[1], -across[0]]) / np.linalg.norm(across)
        out = np.array([last[1], -last[0]])
        a, b = end + 0.5 * cuff * out, end - 0.5 * cuff * out
        top = curve(self.tip, middle + 0.5 * elbow * across, a)
        under = curve(b, middle - 0.5 * elbow * across, self.underarm)
        grain = float(np.pi / 2 - np.mean(bend)) * -1
        inner = self.armline()[::-1] - (0.08, 0)
        hem = line(end + 0.48 * cuff * out, end - 0.48 * cuff * out) - 0.09 * last
        tube = Part(np.vstack([top, under, inner]), grain=grain, stitches=() if rib else (hem,))
        if not rib:
            return both(tube)
        tight = 0.04 * cuff * out
        ends = line(a - 0.02 * last, b - 0.02 * last, b + tight + rib * last, a - tight + rib * last)
        return both(Part(ends, "rib", grain=grain), tube)

    def short_sleeve(self, rng: Rng) -> list[Part]:
        angle, wide, length = rng.uniform(0.5, 0.95), rng.uniform(0.6, 0.78), rng.uniform(0.62, 0.95)
        return self.sleeve(length, (angle, angle + rng.uniform(0, 0.15)), wide, wide * rng.uniform(0.88, 1.0))

    def long_sleeve(self, rng: Rng, rib: float, wide: float = 0.55) -> list[Part]:
        bend = (rng.uniform(0.75, 1.02), rng.uniform(1.22, 1.44))
        cuff = wide * (0.62 if rib else 0.72)
        return self.sleeve(rng.uniform(2.15, 2.5), bend, wide * rng.uniform(0.95, 1.1), cuff, rib)

    def button_sleeve(self, rng: Rng) -> list[Part]:
        """Long sleeves that end in a stiff cuff."""
        arms = self.long_sleeve(rng, 0.2, 0.52)
        return [replace(part, material="plain") if part.material == "rib" else part for part in arms]


def inside(top: np.ndarray, neck: np.ndarray, lap: float) -> Part:
    """The lining between the right halves of two necklines; it goes on ``lap`` under the front one."""
    return Part(around(np.vstack([top, np.add(neck[::-1], (0, lap))])), "lining", behind=True)


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


def placket(x: float, top: float, bottom: float, width: float, count: int) -> list[Part]:
    strip = Part(box(x - width, top, x + width, bottom), "plain")
    return [strip, *buttons(x, top + 0.14, bottom - 0.22, count, 0.038)]


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
    foot, gap = (t.neck + 0.09, 0.12), 0.62 * wide
    outer = curve((0, -tall), (0.6 * wide, -0.94 * tall), (wide, -0.5 * tall), (0.97 * wide, -0.1), foot)
    shell = np.vstack([outer, curve(foot, (0.26, 0.34), (0, 0.42))])
    opening = curve((0, -0.8 * tall), (0.75 * gap, -0.7 * tall), (gap, -0.38 * tall), (0.6 * gap, 0), (0, 0.26))
    rim, lap = whole(opening), curve((0, 0.26), (0.05, 0.34), (0.02, 0.42))
    return [Part(around(shell), seams=(lap,), behind=True),
            Part(around(opening), "lining", creases=(rim,), behind=True),
            Part(band(rim, -0.07), "plain", behind=True)]  # fmt: skip


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
