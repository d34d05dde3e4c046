"""The lesson of the 8 %: one detector, taught from the same exports merged wrongly and rightly.

The original team's merge moved each export's image ids on by the count of *annotations* so far (notebook 01 measures
what that does). Here it is with the wardrobe's garments, small enough to train twice while one waits.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mmengine.hooks import Hook

from s2f_helpers.common.download import atomic_write
from s2f_helpers.data import categories, load_coco, load_cvat, wardrobe_dataset
from s2f_helpers.data.formats.coco import EDITED
from s2f_helpers.data.formats.exports import write_cvat
from s2f_helpers.segment.coco import garments_of
from s2f_helpers.segment.config import Recipe, recipe
from s2f_helpers.segment.evaluate import Scores, evaluate
from s2f_helpers.segment.export import export
from s2f_helpers.segment.predict import Segmenter
from s2f_helpers.segment.train import train

__all__ = ["Merges", "lesson_recipe", "make_merges", "merge_their_way", "train_and_score"]

PER_EXPORT = 12


@dataclass(frozen=True)
class Merges:
    """COCO files of one lesson.

    Attributes:
        raw: the team's merge as their script left it, which the audit refuses.
        wrong: the same as a detector reads it: garments without a photo dropped.
        right: the same exports read by :func:`load_cvat`, copies of a photo joined.
        val: other photos, correctly annotated.
    """

    raw: Path
    wrong: Path
    right: Path
    val: Path


def make_merges(folder: Path, count: int = 160, held_out: int = 40, size: int = 128, seed: int = 0) -> Merges:
    """Draw a wardrobe, export it as CVAT would, and merge the exports both ways.

    Args:
        folder: where photos, exports and COCO files go.
        count, held_out: photos drawn to learn from and to measure on; those with a category that the team did not
            have are left out.
        size: side of the photos in pixels.
    """
    learnt, other = (
        _known_to_the_team(wardrobe_dataset(folder / name, number, start, size))
        for name, number, start in (("photos", count, seed), ("val-photos", held_out, seed + 10_000))
    )
    exports = write_cvat(learnt, folder / "exports", PER_EXPORT)
    raw = folder / "raw.json"
    atomic_write(raw, json.dumps(merge_their_way(exports)).encode())
    theirs = load_coco(raw)
    merged = {
        "wrong": theirs.where(np.ones(len(theirs), bool)),
        "right": load_cvat(folder / "exports").repair()[0],
        "val": other,
    }
    noted = "annotations/instances_default.json"
    return Merges(raw, **{name: dataset.to_coco(folder / name) / noted for name, dataset in merged.items()})


def _known_to_the_team(dataset):
    unknown = [row.id for row in categories() if not row.labels["original_team"]]
    strange = dataset.garments["photo"][dataset.garments["category"].isin(unknown)]
    return dataset.where(~dataset.photos["id"].isin(strange))


def merge_their_way(exports: Sequence[Path]) -> dict:
    """One COCO record of many CVAT exports, with the team's mistake in it."""
    images, notes, classes = [], [], []
    for export_folder in exports:
        record = json.loads((export_folder / "annotations" / "instances_default.json").read_bytes())
        photos_before, notes_before = len(images), len(notes)
        classes.append({"id": len(classes) + 1, "name": record["categories"][0]["name"]})
        for image in record["images"]:
            name = image["file_name"].split("/")[-1].removeprefix(EDITED)
            path = str((export_folder / "images" / name).resolve())
            images.append(image | {"id": image["id"] + photos_before, "file_name": path})
        for note in record["annotations"]:
            # the mistake: photos are counted on by photos, so this should be photos_before
            moved = {"id": note["id"] + notes_before, "image_id": note["image_id"] + notes_before}
            notes.append(note | moved | {"category_id": len(classes)})
    return {"images": images, "annotations": notes, "categories": classes}


def lesson_recipe(iterations: int = 300) -> Recipe:
    """Small pictures and few steps: a few minutes on one core."""
    return replace(recipe("smoke"), iterations=iterations, side=128, learning_rate=1e-3, checkpoint_every=iterations)


def train_and_score(
    chosen: Recipe, train_file: Path, val_file: Path, work_dir: Path, hooks: Sequence[Hook] = ()
) -> tuple[Segmenter, Scores]:
    """Teach a detector from ``train_file``; what it then scores on ``val_file``'s photos."""
    train(chosen, train_file, val_file, work_dir, hooks=hooks)
    weights = work_dir / "segmenter.safetensors"
    export(work_dir, weights, chosen.side, backbone=chosen.backbone)
    segmenter = Segmenter.load(weights)
    return segmenter, evaluate(segmenter, garments_of(val_file))
