"""The few types every room of the house shares.

Images are ``uint8`` RGB arrays of shape (H, W, 3) at module borders and float tensors
(B, C, H, W) in [-1, 1] inside the networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Garment", "Product", "S2FError", "Sketch"]


class S2FError(Exception):
    """Something a person can mend: the message says what was expected, what came, what to do."""


@dataclass(frozen=True, eq=False)
class Sketch:
    """A drawing as the networks read it.

    Attributes:
        lines: (H, W) ``uint8``, 255 where a line is, 0 elsewhere.
        hints: (H, W, 3) ``uint8`` RGB colours; only meaningful where ``hint_mask`` is set.
        hint_mask: (H, W) ``bool``, True where the person asked for a colour. "No hint" is
            therefore not the same as a white hint.
    """

    lines: np.ndarray
    hints: np.ndarray
    hint_mask: np.ndarray

    def __post_init__(self) -> None:
        size = self.lines.shape
        expected = {"lines": (size, np.uint8), "hints": ((*size, 3), np.uint8), "hint_mask": (size, np.bool_)}
        for name, (shape, dtype) in expected.items():
            array = getattr(self, name)
            if len(size) != 2 or array.shape != shape or array.dtype != dtype:
                raise ValueError(
                    f"Sketch.{name}: expected {np.dtype(dtype)} of shape {shape} (lines give the size), "
                    f"got {array.dtype} of shape {array.shape}"
                )

    @classmethod
    def from_image(cls, image, hints=None, size: int = 256) -> Sketch:
        """Read a drawing or a scan; see :func:`s2f_helpers.sketch.read_sketch`."""
        from s2f_helpers.sketch import read_sketch

        return read_sketch(image, hints=hints, size=size)

    def preview(self) -> np.ndarray:
        """(H, W, 3) ``uint8``: black lines and coloured hints on white, as a person drew them."""
        picture = np.full_like(self.hints, 255)
        picture[self.hint_mask] = self.hints[self.hint_mask]
        ink = self.lines[..., None].astype(np.uint16)
        return ((picture * (255 - ink)) // 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Garment:
    """One garment in a picture.

    Attributes:
        photo: (H, W, 3) ``uint8`` RGB, the whole picture it was found in.
        mask: (H, W) ``bool``, True on the garment.
        category: a category id of ``data/categories.csv``.
        score: the detector's confidence in [0, 1]; 1.0 for annotations made by people.
    """

    photo: np.ndarray
    mask: np.ndarray
    category: str
    score: float = 1.0

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(x0, y0, x1, y1) in pixels, half open; all zero for an empty mask."""
        ys, xs = np.nonzero(self.mask)
        if not len(ys):
            return (0, 0, 0, 0)
        return (int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)


@dataclass(frozen=True, eq=False)
class Product:
    """One search result. What a catalogue does not say stays ``None``: nothing is invented.

    Attributes:
        title: plain text, not HTML.
        url: the page it links to, http(s) only, or None.
        thumbnail: (H, W, 3) ``uint8`` RGB, or None.
        thumbnail_url: where a shop keeps the picture, http(s) only, or None. Nothing has fetched it.
        price, currency: as the shop states them (``19.9``, ``"EUR"``), or None: not for sale.
        shop: the shop's name, or None.
        rank: 0 for the best hit.
        similarity: cosine similarity in [-1, 1], or None where a service gives none.
        sources: who found it: the services' names, or "local"; empty straight from an index.
        extra: whatever else the catalogue's row held (category, licence, ...).
    """

    title: str
    url: str | None = None
    thumbnail: np.ndarray | None = None
    price: float | None = None
    currency: str | None = None
    shop: str | None = None
    rank: int = 0
    similarity: float | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    thumbnail_url: str | None = None
    sources: tuple[str, ...] = ()
