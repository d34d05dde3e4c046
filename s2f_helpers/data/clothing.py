"""The open photos: clothing-dataset (CC0) with the masks we ship, and their cut-outs on white.

Photos: https://github.com/alexeygrigorev/clothing-dataset at one pinned commit. Masks, checksums and
the split lie in ``data/`` and were settled before anything trained (``data/README.md``).
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from s2f_helpers.common.download import atomic_write, fetch_archive, unpack_verified
from s2f_helpers.common.paths import DATA, SPLITS_CSV, cache_dir
from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.dataset import Dataset, make_dataset
from s2f_helpers.data.outlines import to_mask

__all__ = ["COMMIT", "Cutouts", "Photo", "corrected_photos", "cut_out", "fetch_photos", "list_photos",
           "load_clothing", "load_cutouts", "load_photos", "photo_url", "photos_on_disk"]  # fmt: skip

REPOSITORY = "https://github.com/alexeygrigorev/clothing-dataset"
COMMIT = "7ed86a9cc56763b6acb35e41cb35184e43a5d218"
ARCHIVE = f"clothing-dataset-{COMMIT}.zip"
MASKS = DATA / "masks.jsonl.gz"
CORRECTED = DATA / "masks_corrected.jsonl.gz"
SPLITS = ("train", "val", "test")
SIDE = 256
MARGIN = 1.12


@dataclass(frozen=True)
class Photo:
    """One photo with its one garment.

    ``id`` is the file's name without ``.jpg``; ``group`` who sent it (near-duplicates share one, and none is in two
    splits); ``rle`` COCO compressed run-length counts of the mask, at photo size.
    """

    id: str
    category: str
    group: str
    split: str
    width: int
    height: int
    sha256: str
    rle: str

    @property
    def path(self) -> Path:
        return photo_folder() / f"{self.id}.jpg"

    def image(self) -> np.ndarray:
        """(H, W, 3) ``uint8`` RGB."""
        return cv2.cvtColor(_read(self.path, cv2.IMREAD_COLOR, (self.height, self.width)), cv2.COLOR_BGR2RGB)

    def mask(self) -> np.ndarray:
        """(H, W) ``bool``, True on the garment."""
        return to_mask(self.rle.encode(), self.height, self.width)


def _read(path: Path, mode: int, size: tuple[int, int]) -> np.ndarray:
    picture = cv2.imread(str(path), mode)
    if picture is None or picture.shape[:2] != size:
        raise S2FError(f"{path} is missing or damaged: delete {path.parent} and run this again")
    return picture


def photo_folder() -> Path:
    """Where the photos lie once they are fetched."""
    return DATA / "clothing-dataset" / "images"


def photos_on_disk() -> bool:
    """True when the photos have been fetched and verified."""
    return photo_folder().is_dir()


def photo_url(photo_id: str) -> str:
    """The photo's own page."""
    return f"{REPOSITORY}/blob/{COMMIT}/images/{photo_id}.jpg"


def fetch_photos() -> Path:
    """Download (mirror first), verify and unpack the photos unless they are here. Returns their folder."""
    folder = photo_folder()
    if not photos_on_disk():
        archive = fetch_archive(f"{REPOSITORY}/archive/{COMMIT}.zip", ARCHIVE, DATA / "downloads")
        checksums = {f"{photo.id}.jpg": photo.sha256 for photo in _table()}
        unpack_verified(archive, f"clothing-dataset-{COMMIT}/images/", checksums, folder)
    return folder


def load_photos(split: str | None = None) -> list[Photo]:
    """:func:`list_photos`, their pictures fetched if need be; an :class:`S2FError` when they cannot be had."""
    photos = list_photos(split)
    fetch_photos()
    return photos


def list_photos(split: str | None = None) -> list[Photo]:
    """The photos of one split ("train", "val", "test") or all of them; categories and masks are always at hand."""
    if split is not None and split not in SPLITS:
        raise S2FError(f"unknown split {split!r}: expected one of {', '.join(SPLITS)} or None for all")
    return [photo for photo in _table() if split in (None, photo.split)]


def corrected_photos() -> list[Photo]:
    """The 200 test photos whose masks were looked at one by one, each with its corrected mask.

    The rules and what was found: ``data/README.md``. Everything but ``rle`` is as in :func:`load_photos`.
    """
    masks = {row["image"]: row["rle"] for row in _rows(CORRECTED)}
    return [replace(photo, rle=masks[photo.id]) for photo in load_photos("test") if photo.id in masks]


