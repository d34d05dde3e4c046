"""The pieces garments are made of, and the few curves they are cut with.

A piece lives in its garment's own units: x to the right of the middle, y down from the neck or the waist,
about 1 for half the chest. A half is walked on the right-hand side and mirrored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

Rng = np.random.Generator


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
        behind: whether it lies behind the neck or the waist of who wears it.
    """

    outline: np.ndarray
    material: str = "shell"
    seams: tuple[np.ndarray, ...] = ()
    stitches: tuple[np.ndarray, ...] = ()
    creases: tuple[np.ndarray, ...] = ()
    grain: float = 0.0
    behind: bool = False

    def moved(self, move: Callable[[np.ndarray], np.ndarray]) -> Part:
        """The same piece with every point sent through ``move``, an (N, 2) -> (N, 2) function."""
        paths = (self.outline, *self.seams, *self.stitches, *self.creases)
        ends = np.cumsum([len(path) for path in paths])[:-1]
        outline, *rest = np.split(move(np.concatenate(paths)), ends)
        seams, creases = len(self.seams), len(rest) - len(self.creases)
        lines = tuple(rest[:seams]), tuple(rest[seams:creases]), tuple(rest[creases:])
        return Part(outline, self.material, *lines, self.grain, self.behind)


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
    return np.vstack([half[::-1] * (-1, 1), half])


def around(half: np.ndarray) -> np.ndarray:
    """A right half, walked from top to bottom, closed with its mirror image."""
    return np.vstack([half, half[::-1] * (-1, 1)])


def shifted(path: np.ndarray, distance: float) -> np.ndarray:
    """The path moved sideways, to the right of its direction on a screen (y down)."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    return path + distance * np.stack([-along[:, 1], along[:, 0]], 1)


def band(path: np.ndarray, width: float) -> np.ndarray:
    return np.vstack([path, shifted(path, width)[::-1]])


def clipped(outline: np.ndarray, normal: tuple[float, float], limit: float = 0.0) -> np.ndarray:
    """What of a polygon lies where a point's product with ``normal`` is at least ``limit``; (0, 2) if nothing."""
    inside = outline @ np.array(normal) - limit
    after, following = np.roll(inside, -1), np.roll(outline, -1, 0)
    crosses = inside * after < 0
    at = inside / np.where(crosses, inside - after, 1)
    points = np.stack([outline, outline + at[:, None] * (following - outline)], 1)
    return points[np.stack([inside >= 0, crosses], 1)]


def disc(x: float, y: float, radius: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return np.stack([x + radius * np.cos(turn), y + radius * np.sin(turn)], 1)


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return line((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def both(*parts: Part) -> list[Part]:
    """Each right-hand piece and its mirror image, in turn."""
    return [p for part in parts for p in (part, replace(part.moved(lambda q: q * (-1, 1)), grain=-part.grain))]
