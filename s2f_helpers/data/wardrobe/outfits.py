"""A whole data set of the wardrobe: photos of one to three garments, whose truth is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from pycocotools import mask as coco_mask

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.progress import progress
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

    @property
    def name(self) -> str:
        return f"shop_{self.series:03d}_{self.shot:02d}"


def wardrobe_dataset(folder: Path | str, count: int, seed: int = 0, size: int = 256) -> Dataset:
    """Draw ``count`` square photos into ``folder`` (made if missing) and describe them with exact run-length masks.

    Half show an outfit worn by a figure, a third one or two garments on a floor (some of one category), the
    rest one garment on white. Every fifth photo is a second shot of the one before, a little darker: such a
    pair is one group, named ``shop_NNN_01.jpg`` and ``shop_NNN_02.jpg``. Photos and masks depend on the seed and on
    nothing else; ``size`` is their side in pixels.
    """
    folder, outfits = Path(folder).resolve(), list(_outfits(count, seed))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        drawn = pool.map(lambda outfit: _draw(outfit, folder, size), outfits)
        worn = list(chain.from_iterable(progress(drawn, total=count, what="drawing outfits", unit="photo")))
    names = pd.Series([outfit.name for outfit in outfits], dtype=object)
    photos = pd.DataFrame({"id": "wardrobe/" + names, "group": "wardrobe/" + names.str[:-3]})
    photos = photos.assign(original_name=names + ".jpg", file=f"{folder}{os.sep}" + names + ".jpg")
    garments = pd.DataFrame(worn, columns=["photo", "category", "outline"])
    photos = photos.assign(width=size, height=size, source="wardrobe")
    return make_dataset(photos, garments.assign(label=garments["category"]))


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
            yield replace(outfit, shot=2)
            continue
        chance, background = rng.random(), "figure"
        if chance < 0.2:
            categories, background = (following(category_ids()),), "white"
        elif chance < 0.5:
            first = following(category_ids())
            second = first if rng.random() < 0.4 else following(category_ids())
            categories, background = (first, second), "floor"
        elif chance < 0.62:
            categories = (following(ONE_PIECES),)
        else:
            categories = (following(TOPS), following(BOTTOMS))
        outfit = Outfit(index, 1, categories, seed + 31 * index, background)
        yield outfit


def _draw(outfit: Outfit, folder: Path, size: int) -> list[tuple[str, str, bytes]]:
    """Photo id, category and run lengths of each garment; the photo goes to the folder."""
    garments = make_scene(outfit.categories, outfit.seed, size, outfit.background)
    photo = garments[0].photo if outfit.shot == 1 else cv2.convertScaleAbs(garments[0].photo, alpha=0.96)
    _, jpeg = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    atomic_write(folder / f"{outfit.name}.jpg", jpeg.tobytes())
    return [(f"wardrobe/{outfit.name}", one.category, coco_mask.encode(np.asfortranarray(one.mask, np.uint8))["counts"])
            for one in garments]  # fmt: skip
