"""Draw → garment → mask → similar things: the whole chain behind one call."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s2f_helpers.common.types import Garment, Product, Sketch
from s2f_helpers.gan import Generator
from s2f_helpers.search import LocalIndex, open_default_index
from s2f_helpers.segment import Segmenter
from s2f_helpers.sketch import colorize

__all__ = ["Pipeline", "Result"]


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a drawing: the picture (``uint8`` RGB), the garments found in it, and what looks like it."""

    image: np.ndarray
    garments: list[Garment]
    products: list[Product]


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Generator, segmenter and search, ready to use.

    Attributes:
        about: one plain line that says what the search looks through.
    """

    generator: Generator
    segmenter: Segmenter
    search: LocalIndex
    about: str

    @classmethod
    def load(cls) -> Pipeline:
        """The shipped weights, and the photos' index (or the synthetic wardrobe's where there are no photos)."""
        index, about = open_default_index()
        return cls(Generator.load(), Segmenter.load(), index, about)

    def __call__(self, sketch: Sketch, category: str | None = None, limit: int = 8) -> Result:
        """From a sketch to similar garments, by way of the generator.

        Args:
            sketch: what was drawn.
            category: a category id, or None to let the drawing speak.
            limit: how many similar garments.

        Raises:
            S2FError: for an empty sketch or an unknown category.
        """
        return self.find(self.generator(sketch, category), limit)

    def colorize(self, sketch: Sketch, limit: int = 8) -> Result:
        """The other exit: flat colours between the lines, without a network, and what is similar to that.

        Raises:
            S2FError: for a sketch without a line or without a colour.
        """
        return self.find(colorize(sketch), limit)

    def find(self, image: np.ndarray, limit: int = 8) -> Result:
        """The garments in a picture (``uint8`` RGB), and what is similar to the first of them."""
        garments = self.segmenter(image)
        mask = garments[0].mask if garments else None
        return Result(image, garments, self.search(image, limit, mask))
