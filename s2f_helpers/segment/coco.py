"""The COCO files MMDetection reads, written anew into the cache each time: it takes a moment and is never stale."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from s2f_helpers.common.paths import cache_dir
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import category_ids, load_clothing, load_coco, wardrobe_dataset

__all__ = ["check_coco", "garments_of", "photos_as_coco", "wardrobe_as_coco"]

FATAL = (
    "duplicate photo ids", "duplicate garment ids", "dangling garments", "photo file missing", "photo unreadable",
    "size mismatch", "polygon under 3 points", "empty mask",
)  # fmt: skip
"""The audit's findings that stop a training, now or at some step, or have it learn wrong garments without a word."""


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


def garments_of(coco_file: Path) -> Iterator[list[Garment]]:
    """The annotated garments of each photo in a COCO file, in the file's order, for evaluation.

    Raises:
        S2FError: when the file or a photo cannot be read.
    """
    dataset = load_coco(coco_file)
    worn = dict(tuple(dataset.garments.groupby("photo")["category"]))
    for photo in dataset.photos["id"]:
        image, pairs = dataset.image(photo), zip(dataset.masks(photo), worn.get(photo, ()), strict=True)
        yield [Garment(image, mask, category) for mask, category in pairs]


def check_coco(coco_file: Path) -> None:
    """Look at a COCO file before a training does.

    Raises:
        S2FError: in the audit's words, for what would break the training or teach it wrong garments.
    """
    dataset = load_coco(coco_file)
    faults = [
        f"{finding.name}: {finding.count:,} of {finding.of:,} {finding.unit}s, such as {finding.such}. {finding.advice}"
        for finding in dataset.audit().findings
        if finding.name in FATAL and finding.count
    ]
    for reason, rows in dataset.problems.groupby("reason"):
        faults.append(f"{reason}: {len(rows):,}, such as {rows['detail'].iloc[0]}")
    absent = dataset.photos["id"][dataset.photos["file"] == ""]
    if len(absent):
        faults.append(f"photos that are not here: {len(absent):,} of {len(dataset):,}, such as {absent.iloc[0]}")
    if not len(dataset.garments):
        faults.append(f"no garment in {len(dataset):,} photos")
    if faults:
        raise S2FError(f"{coco_file} is not fit to train on:\n" + "\n".join(faults) + "\nMend what can be mended: "
                       "load_coco(file).repair()[0].to_coco(folder)")  # fmt: skip
    # mmdet numbers its classes in the file's order, whatever order its config names them in
    names = tuple(str(entry["name"]) for entry in json.loads(coco_file.read_bytes())["categories"])
    if names != category_ids():
        raise S2FError(
            f"{coco_file} lists {len(names)} categories ({', '.join(names)}), the course has {len(category_ids())} "
            f"({', '.join(category_ids())}): translate them with load_coco(file).to_coco(folder)"
        )
