"""The COCO files MMDetection reads, written anew into the cache each time: it takes a moment and is never stale."""

from __future__ import annotations

from pathlib import Path

from s2f_helpers.common.paths import cache_dir
from s2f_helpers.data.clothing import load_clothing
from s2f_helpers.data.wardrobe import wardrobe_dataset

__all__ = ["photos_as_coco", "wardrobe_as_coco"]


def photos_as_coco(split: str) -> Path:
    """COCO file of one split of the open photos; file names in it are absolute.

    Raises:
        S2FError: when the photos cannot be had.
    """
    return load_clothing().to_coco(cache_dir("coco") / "photos") / "annotations" / f"instances_{split}.json"


def wardrobe_as_coco(count: int, seed: int = 0, size: int = 128) -> Path:
    """COCO file of ``count`` photos of the wardrobe's outfits, for runs without the open photos."""
    folder = cache_dir("coco") / f"wardrobe-{count}-{seed}-{size}"
    outfits = wardrobe_dataset(folder / "photos", count, seed, size)
    return outfits.to_coco(folder) / "annotations" / "instances_default.json"
