"""A whole data set of the wardrobe: photos of one to three garments, whose truth is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import Garment
from s2f_helpers.data.categories import category_ids
from s2f_helpers.data.dataset import Dataset, make_dataset
from s2f_helpers.data.wardrobe.scenes import make_scene

__all__ = ["wardrobe_dataset"]

TOPS = ("t-shirt", "longsleeve", "shirt", "tank-top", "hoodie")
BOTTOMS = ("pants", "shorts", "skirt")
ONE_PIECES = ("dress", "bodysuit")
JPEG_QUALITY = 92


@dataclass(frozen=True)
class Outfit:
    """What one photo shows, before it is drawn."""

    series: int
    shot: int
    categories: tuple[str, ...]
    seed: int
    background: str


def wardrobe_dataset(folder: Path | str, count: int, seed: int = 0, size: int = 256) -> Dataset:
    """Draw ``count`` photos into ``folder`` and describe them exactly.

    Half show an outfit worn by a figure, a third one or two garments on a floor (some of one category), the
    rest one garment on white. Every fifth photo is a second shot of the one before, a little darker: such a
    pair is one group, named ``shop_NNN_01.jpg`` and ``shop_NNN_02.jpg``.

    Args:
        folder: where the JPEG files go; made if missing.
        seed: photos and masks depend on it and on nothing else.
        size: side of the square photos in pixels.

    Returns:
        A :class:`Dataset` with exact run-length masks.
    """
    outfits = list(_outfits(count, seed))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        drawn = pool.map(lambda outfit: _draw(outfit, Path(folder).resolve(), size), outfits)
        scenes = list(progress(drawn, total=count, what="drawing outfits", unit="photo"))
    names = [f"shop_{outfit.series:03d}_{outfit.shot:02d}" for outfit in outfits]
    photos = {
        "id": [f"wardrobe/{name}" for name in names],
        "file": [str(Path(folder).resolve() / f"{name}.jpg") for name in names],
        "width": [size] * count,
        "height": [size] * count,
        "source": ["wardrobe"] * count,
        "group": [f"wardrobe/shop_{outfit.series:03d}" for outfit in outfits],
        "original_name": [f"{name}.jpg" for name in names],
    }
    rows = [(name, garment) for name, scene in zip(photos["id"], scenes, strict=True) for garment in scene]
    worn = [category for _, (category, _) in rows]
    outlines = [counts for _, (_, counts) in rows]
    return make_dataset(
        photos, {"photo": [name for name, _ in rows], "category": worn, "label": worn, "outline": outlines}
    )


def _outfits(count: int, seed: int) -> Iterator[Outfit]:
    """Categories come round in turn, so that even a small data set has all of them."""
    rng = np.random.default_rng(seed)
    turn = {words: int(rng.integers(len(words))) for words in (TOPS, BOTTOMS, ONE_PIECES, category_ids())}

    def following(words: tuple[str, ...]) -> str:
        turn[words] += 1
        return words[turn[words] % len(words)]

    outfit = None
    for index in range(count):
        if index % 5 == 4:
            outfit = Outfit(outfit.series, 2, outfit.categories, outfit.seed, outfit.background)
            yield outfit
            continue
        chance = rng.random()
        if chance < 0.2:
            categories, background = (following(category_ids()),), "white"
        elif chance < 0.5:
            first = following(category_ids())
            second = first if rng.random() < 0.4 else following(category_ids())
            categories, background = (first, second), "floor"
        elif chance < 0.62:
            categories, background = (following(ONE_PIECES),), "figure"
        else:
            categories, background = (following(TOPS), following(BOTTOMS)), "figure"
        outfit = Outfit(index, 1, categories, seed + 31 * index, background)
        yield outfit


def _draw(outfit: Outfit, folder: Path, size: int) -> list[tuple[str, bytes]]:
    garments = make_scene(outfit.categories, outfit.seed, size, outfit.background)
    photo = garments[0].photo if outfit.shot == 1 else cv2.convertScaleAbs(garments[0].photo, alpha=0.96)
    _, jpeg = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    atomic_write(folder / f"shop_{outfit.series:03d}_{outfit.shot:02d}.jpg", jpeg.tobytes())
    return [(garment.category, _counts(garment)) for garment in garments]


def _counts(garment: Garment) -> bytes:
    return coco_mask.encode(np.asfortranarray(garment.mask, np.uint8))["counts"]
