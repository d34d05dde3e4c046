"""The indexes that come with the course: open photos (similar, not for sale), or synthetic garments."""

from __future__ import annotations

from s2f_helpers.common.types import Product
from s2f_helpers.data import Category, Cutouts, categories, load_cutouts, photo_url
from s2f_helpers.data.clothing import photos_on_disk
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.search.index import Item, LocalIndex

__all__ = ["index_cutouts", "index_wardrobe", "open_default_index"]

GARMENTS_A_CATEGORY = 24


def index_cutouts() -> LocalIndex:
    """The cut-outs of all open photos, each linked to its own page. Made once; an S2FError without photos."""
    cutouts = load_cutouts()
    return LocalIndex.build("photos", [_cutout_item(cutouts, place) for place in range(len(cutouts))])


def index_wardrobe() -> LocalIndex:
    """About 300 synthetic garments, for a first run without the photos. They link nowhere."""
    seeds = range(GARMENTS_A_CATEGORY)
    return LocalIndex.build("wardrobe", [_wardrobe_item(kind, seed) for kind in categories() for seed in seeds])


def open_default_index() -> tuple[LocalIndex, str]:
    """The index that a first run searches, and one plain line that says which it is.

    The open photos where they are on disk, else the synthetic wardrobe; never a download.
    """
    if photos_on_disk():
        index = index_cutouts()
        return index, f"Searching {len(index)} open photos of clothes (CC0): similar pictures, not for sale."
    index = index_wardrobe()
    return index, f"No photos here yet: searching {len(index)} synthetic garments, which link nowhere."


def _cutout_item(cutouts: Cutouts, place: int) -> Item:
    photo = cutouts.photos[place]
    english = next(kind.english for kind in categories() if kind.id == photo.category)
    extra = {"category": photo.category, "split": photo.split, "licence": "CC0"}
    product = Product(f"{english}, open photo {photo.id[:8]}", photo_url(photo.id), extra=extra)
    return Item(photo.id, product, lambda: (cutouts.image(place), cutouts.mask(place)))


def _wardrobe_item(kind: Category, seed: int) -> Item:
    def load():
        garment = make_garment(kind.id, seed)
        return garment.photo, garment.mask

    extra = {"category": kind.id, "synthetic": True}
    return Item(f"{kind.id}-{seed}", Product(f"synthetic {kind.english}, number {seed}", extra=extra), load)
