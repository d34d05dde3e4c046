"""Photos, garments and what is wrong with them, from four sources; and a synthetic wardrobe (notebook 01)."""

from s2f_helpers.data.categories import Category, categories, category_ids, category_index, from_label
from s2f_helpers.data.clothing import (
    Cutouts,
    Photo,
    corrected_photos,
    cut_out,
    load_clothing,
    load_cutouts,
    load_photos,
    photo_url,
)
from s2f_helpers.data.dataset import Dataset, make_dataset
from s2f_helpers.data.formats.coco import load_coco, load_cvat
from s2f_helpers.data.formats.kfashion import load_kfashion
from s2f_helpers.data.wardrobe import (
    garment_color,
    garment_lines,
    make_garment,
    make_scene,
    make_wardrobe,
    wardrobe_dataset,
)

__all__ = ["Category", "Cutouts", "Dataset", "Photo", "categories", "category_ids", "category_index",
           "corrected_photos", "cut_out", "from_label", "garment_color", "garment_lines", "load_clothing", "load_coco",
           "load_cutouts", "load_cvat", "load_kfashion", "load_photos", "make_dataset", "make_garment", "make_scene",
           "make_wardrobe", "photo_url", "wardrobe_dataset"]  # fmt: skip
