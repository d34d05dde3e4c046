"""Photos, masks, categories and splits (notebook 01)."""

from s2f_helpers.data.categories import Category, categories, category_ids, category_index, from_label
from s2f_helpers.data.clothing import Cutouts, Photo, cut_out, fetch_photos, load_cutouts, load_photos, photo_url

__all__ = ["Category", "Cutouts", "Photo", "categories", "category_ids", "category_index", "cut_out", "fetch_photos",
           "from_label", "load_cutouts", "load_photos", "photo_url"]  # fmt: skip
