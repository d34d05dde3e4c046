"""Sewing patterns of the synthetic wardrobe: each category as flat pieces, listed back to front.

Every pattern draws its measurements from the generator it is given, so one seed is one garment.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from s2f_helpers.data.wardrobe.cuts.bottoms import pants, shorts, skirt
from s2f_helpers.data.wardrobe.cuts.hats import hat
from s2f_helpers.data.wardrobe.cuts.onepiece import bodysuit, dress
from s2f_helpers.data.wardrobe.cuts.outerwear import coat, jacket
from s2f_helpers.data.wardrobe.cuts.part import Part
from s2f_helpers.data.wardrobe.cuts.tops import hoodie, longsleeve, shirt, t_shirt, tank_top

__all__ = ["CUTS", "Part"]

CUTS: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "t-shirt": t_shirt, "longsleeve": longsleeve, "shirt": shirt, "tank-top": tank_top, "hoodie": hoodie,
    "coat": coat, "jacket": jacket, "pants": pants, "shorts": shorts, "skirt": skirt,
    "dress": dress, "bodysuit": bodysuit, "hat": hat,
}  # fmt: skip
