"""From pieces to pixels: what a garment covers, its cloth under a lamp, its line drawing, and soft shadows."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from s2f_helpers.data.wardrobe.fabrics import Fabric, film_grain, ink, weave
from s2f_helpers.data.wardrobe.pieces import Part

SUPER = 4
"""Edges are drawn at this many times the picture's resolution and averaged down."""
COARSE = 128
"""What varies softly (folds, shadows) is modelled on a grid of this side: it looks alike at every size."""
CRUMPLES = (((4, 5), 1.2), ((7, 18), 0.45), ((26, 30), 0.25))
"""Uneven cloth: knots down and across, and how high they stand."""


def coverage(outlines: Iterable[np.ndarray], size: int) -> np.ndarray:
    """(size, size) ``float32``: how much of each pixel lies inside of any of the outlines."""
    return _small(_filled(outlines, (size, size)))


def drawing(parts: list[Part], size: int) -> np.ndarray:
    """(size, size) ``uint8``: 255 on the outlines and seams that lie on top, 0 elsewhere."""
    sheet = _filled([], (size, size))
    wide = max(SUPER, round(size * SUPER / 150))
    for part in parts:
        cv2.fillPoly(sheet, [_fixed(part.outline)], 0, cv2.LINE_8, 4)
        _draw(sheet, (_ring(part.outline), *part.seams), wide)
    small = cv2.resize(sheet, (size, size), interpolation=cv2.INTER_AREA)
    return np.where(small > 110, 255, 0).astype(np.uint8)


def sewn(parts: list[Part], fabric: Fabric, cover: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3, size, size) ``float32`` RGB: the pieces one over the other, under a lamp at the upper left."""
    canvas = np.empty((3, *cover.shape), np.float32)
    canvas[:] = ink(fabric.color)
    for part in parts:
        _paint(canvas, part, fabric)
    return _lit(canvas, _relief(parts, len(cover), rng), cover)


def soft_shadow(cover: np.ndarray, drop: tuple[float, float], blur: float) -> np.ndarray:
    """``cover`` moved by ``drop`` (x, y) and blurred, both in pixels."""
    size, scale = len(cover), COARSE / len(cover)
    near = cv2.resize(cover, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    shift = np.float32([[1, 0, drop[0] * scale], [0, 1, drop[1] * scale]])
    near = cv2.warpAffine(near, shift, (COARSE, COARSE), borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(cv2.GaussianBlur(near, (0, 0), blur * scale), (size, size))


def _filled(outlines: Iterable[np.ndarray], shape: tuple[int, int], offset=(0, 0)) -> np.ndarray:
    """The fine grid of a (height, width) in pixels at an offset from the picture's: 255 inside of the outlines."""
    sheet = np.zeros((shape[0] * SUPER, shape[1] * SUPER), np.uint8)
    for outline in outlines:
        cv2.fillPoly(sheet, [_fixed(outline, offset)], 255, cv2.LINE_8, 4)
    return sheet


