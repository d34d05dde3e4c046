"""Several garments in one picture, each with the mask of what shows of it: worn together, or laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data.wardrobe import garments as single
from s2f_helpers.data.wardrobe.figure import CROWN, FITS, SOLE, add_skin, figure, skin, studio
from s2f_helpers.data.wardrobe.patterns import CUTS
from s2f_helpers.data.wardrobe.pieces import Part, Rng, clipped

__all__ = ["make_scene"]

LEAST = 0.005
"""A garment shows on at least this share of a scene."""
ORDER = ("bottom", "one-piece", "top", "outer", "accessory")
"""Parts of the body in the order of dressing."""
RIVALS = {"top": ("one-piece",), "bottom": ("one-piece",), "one-piece": ("top", "bottom")}
Picture = tuple[np.ndarray, np.ndarray]
"""(size, size, 3) ``uint8`` RGB, and a (size, size) map of whose each pixel is, 1 for the first garment."""


def make_scene(categories: Sequence[str], seed: int, size: int = 256, background: str = "figure") -> list[Garment]:
    """One picture of one garment or several.

    Args:
        categories: ids of ``data/categories.csv``. Worn together: at most one each of top, outer, bottom, one-piece
            and accessory, and no top or bottom with a one-piece. Laid side by side: any.
        seed: any integer from 0. A garment has the colour that :func:`garment_color` states for its category and
            this seed; a category named again takes the next seed.
        size: side of the picture in pixels, 32 to 2048.
        background: "figure" (worn: the bottom under the top, a coat open over both), "white" or "floor".

    Returns:
        One :class:`Garment` for each category, in the same order. All share one ``photo``; their masks are what
        shows of them, so that no two overlap.

    Raises:
        S2FError: as :func:`make_garment`; and where two cannot be worn together, or one would hide the other.
    """
    if not categories:
        raise S2FError("categories: expected at least one, got none")
    single.check(size, background)
    rng = single.stream(categories[0], seed, single.SCENE)
    if background == "figure":
        photo, owner = _worn(list(categories), seed, size, rng)
    else:
        photo, owner = _laid(list(categories), seed, size, background, rng)
    return [Garment(photo, owner == n, name) for n, name in enumerate(categories, start=1)]


def _laid(names: list[str], seed: int, size: int, background: str, rng: Rng) -> Picture:
    """Each garment in its own cell of a grid; the rows are in the middle of the picture."""
    across = int(np.ceil(len(names) ** 0.5))
    cell = size // across
    if cell < single.SIZES[0]:
        raise S2FError(f"{len(names)} garments need a size of {across * single.SIZES[0]} or more, got {size}")
    cover, owner = np.zeros((size, size), np.float32), np.zeros((size, size), np.uint8)
    cloth = np.zeros((3, size, size), np.float32)
    top = (size - int(np.ceil(len(names) / across)) * cell) // 2
    for n, name in enumerate(names):
        own_seed = seed + names[:n].count(name)
        pattern, place = single.lay_out(name, own_seed, cell)
        y, x = top + n // across * cell, n % across * cell
        here = np.s_[..., y : y + cell, x : x + cell]
        cover[here], cloth[here], _ = single.painted(name, own_seed, [part.moved(place) for part in pattern], cell)
        owner[here][cover[here] >= 0.5] = n + 1
    photo = single.GROUNDS[background](cover, rng)
    return single.as_photo(photo + cover * (cloth - photo)), owner


@dataclass(frozen=True, eq=False)
class Layer:
    """Pieces of one garment in a square of the picture: their cover, their cloth, and the place of both."""

    owner: int
    cover: np.ndarray
    cloth: np.ndarray
    where: tuple

    def lay_on(self, photo: np.ndarray, owner: np.ndarray, shadow: float) -> None:
        """Draw the pieces on the picture's planes, in place, with a soft shadow around them."""
        under = photo[self.where]
        under *= 1 - shadow * cv2.GaussianBlur(self.cover, (0, 0), len(owner) / 100)
        under += self.cover * (self.cloth - under)
        owner[self.where][self.cover >= 0.5] = self.owner


def _worn(names: list[str], seed: int, size: int, rng: Rng) -> Picture:
    """All on one figure, in the order of dressing."""
    parts = _by_part(names)
    fitted = {part: _fitted(parts[part], seed, parts) for part in ORDER if part in parts}
    if fitted.keys() >= {"top", "bottom"}:
        fitted["top"] = _shortened(fitted["top"], fitted["bottom"])
    points = {part: np.vstack([piece.outline for piece in pieces]) for part, pieces in fitted.items()}
    unit, move = _framing(points, size)
    behind, before = [], []
    for part, pieces in fitted.items():
        name, whole = parts[part], points[part] * unit + move
        for layers, rear in ((before, False), (behind, True)):
            placed = [piece.moved(lambda q: q * unit + move) for piece in pieces if piece.behind == rear]
            if placed:
                layers.append(_layer(names.index(name) + 1, name, seed, placed, whole, size))
    body = [[outline * unit + move for outline in outlines] for outlines in figure(points)]
    bare, light = skin(body, size, unit)
    shape = bare.copy()
    for layer in (*behind, *before):
        np.maximum(shape[layer.where], layer.cover, out=shape[layer.where])
    photo, owner = studio(shape, rng, unit, SOLE * unit + move[1]), np.zeros((size, size), np.uint8)
    for layer in behind:
        layer.lay_on(photo, owner, shadow=0.0)
    add_skin(photo, bare, light, rng)
    owner[bare >= 0.5] = 0
    for layer in before:
        layer.lay_on(photo, owner, shadow=0.3)
    _check_all_show(names, owner, before)
    return single.as_photo(photo), owner


