"""Sketches to start from: one a category, from the synthetic wardrobe, made when chosen; or the lines of a photo."""

from __future__ import annotations

import numpy as np

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.data import categories, cut_out
from s2f_helpers.data.wardrobe import garment_lines, make_garment
from s2f_helpers.sketch import draw_edges, scatter_hints
from s2f_helpers.studio.strokes import SIZE

__all__ = ["EXAMPLES", "example", "lines_of_photo"]

EXAMPLES = {category.english: category.id for category in categories()}
# This one gives typical cuts in clear colours for every category.
SEED = 4
HINTS = 6


def example(category: str) -> Sketch:
    """Lines and a few colour hints of a made-up garment, 256 x 256. The hints serve who cannot dot with a pointer.

    Args:
        category: a category id, such as ``EXAMPLES["T-shirt"]``.
    """
    garment = make_garment(category, SEED, SIZE)
    hints, hint_mask = scatter_hints(garment.photo, garment.mask, HINTS, np.random.default_rng(SEED))
    return Sketch(garment_lines(category, SEED, SIZE), hints, hint_mask)


def lines_of_photo(photo: np.ndarray, segmenter) -> tuple[Sketch, str]:
    """The garment in a photo as lines and a few hints in its colours, 256 x 256; and its category id.

    Args:
        photo: (H, W, 3) ``uint8`` RGB.
        segmenter: see :class:`s2f_helpers.segment.Segmenter`.

    Raises:
        S2FError: where no garment was found.
    """
    found = segmenter(photo)
    if not found or not found[0].mask.any():
        raise S2FError("No garment was found in this photo. Take one that shows a single garment as a whole.")
    picture, mask = cut_out(photo, found[0].mask, SIZE)
    hints = scatter_hints(picture, mask, HINTS, np.random.default_rng(SEED))
    return Sketch(draw_edges(picture, mask, method="hed"), *hints), found[0].category
