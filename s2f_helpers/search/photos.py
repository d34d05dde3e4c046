"""The indexes that come with the course: open photos (similar, not for sale), or synthetic garments."""

from __future__ import annotations

from s2f_helpers.common.types import Product
from s2f_helpers.data import Cutouts, categories, load_cutouts, photo_url
from s2f_helpers.data.clothing import photos_on_disk
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.search.index import Item, LocalIndex

__all__ = ["index_cutouts", "index_wardrobe", "open_default_index"]

GARMENTS_A_CATEGORY = 24


def index_cutouts() -> LocalIndex:
    """The cut-outs of all open photos; each result links to the photo's own page. Made once, then reused.

    Raises:
        S2FError: where the photos cannot be had.
    """
    cutouts = load_cutouts()
    return LocalIndex.build("photos", [_cutout_item(cutouts, place) for place in range(len(cutouts))])


def index_wardrobe() -> LocalIndex:
    """About 300 synthetic garments, for a first run without the photos. They link nowhere."""
    seeds = range(GARMENTS_A_CATEGORY)
    items = [_wardrobe_item(kind.id, kind.english, seed) for kind in categories() for seed in seeds]
    return LocalIndex.build("wardrobe", items)


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
    product = Product(
        title=f"{_english(photo.category)}, open photo {photo.id[:8]}",
        url=photo_url(photo.id),
        extra={"category": photo.category, "split": photo.split, "licence": "CC0"},
    )
    return Item(photo.id, product, lambda: (cutouts.image(place), cutouts.mask(place)))


def _wardrobe_item(category: str, english: str, seed: int) -> Item:
    def load():
        garment = make_garment(category, seed)
        return garment.photo, garment.mask

    title = f"synthetic {english}, number {seed}"
    product = Product(title, extra={"category": category, "synthetic": True})
    return Item(f"{category}-{seed}", product, load)


def _english(category: str) -> str:
    return next(entry.english for entry in categories() if entry.id == category)
