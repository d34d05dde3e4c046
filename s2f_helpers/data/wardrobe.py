"""The synthetic wardrobe: garments drawn from parameters, with a mask, a colour and a sketch known exactly.

For tests, for lessons that need a known truth, and for a first run without a network. A garment is cut
(:mod:`s2f_helpers.data.cuts`), laid flat, and painted piece by piece; its mask and its line drawing come
from the same outlines.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from tqdm.auto import tqdm

from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data.categories import category_ids, category_index
from s2f_helpers.data.cuts import CUTS, Part
from s2f_helpers.data.fabrics import Fabric, choose_fabric, film_grain, ink, weave

__all__ = ["garment_color", "garment_lines", "make_garment", "make_wardrobe"]

SUPER = 4
"""Edges are drawn at this many times the picture's resolution and averaged down."""
SIZES = (32, 2048)
RELIEF = 128
"""Folds are modelled on a grid of this side, so that a garment is lit alike at every size."""
FLOORS = ((186, 150, 112), (152, 150, 146), (214, 208, 198), (120, 92, 70))
CRUMPLES = (((4, 5), 1.2), ((7, 18), 0.45), ((26, 30), 0.25))
"""Uneven cloth: knots down and across, and how high they stand."""
CUT, CLOTH, LIGHT = range(3)
"""Independent random streams: what a garment is, what it is made of, how it lies."""


def make_garment(category: str, seed: int, size: int = 256, background: str = "white") -> Garment:
    """One photo-like garment with its exact mask.

    Args:
        category: an id of ``data/categories.csv``.
        seed: any integer from 0; the same garment at every size.
        size: side of the picture in pixels, 32 to 2048.
        background: "white" (pure white around the garment) or "floor" (boards, with a shadow).

    Returns:
        A :class:`Garment`: ``photo`` (size, size, 3) ``uint8`` RGB; ``mask`` True where the garment's outline
        covers half of a pixel or more.

    Raises:
        S2FError: for an unknown category or background, a negative seed or an impossible size.

    >>> garment = make_garment("t-shirt", seed=3, size=64)
    >>> garment.photo.shape, garment.category, bool(garment.mask[32, 32])
    ((64, 64, 3), 't-shirt', True)
    """
    if background not in BACKGROUNDS:
        raise S2FError(f"unknown background {background!r}: expected one of {', '.join(BACKGROUNDS)}")
    parts = _laid_out(category, seed, size)
    fabric = choose_fabric(category, _stream(category, seed, CLOTH))
    rng = _stream(category, seed, LIGHT)
    cover = _cover(parts, size)
    cloth = _lit(_painted(parts, fabric, size), _relief(parts, size, rng), cover)
    floor = BACKGROUNDS[background](cover, rng)
    photo = floor + cover * (cloth - floor)
    return Garment(cv2.merge([cv2.convertScaleAbs(np.maximum(c, 0)) for c in photo]), cover >= 0.5, category)


