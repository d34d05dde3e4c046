"""Measure a segmenter as it ships, on a split of the photos, on their cut-outs on white, or on scenes of these.

Masks of the photos are silver; "corrected" are the 200 test photos whose masks were looked at and corrected.

    python -m s2f_helpers.segment.evaluate --split val --pictures photos

Average precision is COCO's (IoU 0.50 to 0.95), by category and with categories ignored. The score
threshold is chosen on val; test is for the last look.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import category_ids, category_index, corrected_photos, load_cutouts, load_photos
from s2f_helpers.segment.analysis import AREAS, mask_iou
from s2f_helpers.segment.predict import Segmenter
from s2f_helpers.segment.scenes import cutout_scenes

__all__ = ["Scores", "evaluate", "pictures"]

LOWEST_SCORE = 0.05  # average precision needs the doubtful ones too
TOGETHER = 32  # pictures in memory
SCENES = 300
THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))


@dataclass(frozen=True)
class Scores:
    """All in [0, 1]; ``agnostic`` figures ignore the category.

    Attributes:
        box_ap, mask_ap: COCO's average precision, mean over categories.
        agnostic_box_ap, agnostic_mask_ap: the same with one category for all.
        by_category: mask_ap of each category that is there.
        by_size: agnostic_mask_ap of each of COCO's sizes ("small" under 32 × 32 pixels, "large" over 96 × 96) that
            is there.
        best_iou: mean IoU of the best-scored garment with the true one it fits best (0 where none is found).
        best_category: share of pictures whose best-scored garment has that one's category.
        f1: for each threshold on the score, F1 of "right category and mask IoU of at least 0.5".
    """

    box_ap: float
    mask_ap: float
    agnostic_box_ap: float
    agnostic_mask_ap: float
    by_category: dict[str, float]
    by_size: dict[str, float]
    best_iou: float
    best_category: float
    f1: dict[float, float]


def pictures(split: str, kind: str) -> Iterator[list[Garment]]:
    """The true garments of each picture of a split.

    Args:
        kind: "photos", "corrected" (those with corrected masks, split "test"), "cutouts" (on white, as the generator
            paints), or "scenes" of two and three cut-outs.

    Raises:
        S2FError: for another kind or split, or where the photos cannot be had.
    """
    if kind == "corrected" and split != "test":
        raise S2FError(f"only test photos have corrected masks: ask for split 'test', not {split!r}")
    if kind in ("photos", "corrected"):
        for photo in load_photos(split) if kind == "photos" else corrected_photos():
            yield [Garment(photo.image(), photo.mask(), photo.category)]
    elif kind == "cutouts":
        cutouts = load_cutouts(split)
        for index, category in enumerate(cutouts.categories):
            yield [Garment(cutouts.image(index), cutouts.mask(index), category)]
    elif kind == "scenes":
        yield from cutout_scenes(split, SCENES)
    else:
        raise S2FError(f"unknown pictures {kind!r}: expected 'photos', 'corrected', 'cutouts' or 'scenes'")


def evaluate(segmenter: Segmenter, truths: Iterable[Garment | Sequence[Garment]]) -> Scores:
    """Run ``segmenter`` on each picture and compare.

    Args:
        truths: for each picture its one true garment, or all of them (at least one).

    Raises:
        S2FError: for no pictures, or one without a garment.
    """
    eager = replace(segmenter, score_threshold=LOWEST_SCORE)
    images, annotations, detections, matches = [], [], [], []
    remaining = iter(truths)
    while some := [[t] if isinstance(t, Garment) else list(t) for t in islice(remaining, TOGETHER)]:
        if not all(some):
            raise S2FError("evaluate: a picture without a true garment; leave it out")
        for true, found in zip(some, eager.batch([true[0].photo for true in some]), strict=True):
            number = len(images) + 1
            height, width = true[0].mask.shape
            images.append({"id": number, "height": height, "width": width})
            for garment in true:
                annotations.append(_coco(garment, number) | {"id": len(annotations) + 1, "iscrowd": 0})
            detections += [_coco(garment, number) for garment in found]
            matches.append((len(true), _matches(found, true)))
    if not images:
        raise S2FError("evaluate: no pictures to measure on")
    names = [{"id": index, "name": name} for index, name in enumerate(category_ids(), start=1)]
    dataset = {"info": {}, "images": images, "annotations": annotations, "categories": names}
    named, agnostic = ([_average_precision(dataset, detections, kind, use) for kind in ("bbox", "segm")]
                       for use in (1, 0))  # fmt: skip
    best = [found[0] if found else Match(0.0, 0, 0.0, False) for _, found in matches]
    return Scores(
        *(float(_mean(table)) for table in (*named, *agnostic)),
        by_category=_present(category_ids(), named[1][:, :, :, 0].mean((0, 1))),
        by_size=_present(tuple(AREAS), agnostic[1][:, :, 0, 1:].mean((0, 1))),
        best_iou=float(np.mean([match.iou for match in best])),
        best_category=float(np.mean([match.same_category for match in best])),
        f1={threshold: _f1(matches, threshold) for threshold in THRESHOLDS},
    )


@dataclass(frozen=True)
class Match:
    """A found garment and the true one, by its place, that it fits best."""

    score: float
    truth: int
    iou: float
    same_category: bool


def _matches(found: Sequence[Garment], true: Sequence[Garment]) -> list[Match]:
    """Best score first, as ``found`` is."""
    ious = mask_iou(found, true)
    return [
        Match(garment.score, place, float(row[place]), garment.category == true[place].category)
        for garment, row, place in zip(found, ious, ious.argmax(1).tolist(), strict=True)
    ]


def _f1(pictures: Sequence[tuple[int, list[Match]]], threshold: float) -> float:
    """Of each true garment one match counts, the rest are false alarms."""
    reported = [[match for match in found if match.score >= threshold] for _, found in pictures]
    right = sum(len({match.truth for match in found if match.iou >= 0.5 and match.same_category}) for found in reported)
    return 2 * right / (sum(map(len, reported)) + sum(count for count, _ in pictures))


def _coco(garment: Garment, image: int) -> dict:
    rle = coco_mask.encode(np.asfortranarray(garment.mask.astype(np.uint8)))
    return {
        "image_id": image,
        "category_id": category_index(garment.category) + 1,
        "segmentation": rle,
        "bbox": coco_mask.toBbox(rle).tolist(),
        "area": int(coco_mask.area(rle)),
        "score": garment.score,
    }


def _average_precision(dataset: dict, detections: list[dict], kind: str, use_categories: int) -> np.ndarray:
    """(IoUs, recalls, categories, sizes) precision, sizes as "all" and ``AREAS``; -1 where there is no truth."""
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth, found = COCO(), COCO()
        truth.dataset, found.dataset = dataset, dataset | {"annotations": _numbered(detections)}
        truth.createIndex()
        found.createIndex()
        scorer = COCOeval(truth, found, kind)
        scorer.params.useCats = use_categories
        scorer.evaluate()
        scorer.accumulate()
    return scorer.eval["precision"][..., -1]


def _numbered(detections: Sequence[dict]) -> list[dict]:
    return [detection | {"id": number, "iscrowd": 0} for number, detection in enumerate(detections, start=1)]


def _mean(table: np.ndarray) -> float:
    """Over IoUs, recalls and the categories that are there, all sizes."""
    values = table[..., 0]
    return values[values > -1].mean()


def _present(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True) if value > -1}


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("val", "test"), help="default: val; for corrected masks, test")
    parser.add_argument("--pictures", choices=("photos", "corrected", "cutouts", "scenes"), default="photos")
    parser.add_argument("--weights", type=Path, help="default: the weights that ship")
    arguments = parser.parse_args()
    segmenter = Segmenter.load(arguments.weights)
    split = arguments.split or ("test" if arguments.pictures == "corrected" else "val")
    truths = pictures(split, arguments.pictures)
    total = {"scenes": SCENES, "corrected": len(corrected_photos())}.get(arguments.pictures, len(load_photos(split)))
    scores = evaluate(segmenter, progress(truths, total=total, what="finding", unit="picture"))
    print(json.dumps(vars(scores), indent=1, default=float))


if __name__ == "__main__":
    _main()
