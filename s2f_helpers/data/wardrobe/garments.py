"""The synthetic wardrobe: garments drawn from parameters, with a mask, a colour and a sketch known exactly.

For tests, for lessons that need a known truth, and for a first run without a network. A garment is cut
(:mod:`s2f_helpers.data.wardrobe.patterns`), laid flat, and painted piece by piece; its mask and its line drawing
come from the same outlines. Several in one picture: :mod:`s2f_helpers.data.wardrobe.scenes`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data.categories import categories, category_ids, category_index
from s2f_helpers.data.wardrobe.fabrics import choose_fabric, film_grain, ink
from s2f_helpers.data.wardrobe.figure import FITS, SOLE, add_skin, figure, skin, studio
from s2f_helpers.data.wardrobe.painting import coverage, drawing, sewn, soft_shadow
from s2f_helpers.data.wardrobe.patterns import CUTS
from s2f_helpers.data.wardrobe.pieces import Part, Rng

__all__ = ["garment_color", "garment_lines", "make_garment", "make_wardrobe"]

SIZES = (32, 2048)
FLOORS = ((186, 150, 112), (152, 150, 146), (214, 208, 198), (120, 92, 70))
CUT, CLOTH, LIGHT, SCENE = range(4)
"""Independent random streams: what a garment is, what it is made of, how it lies, what it is seen with."""
Move = Callable[[np.ndarray], np.ndarray]


def make_garment(category: str, seed: int, size: int = 256, background: str = "white") -> Garment:
    """One photo-like garment with its exact mask.

    Args:
        category: an id of ``data/categories.csv``.
        seed: any integer from 0; the same garment at every size and on every background.
        size: side of the picture in pixels, 32 to 2048.
        background: "white" (pure white around the garment), "floor" (boards, with a shadow) or "figure" (worn
            by a shop's figure before a wall).

    Returns:
        A :class:`Garment`: ``photo`` (size, size, 3) ``uint8`` RGB; ``mask`` True where the garment's outline
        covers half of a pixel or more.

    Raises:
        S2FError: for an unknown category or background, a negative seed or an impossible size.

    >>> garment = make_garment("t-shirt", seed=3, size=64)
    >>> garment.photo.shape, garment.category, bool(garment.mask[32, 32])
    ((64, 64, 3), 't-shirt', True)
    """
    check(size, background)
    pattern, place = lay_out(category, seed, size)
    cover, cloth, rng = painted(category, seed, [part.moved(place) for part in pattern], size)
    photo = worn(cover, rng, category, pattern, place) if background == "figure" else GROUNDS[background](cover, rng)
    return Garment(as_photo(photo + cover * (cloth - photo)), cover >= 0.5, category)


def make_wardrobe(count: int, seed: int = 0, size: int = 256, background: str = "white") -> list[Garment]:
    """``count`` garments, category after category in class-index order, then round again.

    >>> [garment.category for garment in make_wardrobe(3, size=64)]
    ['t-shirt', 'longsleeve', 'shirt']
    """
    ids = category_ids()

    def sew(i: int) -> Garment:
        return make_garment(ids[i % len(ids)], seed + i // len(ids), size, background)

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # most of the work is done outside of the interpreter's lock
        return list(progress(pool.map(sew, range(count)), what="sewing", total=count, unit="garment"))


def garment_lines(category: str, seed: int, size: int = 256) -> np.ndarray:
    """The line drawing of the garment that :func:`make_garment` paints from the same arguments.

    Returns:
        (size, size) ``uint8``: 255 on outlines and seams, 0 elsewhere, about two pixels wide at 256.
    """
    check(size)
    pattern, place = lay_out(category, seed, size)
    return drawing([part.moved(place) for part in pattern], size)


def garment_color(category: str, seed: int) -> tuple[int, int, int]:
    """The main colour, RGB in 0..255, of the garment :func:`make_garment` paints, before the light."""
    return choose_fabric(category, stream(category, seed, CLOTH)).color


def check(size: int, background: str = "white") -> None:
    if background not in BACKGROUNDS:
        raise S2FError(f"unknown background {background!r}: expected one of {', '.join(BACKGROUNDS)}")
    if not SIZES[0] <= size <= SIZES[1]:
        raise S2FError(f"size: expected {SIZES[0]} to {SIZES[1]} pixels, got {size}")


def stream(category: str, seed: int, purpose: int) -> Rng:
    """The random numbers for one purpose (``CUT`` to ``SCENE``) of one garment."""
    if seed < 0:
        raise S2FError(f"seed: expected an integer from 0, got {seed}")
    return np.random.default_rng((int(seed), category_index(category), purpose))


def lay_out(category: str, seed: int, size: int) -> tuple[list[Part], Move]:
    """The garment's pattern, and what takes its points, slightly turned and rumpled, into a picture's pixels."""
    rng = stream(category, seed, CUT)
    pattern = CUTS[category](rng)
    rumple = rumpling(rng, rng.normal(0, 0.025))
    points = rumple(np.vstack([part.outline for part in pattern]))
    low, high = points.min(0), points.max(0)
    scale = size * rng.uniform(0.84, 0.9) / (high - low).max()
    return pattern, lambda points: (rumple(points) - 0.5 * (low + high)) * scale + 0.5 * size


def rumpling(rng: Rng, turn: float) -> Move:
    """A small smooth displacement, and a turn in radians."""
    turning = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    waves = rng.normal(0, 1, (3, 2, 2))
    phases, pulls = rng.uniform(0, 2 * np.pi, (3, 2)), rng.normal(0, 0.014, (3, 2))

    def rumple(points: np.ndarray) -> np.ndarray:
        bent = np.einsum("nd,kde->nke", points, waves) * 1.3 + phases
        return (points + (np.sin(bent) * pulls).sum(1)) @ turning.T

    return rumple


def painted(category: str, seed: int, parts: list[Part], size: int) -> tuple[np.ndarray, np.ndarray, Rng]:
    """What the garment's pieces cover, their cloth, and the random numbers for all that lies around it."""
    rng = stream(category, seed, LIGHT)
    cover = coverage([part.outline for part in parts], size)
    return cover, sewn(parts, choose_fabric(category, stream(category, seed, CLOTH)), cover, rng), rng


def as_photo(planes: np.ndarray) -> np.ndarray:
    """(3, H, W) ``float32`` as (H, W, 3) ``uint8``."""
    return cv2.merge([cv2.convertScaleAbs(plane) for plane in np.maximum(planes, 0, out=planes)])


def white(cover: np.ndarray, rng: Rng) -> np.ndarray:
    return np.full((3, 1, 1), 255, np.float32)


def boards(cover: np.ndarray, rng: Rng) -> np.ndarray:
    """(3, size, size) ``float32``: a floor, unevenly lit, with the shadow of what covers it."""
    size = len(cover)
    color = FLOORS[rng.integers(len(FLOORS))]
    y = np.linspace(0, rng.uniform(3, 6), size, dtype=np.float32)[:, None]
    tone = 1 + 0.06 * np.sin(np.floor(y) * 7.3) - 0.25 * (np.abs(y - np.round(y)) < 0.02)
    knots = 1 + 0.05 * rng.standard_normal((24, 3), np.float32)
    tone = tone.astype(np.float32) * cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC)
    tone *= 1 - 0.5 * soft_shadow(cover, (size / 90, size / 60), size / 60)
    return ink(color) * tone + 2.5 * film_grain(size, size)


def worn(cover: np.ndarray, rng: Rng, category: str, pattern: list[Part], place: Move) -> np.ndarray:
    """(3, size, size) ``float32``: a figure that wears the garment, before a wall."""
    part = body_part(category)
    scale, height = FITS[part]
    points = np.vstack([piece.outline for piece in pattern]) * scale + (0, height)
    body, head = figure({part: points})
    if part != "accessory" and points[:, 1].min() < -0.6:
        head = []  # a hood lies where it would be
    pieces = [[place((outline - (0, height)) / scale) for outline in outlines] for outlines in (body, head)]
    top, sole = place((np.array([[0, 0], [0, SOLE]]) - (0, height)) / scale)
    unit = float(sole[1] - top[1]) / SOLE
    bare, light = skin(pieces, len(cover), unit)
    photo = studio(np.maximum(cover, bare), rng, unit, sole[1])
    add_skin(photo, bare, light, rng)
    return photo


def body_part(category: str) -> str:
    """Where a garment is worn: "top", "outer", "bottom", "one-piece" or "accessory"."""
    return categories()[category_index(category)].part


GROUNDS = {"white": white, "floor": boards}
BACKGROUNDS = (*GROUNDS, "figure")