def make_wardrobe(count: int, seed: int = 0, size: int = 256, background: str = "white") -> list[Garment]:
    """``count`` garments, category after category in class-index order, then round again.

    >>> [garment.category for garment in make_wardrobe(3, size=64)]
    ['t-shirt', 'longsleeve', 'shirt']
    """
    ids = category_ids()
    rounds = tqdm(range(count), desc="sewing", unit="garment", disable=count < 100)
    return [make_garment(ids[i % len(ids)], seed + i // len(ids), size, background) for i in rounds]


def garment_lines(category: str, seed: int, size: int = 256) -> np.ndarray:
    """The line drawing of the garment that :func:`make_garment` paints from the same arguments.

    Returns:
        (size, size) ``uint8``: 255 on outlines and seams, 0 elsewhere, about two pixels wide at 256.
    """
    sheet = np.zeros((size * SUPER, size * SUPER), np.uint8)
    parts = _laid_out(category, seed, size)
    wide = max(SUPER, round(size * SUPER / 150))
    for part in parts:
        _fill(sheet, part.outline, 0)
        _draw(sheet, (_ring(part.outline), *part.seams), wide)
    small = cv2.resize(sheet, (size, size), interpolation=cv2.INTER_AREA)
    return np.where(small > 110, 255, 0).astype(np.uint8)


def garment_color(category: str, seed: int) -> tuple[int, int, int]:
    """The main colour, RGB in 0..255, of the garment :func:`make_garment` paints, before the light."""
    return choose_fabric(category, _stream(category, seed, CLOTH)).color


def _stream(category: str, seed: int, purpose: int) -> np.random.Generator:
    if seed < 0:
        raise S2FError(f"seed: expected an integer from 0, got {seed}")
    return np.random.default_rng((int(seed), category_index(category), purpose))


def _laid_out(category: str, seed: int, size: int) -> list[Part]:
    """The garment's pieces, slightly turned and rumpled, fitted into a picture; points in pixels."""
    if not SIZES[0] <= size <= SIZES[1]:
        raise S2FError(f"size: expected {SIZES[0]} to {SIZES[1]} pixels, got {size}")
    rng = _stream(category, seed, CUT)
    parts = CUTS[category](rng)
    turn = rng.normal(0, 0.025)
    turning = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    waves = rng.normal(0, 1, (3, 2, 2))
    phases, pulls = rng.uniform(0, 2 * np.pi, (3, 2)), rng.normal(0, 0.014, (3, 2))

    def rumpled(points: np.ndarray) -> np.ndarray:
        bent = np.einsum("nd,kde->nke", points, waves) * 1.3 + phases
        return (points + (np.sin(bent) * pulls).sum(1)) @ turning.T

    parts = [part.moved(rumpled) for part in parts]
    points = np.vstack([part.outline for part in parts])
    low, high = points.min(0), points.max(0)
    scale = size * rng.uniform(0.84, 0.9) / (high - low).max()
    return [part.moved(lambda q: (q - 0.5 * (low + high)) * scale + 0.5 * size) for part in parts]


def _fixed(points: np.ndarray, offset: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Picture coordinates as OpenCV's fixed-point ones on the fine grid; pixel centres are whole there."""
    return np.round(((points - offset) * SUPER - 0.5) * 16).astype(np.int32)


def _fill(sheet: np.ndarray, outline: np.ndarray, value: int, offset=(0, 0)) -> None:
    cv2.fillPoly(sheet, [_fixed(outline, offset)], value, cv2.LINE_8, 4)


def _draw(sheet: np.ndarray, paths: Iterable[np.ndarray], wide: int, offset=(0, 0)) -> None:
    cv2.polylines(sheet, [_fixed(path, offset) for path in paths], False, 255, wide, cv2.LINE_8, 4)


def _ring(outline: np.ndarray) -> np.ndarray:
    return np.vstack([outline, outline[:1]])


def _cover(parts: list[Part], size: int) -> np.ndarray:
    """(size, size) ``float32``: how much of each pixel the garment covers."""
    sheet = np.zeros((size * SUPER, size * SUPER), np.uint8)
    for part in parts:
        _fill(sheet, part.outline, 255)
    return _small(sheet)


def _small(sheet: np.ndarray) -> np.ndarray:
    height, width = sheet.shape
    small = cv2.resize(sheet, (width // SUPER, height // SUPER), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def _painted(parts: list[Part], fabric: Fabric, size: int) -> np.ndarray:
    """(3, size, size) ``float32`` RGB: the pieces one over the other, with their shadows and seams."""
    canvas = np.empty((3, size, size), np.float32)
    canvas[:] = ink(fabric.color)
    for part in parts:
        _paint(canvas, part, fabric)
    return canvas


def _paint(canvas: np.ndarray, part: Part, fabric: Fabric) -> None:
    size = canvas.shape[-1]
    pad = 4 + size // 32
    x0, y0 = np.clip(np.floor(part.outline.min(0)).astype(int) - pad, 0, size)
    x1, y1 = np.clip(np.ceil(part.outline.max(0)).astype(int) + pad, 0, size)
    under, shape, offset = canvas[:, y0:y1, x0:x1], (y1 - y0, x1 - x0), (x0, y0)
    sheet = np.zeros((shape[0] * SUPER, shape[1] * SUPER), np.uint8)
    _fill(sheet, part.outline, 255, offset)
    alpha = _small(sheet)
    soft = cv2.GaussianBlur(alpha, (0, 0), size / 110)
    under *= 1 - 0.38 * soft
    x, y = _grain_coordinates(part, offset, shape, size)
    cloth = weave(fabric, part.material, x, y, 1 / size)
    if part.material != "lining":
        cloth = cloth * np.minimum(0.62 + 0.4 * soft, 1)
    under += alpha * (cloth - under)
    under *= 1 - _seams(part, shape, offset, size)
    if part.stitches:
        _sew(under, part, fabric, offset, size)


def _grain_coordinates(part: Part, origin: tuple, shape: tuple, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Across and along the piece's thread, from its middle, as fractions of the picture."""
    middle = part.outline.mean(0)
    x = (np.arange(shape[1], dtype=np.float32) + (origin[0] - middle[0]))[None, :] / size
    y = (np.arange(shape[0], dtype=np.float32) + (origin[1] - middle[1]))[:, None] / size
    cos, sin = np.float32(np.cos(part.grain)), np.float32(np.sin(part.grain))
    return (x * cos + y * sin).astype(np.float32), (y * cos - x * sin).astype(np.float32)


def _seams(part: Part, shape: tuple[int, int], offset: tuple[int, int], size: int) -> np.ndarray:
    """How much darker a piece's seams and its edge are than the cloth."""
    sheet = np.zeros((shape[0] * SUPER, shape[1] * SUPER), np.uint8)
    wide = max(2, round(size * SUPER / 300))
    _draw(sheet, [_ring(part.outline)], max(1, wide // 2), offset)
    _draw(sheet, part.seams, wide, offset)
    return 0.45 * _small(sheet)


def _sew(under: np.ndarray, part: Part, fabric: Fabric, offset: tuple[int, int], size: int) -> None:
    """Draw the piece's stitches on it, in place."""
    sheet = np.zeros((under.shape[1] * SUPER, under.shape[2] * SUPER), np.uint8)
    dashes = np.concatenate([_dashes(path, size * 0.012) for path in part.stitches])
    _draw(sheet, dashes, max(2, round(size * SUPER / 600)), offset)
    under += 0.75 * _small(sheet) * (ink(fabric.thread) - under)


def _dashes(path: np.ndarray, length: float) -> np.ndarray:
    """(N, 2, 2): every other piece of a path, ``length`` long."""
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    at = np.linspace(0, gone[-1], 2 * max(1, round(0.5 * gone[-1] / length)) + 1)
    points = np.stack([np.interp(at, gone, path[:, 0]), np.interp(at, gone, path[:, 1])], 1)
    return points[:-1].reshape(-1, 2, 2)


def _relief(parts: list[Part], size: int, rng: np.random.Generator) -> np.ndarray:
    """(RELIEF, RELIEF) ``float32``: the light on the cloth, about 1, from folds, creases and crumples."""
    scale = RELIEF / size
    height = sum(_crumple(rng, cells, depth) for cells, depth in CRUMPLES)
    folds = np.zeros((RELIEF, RELIEF), np.float32)
    for part in parts:
        if part.material == "shell":
            _fold(folds, part, scale, rng)
        if part.creases:
            paths = [_coarse(path * scale) for path in part.creases]
            cv2.polylines(folds, paths, False, 2.2, 2, cv2.LINE_AA, 4)
    height = height + 1.1 * cv2.GaussianBlur(folds, (0, 0), 1.3) + 1.6 * cv2.GaussianBlur(folds, (0, 0), 3.2)
    across, down = cv2.Sobel(height, -1, 1, 0, scale=0.125), cv2.Sobel(height, -1, 0, 1, scale=0.125)
    return 1 + 0.2 * np.tanh(1.6 * across + 1.1 * down)


def _crumple(rng: np.random.Generator, cells: tuple[int, int], depth: float) -> np.ndarray:
    knots = rng.standard_normal(cells, np.float32)
    return depth * cv2.resize(knots, (RELIEF, RELIEF), interpolation=cv2.INTER_CUBIC)


def _coarse(path: np.ndarray) -> np.ndarray:
    return np.round(path * 16).astype(np.int32)


def _fold(folds: np.ndarray, part: Part, scale: float, rng: np.random.Generator) -> None:
    """A few soft folds, roughly along the piece's thread, between points inside of it."""
    outline = part.outline * scale
    count = int(rng.integers(4, 9))
    ends = outline[rng.integers(0, len(outline), (count, 2))]
    middles = ends[:, 0] + rng.uniform(0.25, 0.75, (count, 1)) * (ends[:, 1] - ends[:, 0])
    lean = part.grain + rng.normal(0, 0.5, count)
    half = rng.uniform(0.03, 0.12, count) * RELIEF
    reach = np.stack([-np.sin(lean), np.cos(lean)], 1) * half[:, None]
    bow = rng.normal(0, 0.25, (count, 1)) * reach[:, ::-1]
    lines = np.stack([middles - reach, middles + bow, middles + reach], 1)
    for path, rise in zip(lines, rng.choice([-1.6, 1.6], count), strict=True):
        cv2.polylines(folds, [_coarse(path)], False, float(rise), 1 + int(rng.integers(2)), cv2.LINE_AA, 4)


def _lit(cloth: np.ndarray, relief: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """The painted cloth under a lamp at the upper left; its median brightness stays what it was."""
    size = len(cover)
    light = cv2.resize(relief, (size, size), interpolation=cv2.INTER_CUBIC)
    near = cv2.resize(cover, (RELIEF, RELIEF), interpolation=cv2.INTER_AREA)
    near = cv2.resize(cv2.GaussianBlur(near, (0, 0), RELIEF / 40), (size, size))
    light *= np.minimum(0.8 + 0.21 * near, 1)
    light /= np.median(light[cover >= 0.5])
    cloth *= light
    return cloth + (30 * (light - 1) + 2.2 * film_grain(size, size))


def _white(cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.float32(255)


def _floor(cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Boards, unevenly lit, with the garment's shadow on it."""
    size = len(cover)
    color = FLOORS[rng.integers(len(FLOORS))]
    y = np.linspace(0, rng.uniform(3, 6), size, dtype=np.float32)[:, None]
    tone = 1 + 0.06 * np.sin(np.floor(y) * 7.3) - 0.25 * (np.abs(y - np.round(y)) < 0.02)
    knots = 1 + 0.05 * rng.standard_normal((24, 3), np.float32)
    tone = tone * cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)
    drop = cv2.warpAffine(cover, np.float32([[1, 0, size / 90], [0, 1, size / 60]]), (size, size))
    tone = tone * (1 - 0.5 * cv2.GaussianBlur(drop, (0, 0), size / 60))
    return ink(color) * tone + 2.5 * film_grain(size, size)


BACKGROUNDS = {"white": _white, "floor": _floor}