def _by_part(names: list[str]) -> dict[str, str]:
    """Part of the body -> the category worn there."""
    parts: dict[str, str] = {}
    for name in names:
        part = single.body_part(name)
        for rival in (part, *RIVALS.get(part, ())):
            if rival in parts:
                raise S2FError(f"{parts[rival]} and {name} cannot be worn together: leave one of them out")
        parts[part] = name
    return parts


def _framing(points: dict[str, np.ndarray], size: int) -> tuple[float, np.ndarray]:
    """What the figure's units are multiplied by, and moved by, so that all garments and the head are in the picture."""
    everything = np.vstack([*points.values(), *([[0, CROWN]] if points.keys() - {"bottom"} else [])])
    low, high = everything.min(0), everything.max(0)
    unit = 0.92 * size / (high - low).max()
    return unit, np.array([0.5 * size, 0.5 * size - 0.5 * unit * (low + high)[1]])


def _fitted(name: str, seed: int, parts: dict[str, str]) -> list[Part]:
    """A garment's pieces on the figure, in its units.

    A coat hangs open where there is something under it; that is without sleeves, narrower and lower at the shoulders.
    """
    rng = single.stream(name, seed, single.CUT)
    part, pieces = single.body_part(name), CUTS[name](rng)
    if part == "outer" and parts.keys() & {"top", "one-piece"}:
        pieces = _opened(pieces)
    if part in ("top", "one-piece") and "outer" in parts:
        reach = [np.abs(piece.outline[:, 0]) for piece in pieces]
        bodies = [piece for piece, x in zip(pieces, reach, strict=True) if x.min() <= 0.5 or x.max() <= 1.1]
        pieces = [one.moved(lambda q: q * (0.86, 1) + np.abs(q[:, :1]) * (0, 0.1)) for one in bodies]
    rumple = single.rumpling(rng, turn=0.0)
    scale, height = FITS[part]
    return [piece.moved(lambda q: rumple(q) * scale + (0, height)) for piece in pieces]


def _shortened(top: list[Part], bottom: list[Part]) -> list[Part]:
    """The top, its hem no lower than leaves half a unit of the bottom in sight."""
    points = np.vstack([piece.outline for piece in top])
    hem = points[np.abs(points[:, 0]) < 1, 1].max()
    room = max(piece.outline[:, 1].max() for piece in bottom) - 0.5
    return [piece.moved(lambda q: q * (1, min(1, room / hem))) for piece in top]


def _opened(pieces: list[Part]) -> list[Part]:
    """A coat with its front drawn apart; between the halves shows the inside of its back."""
    front = max(pieces, key=lambda piece: np.ptp(piece.outline, axis=0).prod())
    opened = [Part(front.outline, "lining", behind=True)]
    for piece in pieces:
        x = piece.outline[:, 0]
        if piece.behind:
            opened.append(piece)
        elif x.min() < -0.16 and x.max() > 0.16:
            opened += [_drawn_aside(_half(piece, side), side) for side in (-1, 1)]
        else:
            opened.append(_drawn_aside(piece, -1 if x.mean() < -0.03 else 1))
    return opened


def _half(piece: Part, side: int) -> Part:
    lines = {}
    for name in ("seams", "stitches", "creases"):
        kept = (path[path[:, 0] * side >= 0] for path in getattr(piece, name))
        lines[name] = tuple(path for path in kept if len(path) > 1)
    return replace(piece, outline=clipped(piece.outline, (side, 0)), **lines)


def _drawn_aside(piece: Part, side: int) -> Part:
    """The piece moved outwards, most near the middle and below the chest."""

    def aside(points: np.ndarray) -> np.ndarray:
        x, y = points.T
        gap = 0.36 * np.clip((y + 0.1) / 1.3, 0, 1) + 0.04 * np.maximum(y - 1.2, 0)
        return np.stack([x + side * gap * np.clip(1 - np.abs(x), 0, 1), y], 1)

    return piece.moved(aside)


def _layer(owner: int, name: str, seed: int, pieces: list[Part], whole: np.ndarray, size: int) -> Layer:
    """Some pieces of a garment, painted at the scale of the whole of it, which has these points."""
    low, high = whole.min(0), whole.max(0)
    span = int(np.ceil((high - low).max() / 0.87))
    x0, y0 = np.floor(0.5 * (low + high - span)).astype(int)
    y, x = slice(max(y0, 0), min(y0 + span, size)), slice(max(x0, 0), min(x0 + span, size))
    inner = np.s_[..., y.start - y0 : y.stop - y0, x.start - x0 : x.stop - x0]
    cover, cloth, _ = single.painted(name, seed, [one.moved(lambda q: q - (x0, y0)) for one in pieces], span)
    return Layer(owner, cover[inner], cloth[inner], (..., y, x))


def _check_all_show(names: list[str], owner: np.ndarray, layers: list[Layer]) -> None:
    for layer in layers:
        if (owner == layer.owner).mean() < LEAST:
            above = np.bincount(owner[layer.where][layer.cover >= 0.5], minlength=len(names) + 1)
            above[[0, layer.owner]] = 0
            hidden, hider = names[layer.owner - 1], names[int(above.argmax()) - 1]
            raise S2FError(f"the {hider} of this seed hides the {hidden}: take another seed, or leave one of them out")
