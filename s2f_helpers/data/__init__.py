"""Photos, masks, categories, splits, and a synthetic wardrobe (notebook 01)."""

from s2f_helpers.data.categories import Category, categories, category_ids, category_index, from_label
from s2f_helpers.data.clothing import Cutouts, Photo, cut_out, fetch_photos, load_cutouts, load_photos, photo_url
from s2f_helpers.data.wardrobe import garment_color, garment_lines, make_garment, make_wardrobe

__all__ = ["Category", "Cutouts", "Photo", "categories", "category_ids", "category_index", "cut_out", "fetch_photos",
           "from_label", "garment_color", "garment_lines", "load_cutouts", "load_photos", "make_garment",
           "make_wardrobe", "photo_url"]  # fmt: skip
