"""The synthetic wardrobe: garments drawn from parameters, with a mask, a colour and a sketch known exactly.

``patterns`` has the categories' pieces, ``fabrics`` the cloth, ``garments`` one garment's picture, ``scenes``
several worn together or laid side by side, ``outfits`` a whole data set of them.
"""

from s2f_helpers.data.wardrobe.garments import garment_color, garment_lines, make_garment, make_wardrobe
from s2f_helpers.data.wardrobe.outfits import wardrobe_dataset
from s2f_helpers.data.wardrobe.scenes import make_scene

__all__ = ["garment_color", "garment_lines", "make_garment", "make_scene", "make_wardrobe", "wardrobe_dataset"]
