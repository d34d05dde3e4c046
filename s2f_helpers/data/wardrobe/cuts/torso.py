"""The upper body: its measurements, its front and back, necklines and sleeves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from s2f_helpers.data.wardrobe.cuts.part import Part, Rng, around, band, both, curve, line, nudged, whole


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
            "length": rng.uniform(2.45, 2.95),
            "bend": rng.uniform(0.02, 0.07),
        }
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

    def front(self, neck: np.ndarray, **details) -> Part:
        """The front piece, hemmed with a line of stitches."""
        half = np.vstack([neck, self.armline(), self.side(), self.hemline()])
        stitched = whole(self.hemline()[::-1]) - (0, 0.09)
        details = {"stitches": (stitched * (0.985, 1),)} | details
        return Part(around(half), **details)

    def back(self, neck: np.ndarray, rise: float = 0.05) -> Part:
        """The inside of the back, seen through the neckline."""
        top = curve((0, rise), (0.6 * self.neck, 0.7 * rise), (self.neck, 0))
        return inside(top, neck, 0.05)

    def neckband(self, neck: np.ndarray, width: float, material: str) -> tuple[Part, Part]:
        """The ribbing of the back and of the front neckline."""
        rear = whole(curve((0, 0.06), (0.6 * self.neck, 0.04), (self.neck, 0)))
        return Part(band(rear, width), material, behind=True), Part(band(whole(neck), width), material)

    def sleeve(
        self, length: float, bend: tuple[float, float], elbow: float, cuff: float, rib: float = 0.0
    ) -> list[Part]:
        """A pair of sleeves; ``bend`` is the angle under the horizontal at the shoulder and at the cuff."""
        first, last = (np.array([np.cos(a), np.sin(a)]) for a in bend)
        middle = 0.5 * (self.tip + self.underarm) + 0.45 * length * first
        end = middle + 0.55 * length * last
        across = first + last
        across = np.array([across[1], -across[0]]) / np.linalg.norm(across)
        out = np.array([last[1], -last[0]])
        top = curve(self.tip, middle + 0.5 * elbow * across, end + 0.5 * cuff * out)
        under = curve(end - 0.5 * cuff * out, middle - 0.5 * elbow * across, self.underarm)
        grain = float(np.pi / 2 - np.mean(bend)) * -1
        inner = self.armline()[::-1] - (0.08, 0)
        hem = line(end + 0.48 * cuff * out, end - 0.48 * cuff * out) - 0.09 * last
        outline = np.vstack([top, under, inner])
        tube = Part(outline, grain=grain, stitches=() if rib else (hem,))
        if not rib:
            return both(tube)
        a, b = end + 0.5 * cuff * out, end - 0.5 * cuff * out
        tight = 0.04 * cuff * out
        ends = line(a - 0.02 * last, b - 0.02 * last, b + tight + rib * last, a - tight + rib * last)
        return both(Part(ends, "rib", grain=grain), tube)

    def short_sleeve(self, rng: Rng) -> list[Part]:
        angle = rng.uniform(0.5, 0.95)
        wide = rng.uniform(0.6, 0.78)
        length = rng.uniform(0.62, 0.95)
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
    return Part(around(np.vstack([top, nudged(neck[::-1], 0, lap)])), "lining", behind=True)
