"""Our masks as the COCO files MMDetection reads. Kept in the cache; made again when the data change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import cache_dir
from s2f_helpers.data import category_ids, category_index
from s2f_helpers.data.clothing import load_photos
from s2f_helpers.data.wardrobe import make_garment

__all__ = ["photos_as_coco", "wardrobe_as_coco"]


def photos_as_coco(split: str) -> Path:
    """COCO file of one split of the photos; file names in it are absolute.

    Raises:
        S2FError: when the photos cannot be had, or for an unknown split.
    """
    images, annotations = [], []
    for number, photo in enumerate(load_photos(split), start=1):
        rle = {"size": [photo.height, photo.width], "counts": photo.rle}
        images.append(_image(number, photo.path, photo.height, photo.width))
        annotations.append(_annotation(number, photo.category, rle))
    return _write(f"photos-{split}", images, annotations)


def wardrobe_as_coco(count: int, seed: int = 0, size: int = 128) -> Path:
    """COCO file of ``count`` synthetic garments on a floor, for runs without the photos."""
    folder = cache_dir("coco") / f"wardrobe-{size}"
    names = category_ids()
    images, annotations = [], []
    for number in range(1, count + 1):
        garment = make_garment(names[number % len(names)], seed + number, size=size, background="floor")
        path = folder / f"{seed + number}.png"
        _, png = cv2.imencode(".png", garment.photo[..., ::-1])
        atomic_write(path, png.tobytes())
        rle = coco_mask.encode(np.asfortranarray(garment.mask.astype(np.uint8)))
        images.append(_image(number, path, size, size))
        annotations.append(_annotation(number, garment.category, rle | {"counts": rle["counts"].decode()}))
    return _write("wardrobe", images, annotations)


def _image(number: int, path: Path, height: int, width: int) -> dict:
    return {"id": number, "file_name": str(path), "height": height, "width": width}


def _annotation(number: int, category: str, rle: dict) -> dict:
    return {
        "id": number,
        "image_id": number,
        "category_id": category_index(category) + 1,
        "segmentation": rle,
        "bbox": coco_mask.toBbox(rle).tolist(),
        "area": int(coco_mask.area(rle)),
        "iscrowd": 0,
    }


def _write(name: str, images: Sequence[dict], annotations: Sequence[dict]) -> Path:
    """The file's name carries its content's hash: a changed split never meets a stale file."""
    classes = [{"id": index, "name": category} for index, category in enumerate(category_ids(), start=1)]
    content = json.dumps({"images": images, "annotations": annotations, "categories": classes}).encode()
    path = cache_dir("coco") / f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.json"
    if not path.is_file():
        atomic_write(path, content)
    return path
