"""Visual search on this machine: embed a garment, look it up in a local index (notebook 06)."""

from s2f_helpers.search.catalogue import Report, index_csv, index_folder
from s2f_helpers.search.embed import COLOR_WEIGHT, Crop, Embedder, color_histogram, crop_garment
from s2f_helpers.search.index import Item, LocalIndex, Skipped
from s2f_helpers.search.photos import index_cutouts, index_wardrobe, open_default_index

__all__ = [
    "COLOR_WEIGHT", "Crop", "Embedder", "Item", "LocalIndex", "Report", "Skipped", "color_histogram",
    "crop_garment", "index_csv", "index_cutouts", "index_folder", "index_wardrobe", "open_default_index",
]  # fmt: skip
