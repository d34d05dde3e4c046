"""Sketches to start from: one a category, from the synthetic wardrobe, made when chosen."""

from __future__ import annotations

import numpy as np

from s2f_helpers.common.types import Sketch
from s2f_helpers.data import categories
from s2f_helpers.data.wardrobe import garment_lines, make_garment
from s2f_helpers.sketch import scatter_hints
from s2f_helpers.studio.strokes import SIZE

__all__ = ["EXAMPLES", "example"]

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
