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
from itertools import islice, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import category_ids, category_index, corrected_photos, load_cutouts, load_photos
from s2f_helpers.segment.analysis import mask_iou
from s2f_helpers.segment.predict import Segmenter
from s2f_helpers.segment.scenes import cutout_scenes

__all__ = ["Scores", "evaluate", "pictures"]

LOWEST_SCORE = 0.05  # average precision needs the doubtful ones too
TOGETHER = 32  # pictures in memory
SCENES = 300
KINDS = ("photos", "corrected", "cutouts", "scenes")
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
    if kind not in KINDS:
        raise S2FError(f"unknown pictures {kind!r}: expected 'photos', 'corrected', 'cutouts' or 'scenes'")
    if kind == "corrected" and split != "test":
        raise S2FError(f"only test photos have corrected masks: ask for split 'test', not {split!r}")
    if kind == "scenes":
        yield from cutout_scenes(split, SCENES)
    elif kind == "cutouts":
        cutouts = load_cutouts(split)
        for index, category in enumerate(cutouts.categories):
            yield [Garment(cutouts.image(index), cutouts.mask(index), category)]
    else:
        for photo in load_photos(split) if kind == "photos" else corrected_photos():
            yield [Garment(photo.image(), photo.mask(), photo.category)]


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
            annotations += [_coco(garment, number) for garment in true]
            detections += [_coco(garment, number) for garment in found]
            matches += _matches(number, found, true)
    if not images:
        raise S2FError("evaluate: no pictures to measure on")
    tables = _precision(_index(images, annotations), _index(images, detections))
    first = {match.picture: match for match in reversed(matches)}
    best = [first.get(image["id"], Match(0, 0, 0.0, 0.0, False)) for image in images]
    return Scores(
        *(float(table[..., 0][table[..., 0] > -1].mean()) for table in tables),
        by_category=_present(category_ids(), tables[1][..., 0]),
        by_size=_present(("small", "medium", "large"), tables[3][:, :, 0, 1:]),
        best_iou=float(np.mean([match.iou for match in best])),
        best_category=float(np.mean([match.same_category for match in best])),
        f1={threshold: _f1(matches, len(annotations), threshold) for threshold in THRESHOLDS},
    )


class Match(NamedTuple):
    """A found garment and the true one, by its place, that it fits best."""

    picture: int
    truth: int
    score: float
    iou: float
    same_category: bool


def _matches(picture: int, found: Sequence[Garment], true: Sequence[Garment]) -> list[Match]:
    """Best score first, as ``found`` is."""
    ious = mask_iou(found, true)
    return [
        Match(picture, place, garment.score, float(row[place]), garment.category == true[place].category)
        for garment, row, place in zip(found, ious, ious.argmax(1).tolist(), strict=True)
    ]


def _f1(matches: Sequence[Match], truths: int, threshold: float) -> float:
    """Of each true garment one match counts, the rest are false alarms."""
    reported = [match for match in matches if match.score >= threshold]
    right = {(match.picture, match.truth) for match in reported if match.iou >= 0.5 and match.same_category}
    return 2 * len(right) / (len(reported) + truths)


def _coco(garment: Garment, image: int) -> dict:
    rle = coco_mask.encode(np.asfortranarray(garment.mask.astype(np.uint8)))
    return {
        "image_id": image,
        "category_id": category_index(garment.category) + 1,
        "segmentation": rle,
        "bbox": coco_mask.toBbox(rle).tolist(),
        "area": int(coco_mask.area(rle)),
        "score": garment.score,
        "iscrowd": 0,
    }


def _index(images: list[dict], annotations: list[dict]) -> COCO:
    coco = COCO()
    numbered = [annotation | {"id": number} for number, annotation in enumerate(annotations, start=1)]
    names = [{"id": index, "name": name} for index, name in enumerate(category_ids(), start=1)]
    coco.dataset = {"info": {}, "images": images, "annotations": numbered, "categories": names}
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


def _precision(truth: COCO, found: COCO) -> list[np.ndarray]:
    """(IoUs, recalls, categories, sizes) precision of boxes and of masks, by name, then whatever the name.

    Sizes are all, small, medium and large; -1 where there is no truth.
    """
    tables = []
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        for use_categories, kind in product((1, 0), ("bbox", "segm")):
            scorer = COCOeval(truth, found, kind)
            scorer.params.useCats = use_categories
            scorer.evaluate()
            scorer.accumulate()
            tables.append(scorer.eval["precision"][..., -1])
    return tables


def _present(names: Sequence[str], precision: np.ndarray) -> dict[str, float]:
    """The mean over IoUs and recalls of each name that is there."""
    means = precision.mean((0, 1))
    return {name: float(value) for name, value in zip(names, means, strict=True) if value > -1}


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=("val", "test"), help="default: val; for corrected masks, test")
    parser.add_argument("--pictures", choices=KINDS, default="photos")
    parser.add_argument("--weights", type=Path, help="default: the weights that ship")
    arguments = parser.parse_args()
    kind, split = arguments.pictures, arguments.split or ("test" if arguments.pictures == "corrected" else "val")
    total = {"scenes": SCENES, "corrected": len(corrected_photos())}.get(kind, len(load_photos(split)))
    truths = progress(pictures(split, kind), total=total, what="finding", unit="picture")
    print(json.dumps(vars(evaluate(Segmenter.load(arguments.weights), truths)), indent=1, default=float))


if __name__ == "__main__":
    _main()
