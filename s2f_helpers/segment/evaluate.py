"""Measure a segmenter as it ships, on a split of the photos or on their cut-outs on white.

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
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import category_ids, category_index, load_cutouts, load_photos
from s2f_helpers.segment.predict import Segmenter

__all__ = ["Scores", "evaluate", "pictures"]

LOWEST_SCORE = 0.05  # average precision needs the doubtful ones too
THRESHOLDS = tuple(round(0.1 * step, 1) for step in range(1, 10))


@dataclass(frozen=True)
class Scores:
    """All in [0, 1]; ``agnostic`` figures ignore the category.

    Attributes:
        box_ap, mask_ap: COCO's average precision, mean over categories.
        agnostic_box_ap, agnostic_mask_ap: the same with one category for all.
        best_iou: mean IoU of the true mask with the best-scored garment's (0 where none is found).
        best_category: share of pictures whose best-scored garment has the right category.
        f1: for each threshold on the score, F1 of "right category and mask IoU of at least 0.5".
    """

    box_ap: float
    mask_ap: float
    agnostic_box_ap: float
    agnostic_mask_ap: float
    best_iou: float
    best_category: float
    f1: dict[float, float]


def pictures(split: str, kind: str) -> Iterator[Garment]:
    """Annotated pictures of a split: ``kind`` is "photos" or "cutouts" (on white, as the generator paints).

    Raises:
        S2FError: for another kind or split, or where the photos cannot be had.
    """
    if kind == "photos":
        for photo in load_photos(split):
            yield Garment(photo.image(), photo.mask(), photo.category)
    elif kind == "cutouts":
        cutouts = load_cutouts(split)
        for index, category in enumerate(cutouts.categories):
            yield Garment(cutouts.image(index), cutouts.mask(index), category)
    else:
        raise S2FError(f"unknown pictures {kind!r}: expected 'photos' or 'cutouts'")


def evaluate(segmenter: Segmenter, truths: Iterable[Garment]) -> Scores:
    """Run ``segmenter`` on each truth's photo (one garment a photo) and compare."""
    eager = replace(segmenter, score_threshold=LOWEST_SCORE)
    images, annotations, detections, matches = [], [], [], []
    for number, truth in enumerate(truths, start=1):
        found = eager(truth.photo)
        height, width = truth.mask.shape
        images.append({"id": number, "height": height, "width": width})
        annotations.append(_coco(truth, number) | {"id": number, "iscrowd": 0})
        detections += [_coco(garment, number) for garment in found]
        matches.append([_match(garment, truth) for garment in found])
    if not images:
        raise S2FError("evaluate: no pictures to measure on")
    names = [{"id": index, "name": name} for index, name in enumerate(category_ids(), start=1)]
    dataset = {"info": {}, "images": images, "annotations": annotations, "categories": names}
    best = [match[0] if match else Match(0.0, 0.0, False) for match in matches]
    return Scores(
        *(_average_precision(dataset, detections, kind, use) for use in (1, 0) for kind in ("bbox", "segm")),
        best_iou=float(np.mean([match.iou for match in best])),
        best_category=float(np.mean([match.same_category for match in best])),
        f1={threshold: _f1(matches, threshold) for threshold in THRESHOLDS},
    )


@dataclass(frozen=True)
class Match:
    score: float
    iou: float
    same_category: bool


def _match(garment: Garment, truth: Garment) -> Match:
    shared = np.count_nonzero(garment.mask & truth.mask)
    iou = shared / max(1, np.count_nonzero(garment.mask | truth.mask))
    return Match(garment.score, iou, garment.category == truth.category)


def _f1(matches: Sequence[Sequence[Match]], threshold: float) -> float:
    """One true garment a picture: at most one match counts, the rest are false alarms."""
    reported = [[match for match in picture if match.score >= threshold] for picture in matches]
    right = sum(any(match.iou >= 0.5 and match.same_category for match in picture) for picture in reported)
    return 2 * right / (sum(map(len, reported)) + len(matches))


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


def _average_precision(dataset: dict, detections: list[dict], kind: str, use_categories: int) -> float:
    if not detections:
        return 0.0
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        truth = COCO()
        truth.dataset = dataset
        truth.createIndex()
        scorer = COCOeval(truth, truth.loadRes([dict(detection) for detection in detections]), kind)
        scorer.params.useCats = use_categories
        scorer.evaluate()
        scorer.accumulate()
        scorer.summarize()
    return float(scorer.stats[0])


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--pictures", choices=("photos", "cutouts"), default="photos")
    parser.add_argument("--weights", type=Path, help="default: the weights that ship")
    arguments = parser.parse_args()
    segmenter = Segmenter.load(arguments.weights)
    truths = pictures(arguments.split, arguments.pictures)
    scores = evaluate(
        segmenter, progress(truths, total=len(load_photos(arguments.split)), what="finding", unit="picture")
    )
    print(json.dumps(vars(scores), indent=1, default=float))


if __name__ == "__main__":
    _main()