def _fixed(points: np.ndarray, offset: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Picture coordinates as OpenCV's fixed-point ones on the fine grid; pixel centres are whole there."""
    return np.round(((points - offset) * SUPER - 0.5) * 16).astype(np.int32)


def _draw(sheet: np.ndarray, paths: Iterable[np.ndarray], wide: int, offset=(0, 0)) -> None:
    cv2.polylines(sheet, [_fixed(path, offset) for path in paths], False, 255, wide, cv2.LINE_8, 4)


def _ring(outline: np.ndarray) -> np.ndarray:
    return np.vstack([outline, outline[:1]])


def _small(sheet: np.ndarray) -> np.ndarray:
    height, width = sheet.shape
    small = cv2.resize(sheet, (width // SUPER, height // SUPER), interpolation=cv2.INTER_AREA)
    return np.divide(small, 255, dtype=np.float32)


def _paint(canvas: np.ndarray, part: Part, fabric: Fabric) -> None:
    """Lay a piece on the canvas, in place: its shadow, its cloth, its seams."""
    size = canvas.shape[-1]
    pad = 4 + size // 32
    x0, y0 = np.clip(np.floor(part.outline.min(0)).astype(int) - pad, 0, size)
    x1, y1 = np.clip(np.ceil(part.outline.max(0)).astype(int) + pad, 0, size)
    under, shape, offset = canvas[:, y0:y1, x0:x1], (y1 - y0, x1 - x0), (x0, y0)
    alpha = _small(_filled([part.outline], shape, offset))
    soft = cv2.GaussianBlur(alpha, (0, 0), size / 110)
    seams = 1 - _seams(part, shape, offset, size)
    x, y = _grain_coordinates(part, offset, shape, size)
    cloth = weave(fabric, part.material, x, y, 1 / size)
    edge = 1 if part.material == "lining" else np.minimum(0.62 + 0.4 * soft, 1)
    under *= (1 - 0.38 * soft) * (1 - alpha) * seams
    under += cloth * (alpha * edge * seams)
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
    sheet = _filled([], shape)
    wide = max(2, round(size * SUPER / 300))
    _draw(sheet, [_ring(part.outline)], max(1, wide // 2), offset)
    _draw(sheet, part.seams, wide, offset)
    return 0.45 * _small(sheet)


def _sew(under: np.ndarray, part: Part, fabric: Fabric, offset: tuple[int, int], size: int) -> None:
    """Draw the piece's stitches on it, in place."""
    sheet = _filled([], under.shape[1:])
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
    """(COARSE, COARSE) ``float32``: the light on the cloth, about 1, from folds, creases and crumples."""
    scale = COARSE / size
    knots = [depth * rng.standard_normal(cells, np.float32) for cells, depth in CRUMPLES]
    height = sum(cv2.resize(knot, (COARSE, COARSE), interpolation=cv2.INTER_CUBIC) for knot in knots)
    folds = np.zeros((COARSE, COARSE), np.float32)
    for part in parts:
        if part.material == "shell":
            _fold(folds, part, scale, rng)
        if part.creases:
            paths = [_coarse(path * scale) for path in part.creases]
            cv2.polylines(folds, paths, False, 2.2, 2, cv2.LINE_AA, 4)
    height = height + 1.1 * cv2.GaussianBlur(folds, (0, 0), 1.3) + 1.6 * cv2.GaussianBlur(folds, (0, 0), 3.2)
    across, down = cv2.Sobel(height, -1, 1, 0, scale=0.125), cv2.Sobel(height, -1, 0, 1, scale=0.125)
    return 1 + 0.2 * np.tanh(1.6 * across + 1.1 * down)


def _coarse(path: np.ndarray) -> np.ndarray:
    return np.round(path * 16).astype(np.int32)


def _fold(folds: np.ndarray, part: Part, scale: float, rng: np.random.Generator) -> None:
    """A few soft folds, roughly along the piece's thread, between points inside of it."""
    outline = part.outline * scale
    count = int(rng.integers(4, 9))
    ends = outline[rng.integers(0, len(outline), (count, 2))]
    middles = ends[:, 0] + rng.uniform(0.25, 0.75, (count, 1)) * (ends[:, 1] - ends[:, 0])
    lean = part.grain + rng.normal(0, 0.5, count)
    half = rng.uniform(0.03, 0.12, count) * COARSE
    reach = np.stack([-np.sin(lean), np.cos(lean)], 1) * half[:, None]
    bow = rng.normal(0, 0.25, (count, 1)) * reach[:, ::-1]
    lines = np.stack([middles - reach, middles + bow, middles + reach], 1)
    for path, rise in zip(lines, rng.choice([-1.6, 1.6], count), strict=True):
        cv2.polylines(folds, [_coarse(path)], False, float(rise), 1 + int(rng.integers(2)), cv2.LINE_AA, 4)


def _lit(cloth: np.ndarray, relief: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """The painted cloth under its light; its median brightness stays what it was."""
    size = len(cover)
    light = cv2.resize(relief, (size, size), interpolation=cv2.INTER_CUBIC)
    light *= np.minimum(0.8 + 0.21 * soft_shadow(cover, (0, 0), size / 40), 1)
    light /= np.median(light[cover >= 0.5])
    cloth *= light
    cloth += 30 * (light - 1) + 2.2 * film_grain(size, size)
    return cloth
