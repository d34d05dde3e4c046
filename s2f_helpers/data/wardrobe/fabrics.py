"""Cloth for the synthetic wardrobe: which fabric a garment is made of, and how it looks from above."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

__all__ = ["Fabric", "choose_fabric", "film_grain", "ink", "weave"]

PALETTE = (
    (214, 40, 44), (150, 28, 48), (228, 98, 42), (240, 178, 44), (248, 222, 118), (92, 122, 58),
    (34, 104, 74), (132, 176, 148), (52, 148, 152), (98, 160, 214), (40, 84, 168), (30, 42, 78),
    (112, 82, 154), (196, 168, 214), (226, 122, 152), (244, 196, 200), (112, 72, 50), (184, 142, 98),
    (222, 202, 170), (240, 236, 226), (236, 238, 240), (160, 164, 168), (88, 92, 98), (38, 39, 43),
)  # fmt: skip
DENIM = ((58, 84, 128), (92, 124, 164), (142, 168, 196), (38, 48, 74), (70, 74, 82))
THREAD = (214, 160, 96)
PLAIN_TOP = {"plain": 0.5, "stripe": 0.25, "dots": 0.07, "check": 0.05, "melange": 0.13}
FABRICS = {
    "t-shirt": PLAIN_TOP,
    "longsleeve": {"knit": 0.4, "plain": 0.25, "stripe": 0.25, "melange": 0.1},
    "shirt": {"plain": 0.35, "check": 0.3, "stripe": 0.15, "denim": 0.1, "dots": 0.1},
    "tank-top": PLAIN_TOP,
    "hoodie": {"plain": 0.55, "melange": 0.35, "stripe": 0.1},
    "coat": {"plain": 0.65, "melange": 0.2, "check": 0.15},
    "jacket": {"plain": 0.55, "melange": 0.2, "check": 0.25},
    "pants": {"denim": 0.45, "plain": 0.4, "check": 0.1, "stripe": 0.05},
    "shorts": {"denim": 0.35, "plain": 0.45, "check": 0.1, "dots": 0.1},
    "skirt": {"plain": 0.45, "check": 0.2, "dots": 0.15, "denim": 0.1, "stripe": 0.1},
    "dress": {"plain": 0.45, "dots": 0.25, "stripe": 0.15, "check": 0.1, "denim": 0.05},
    "bodysuit": {"plain": 0.5, "stripe": 0.2, "dots": 0.2, "melange": 0.1},
    "hat": {"plain": 0.6, "knit": 0.2, "denim": 0.1, "check": 0.1},
}


@dataclass(frozen=True)
class Fabric:
    """What a garment is made of.

    Attributes:
        kind: "plain", "melange", "stripe", "check", "dots", "denim" or "knit".
        color: the main colour, RGB in 0..255; more than half of the cloth has it.
        second: the colour of the pattern, of trimmings and prints.
        thread: the colour of visible stitches.
        repeat: width of one repeat of the pattern, as a fraction of the picture.
        share: how much of a repeat the second colour takes.
    """

    kind: str
    color: tuple[int, int, int]
    second: tuple[int, int, int]
    thread: tuple[int, int, int]
    repeat: float
    share: float


def choose_fabric(category: str, rng: np.random.Generator) -> Fabric:
    """A plausible fabric for a garment of this category."""
    odds = FABRICS[category]
    kind = str(rng.choice(list(odds), p=list(odds.values())))
    if kind == "denim":
        color = _vary(DENIM[rng.integers(len(DENIM))], rng, 8)
        second, thread = (226, 222, 212), THREAD
    else:
        color = _vary(PALETTE[rng.integers(len(PALETTE))], rng, 10)
        second = _contrast(color, rng)
        thread = tuple(int(c * 0.72) if sum(color) > 240 else c + 40 for c in color)
    return Fabric(kind, color, second, thread, rng.uniform(0.035, 0.075), rng.uniform(0.2, 0.36))


def _vary(color: tuple[int, ...], rng: np.random.Generator, amount: int) -> tuple[int, int, int]:
    red, green, blue = np.clip(np.array(color) + rng.integers(-amount, amount + 1, 3), 12, 243)
    return int(red), int(green), int(blue)


def _contrast(color: tuple[int, ...], rng: np.random.Generator) -> tuple[int, int, int]:
    """A colour of the palette that is clearly lighter or darker; white or near black half of the time."""
    far = [c for c in PALETTE if abs(sum(c) - sum(color)) > 180]
    neutral = (240, 238, 232) if sum(color) < 420 else (34, 36, 46)
    return neutral if rng.random() < 0.5 or not far else far[rng.integers(len(far))]


def ink(color: tuple[int, int, int]) -> np.ndarray:
    """(3, 1, 1) ``float32``: a colour that broadcasts over planes."""
    return np.array(color, np.float32)[:, None, None]


@lru_cache(maxsize=1)
def _grain_sheet(side: int) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((side, side), np.float32)


def film_grain(height: int, width: int) -> np.ndarray:
    """(height, width) ``float32`` noise of mean 0 and deviation 1, always the same; not to be written to."""
    return _grain_sheet(max(512, 1 << (max(height, width) - 1).bit_length()))[:height, :width]


def weave(fabric: Fabric, material: str, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """The cloth of one piece: ``float32`` RGB in 0..255 that broadcasts to (3, H, W).

    Args:
        material: see :class:`s2f_helpers.data.wardrobe.pieces.Part`.
        x, y: (H, W) ``float32``, across and along the piece's grain, as fractions of the picture.
        pixel: the size of a pixel in the same unit; finer detail fades to its mean.
    """
    color, second = ink(fabric.color), ink(fabric.second)
    even = {"trim": second, "lining": 0.55 * color + 6, "button": 0.45 * second + 0.35 * color}
    if material in even:
        return even[material]
    if material == "rib":
        return color * (1 + _wave(x, 0.018, 0.13, pixel))
    if fabric.kind in ("stripe", "check", "dots") and material == "shell":
        return color + _printed(fabric, x, y, pixel) * (second - color)
    return color * (1 + _texture(fabric.kind, x, y, pixel))


def _printed(fabric: Fabric, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray:
    """How much of the second colour a pattern shows."""
    if fabric.kind == "stripe":
        return _bars(y, fabric.repeat, fabric.share * fabric.repeat, pixel)
    if fabric.kind == "check":
        repeat = 1.5 * fabric.repeat
        half, wide = np.float32(0.5 * repeat), 0.21 * repeat
        bands = 0.34 * (_bars(x, repeat, wide, pixel) + _bars(y, repeat, wide, pixel))
        down, across = (_bars(t + half, repeat, 0.06 * repeat, pixel) for t in (x, y))
        return np.maximum(bands, 0.5 * np.maximum(down, across))
    step = np.float32(0.75 * fabric.repeat)
    row = np.round(y / step)
    across = x - 0.5 * step * (row % 2)
    dx, dy = across - step * np.round(across / step), y - step * row
    return _inside(0.55 * fabric.share * step - np.hypot(dx, dy), pixel)


def _texture(kind: str, x: np.ndarray, y: np.ndarray, pixel: float) -> np.ndarray | float:
    """How much lighter than its colour the cloth is."""
    if kind == "denim":
        return _wave(x + y, 0.0125, 0.05, pixel) + 0.08 * cv2.blur(film_grain(*x.shape), (1, 7))
    if kind == "knit":
        column = np.float32(0.02)
        zigzag = y + 0.6 * np.abs(x - column * np.round(x / column))
        return _wave(x, 0.02, 0.07, pixel) + _wave(zigzag, 0.016, 0.07, pixel)
    return 0.07 * cv2.blur(film_grain(*x.shape), (3, 1)) if kind == "melange" else 0.0


def _wave(t: np.ndarray, period: float, depth: float, pixel: float) -> np.ndarray:
    """A sine of a period; none where a period is under three pixels, which would only alias."""
    depth *= float(np.clip(period / pixel - 2, 0, 1))
    return depth * np.sin(t * np.float32(2 * np.pi / period))


def _inside(distance: np.ndarray, pixel: float) -> np.ndarray:
    """Coverage of a shape from the signed distance to its edge, positive inside."""
    return np.clip(distance / np.float32(pixel) + 0.5, 0, 1)


def _bars(t: np.ndarray, period: float, width: float, pixel: float) -> np.ndarray:
    """Coverage of bars ``width`` wide, one each ``period``."""
    t = np.abs(t - period * np.round(t / np.float32(period)))
    return _inside(0.5 * width - t, pixel)