def _rows(path: Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@lru_cache(maxsize=1)
def _table() -> tuple[Photo, ...]:
    masks = {row["image"]: [row[name] for name in ("width", "height", "sha256", "rle")] for row in _rows(MASKS)}
    with open(SPLITS_CSV, newline="", encoding="utf-8") as file:
        rows = map(itemgetter("image", "category", "group", "split"), csv.DictReader(file))
        return tuple(Photo(image, *known, *masks[image]) for image, *known in rows)


def load_clothing() -> Dataset:
    """The open photos and their masks as a :class:`Dataset`, split as ``data/splits.csv`` says; fetched if need be."""
    photos = load_photos()
    table = pd.DataFrame(photos)
    ids, named = "clothing/" + table["id"], table["category"]
    groups, files = "clothing/" + table["group"], [str(photo.path) for photo in photos]
    rows = table[["width", "height", "split"]].assign(id=ids, file=files, source="clothing-dataset", group=groups)
    outlines = [photo.rle.encode() for photo in photos]
    return make_dataset(rows, {"photo": ids, "category": named, "label": named, "outline": outlines})


def cut_out(image: np.ndarray, mask: np.ndarray, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """The garment alone, on white, centred in a square with a small margin.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        mask: (H, W) ``bool``, at least one pixel True.

    Returns:
        (side, side, 3) ``uint8`` RGB and (side, side) ``bool``.
    """
    x, y, width, height = cv2.boundingRect(np.ascontiguousarray(mask, np.uint8))
    if not width:
        raise S2FError("cut_out: the mask is empty, so there is no garment to cut out")
    inner = np.s_[y : y + height, x : x + width]
    alpha = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0)[inner]
    square = int(np.ceil(max(width, height) * MARGIN))
    top, left = (square - height) // 2, (square - width) // 2
    canvas, shape = np.full((square, square, 3), 255, np.float32), np.zeros((square, square), np.float32)
    place = np.s_[top : top + height, left : left + width]
    canvas[place] = image[inner] * alpha[..., None] + 255.0 * (1.0 - alpha[..., None])
    shape[place] = alpha
    shrink = cv2.INTER_AREA if square > side else cv2.INTER_LINEAR
    small = cv2.resize(canvas, (side, side), interpolation=shrink)
    return small.round().astype(np.uint8), cv2.resize(shape, (side, side), interpolation=shrink) > 0.5


@dataclass(frozen=True)
class Cutouts:
    """Garments on white, 256 px, from the cache; pictures are read when asked for."""

    folder: Path
    photos: tuple[Photo, ...]

    def __len__(self) -> int:
        return len(self.photos)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(photo.id for photo in self.photos)

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(photo.category for photo in self.photos)

    def image(self, index: int) -> np.ndarray:
        """(256, 256, 3) ``uint8`` RGB on white."""
        path = self.folder / f"{self.photos[index].id}.jpg"
        return cv2.cvtColor(_read(path, cv2.IMREAD_COLOR, (SIDE, SIDE)), cv2.COLOR_BGR2RGB)

    def mask(self, index: int) -> np.ndarray:
        """(256, 256) ``bool``."""
        return _read(self.folder / f"{self.photos[index].id}.png", cv2.IMREAD_GRAYSCALE, (SIDE, SIDE)) > 0


def load_cutouts(split: str | None = None) -> Cutouts:
    """Cut-outs of one split or of all photos; made once, in parallel, and kept in ``data/cache``.

    A run that was interrupted goes on where it stopped: every file is written whole or not at all.
    """
    photos = tuple(load_photos(split))
    folder = cache_dir(f"cutouts-{SIDE}")
    missing = [photo for photo in photos if not (folder / f"{photo.id}.png").is_file()]
    if missing:
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # OpenCV lets go of the lock; a fork beside torch can hang
            made = pool.map(_make_cutout, missing, [folder] * len(missing))
            for _ in progress(made, total=len(missing), what="cut-outs", unit="photo"):
                pass
    return Cutouts(folder, photos)


def _make_cutout(photo: Photo, folder: Path) -> None:
    image, mask = cut_out(photo.image(), photo.mask())
    _, jpeg = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    _, png = cv2.imencode(".png", mask.astype(np.uint8) * 255)
    atomic_write(folder / f"{photo.id}.jpg", jpeg.tobytes())
    atomic_write(folder / f"{photo.id}.png", png.tobytes())  # last: it marks the pair as whole
