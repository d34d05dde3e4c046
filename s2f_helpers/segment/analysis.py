"""What a detector gets right and wrong, from true and found garments: curves, confusions, kinds of error, hard cases.

Pictures are a sequence with one entry each: the list of its true garments, or of those found in it.
Average precision is COCO's (https://cocodataset.org/#detection-eval) on masks; the kinds of error are TIDE's
(Bolya et al. 2020, https://arxiv.org/abs/2008.08115), simply: each error has one kind, nothing is weighed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from s2f_helpers.common.types import Garment

if TYPE_CHECKING:
    from s2f_helpers.segment.predict import Segmenter

__all__ = ["AREAS", "KINDS", "Curve", "Verdict", "average_precision", "confusion", "count_kinds", "judge", "mask_iou",
           "precision_recall", "worst_pictures"]  # fmt: skip

Pictures = Sequence[Sequence[Garment]]
KINDS = ("right", "class", "localisation", "both", "duplicate", "background", "missed")
AREAS = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}
"""COCO's sizes by the pixels of a mask; a garment on the border counts in both."""
IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # garments a picture that count, the best scored


def mask_iou(found: Sequence[Garment], truths: Sequence[Garment]) -> np.ndarray:
    """(F, T) ``float64``: the intersection over union of every found mask with every true one."""
    if not found or not truths:
        return np.zeros((len(found), len(truths)))
    first = np.array([garment.mask.ravel() for garment in found], np.float32)
    second = np.array([garment.mask.ravel() for garment in truths], np.float32)
    shared = (first @ second.T).astype(np.float64)
    union = first.sum(1)[:, None] + second.sum(1)[None] - shared
    return shared / np.maximum(union, 1)


@dataclass(frozen=True, eq=False)
class Curve:
    """Precision against recall, as the score threshold falls.

    Attributes:
        recall, precision, score: (N,) one entry a found garment, best score first.
        average_precision: mean of the best precision at or beyond 101 recalls; NaN without a true garment.
    """

    recall: np.ndarray
    precision: np.ndarray
    score: np.ndarray
    average_precision: float


def precision_recall(
    truths: Pictures, found: Pictures, category: str | None = None, iou: float = 0.5, size: str | None = None
) -> Curve:
    """The curve of one category (None: names do not count), of one size (None: all) at one IoU.

    Of a size, true garments of another are neither to be found nor to be missed, nor are what is found on them and
    what is found on nothing and has another size itself.

    Args:
        size: a key of :data:`AREAS`.
    """
    low, high = AREAS[size] if size else (0.0, np.inf)
    scores, hits, total = [], [], 0
    for true, got in zip(truths, found, strict=True):
        true = [garment for garment in true if category in (None, garment.category)]
        got = sorted((g for g in got if category in (None, g.category)), key=lambda g: -g.score)[:MOST]
        other = np.array([not low <= garment.mask.sum() <= high for garment in true], bool)
        owners = _owners(mask_iou(got, true), other, iou)
        total += int((~other).sum())
        for garment, owner in zip(got, owners, strict=True):
            if not other[owner] if owner >= 0 else low <= garment.mask.sum() <= high:
                scores.append(garment.score)
                hits.append(owner >= 0)
    order = np.argsort(-np.array(scores), kind="stable")
    right = np.cumsum(np.array(hits, bool)[order])
    precision, recall = right / np.arange(1, len(right) + 1), right / max(total, 1)
    return Curve(recall, precision, np.array(scores)[order], _area_under(recall, precision) if total else np.nan)


def _owners(ious: np.ndarray, other: np.ndarray, threshold: float) -> np.ndarray:
    """(F,) index of the true garment that each found one gets, best score first; -1 for none.

    Each is given away once; those of another size only to who gets no right one.
    """
    owners = np.full(len(ious), -1)
    free = np.ones(len(other), bool)
    for row, values in enumerate(ious):
        for kind in (~other, other):
            fits = np.where(free & kind, values, -1.0)
            if owners[row] < 0 and len(fits) and fits.max() >= threshold:
                owners[row] = fits.argmax()
                free[owners[row]] = False
    return owners


def _area_under(recall: np.ndarray, precision: np.ndarray) -> float:
    best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(best_beyond, 0.0)[places].mean())


def average_precision(truths: Pictures, found: Pictures, category: str | None = None, size: str | None = None) -> float:
    """COCO's mask AP, IoU 0.50 to 0.95, of one category (None: names do not count) and one size (None: all)."""
    return float(np.mean([precision_recall(truths, found, category, iou, size).average_precision for iou in IOUS]))


@dataclass(frozen=True, eq=False)
class Verdict:
    """One found garment judged, or one true garment that was missed.

    Attributes:
        picture: its index.
        kind: one of :data:`KINDS`.
        found: None for a missed one.
        truth: the true garment it overlaps most; None on background.
        iou: of the two masks; 0.0 for a missed one.
    """

    picture: int
    kind: str
    found: Garment | None
    truth: Garment | None
    iou: float


def judge(
    truths: Pictures, found: Pictures, score: float = 0.3, foreground: float = 0.5, background: float = 0.1
) -> list[Verdict]:
    """Say of each found garment with at least ``score`` what it is, best score first, then what was missed.

    Right: the right name on a mask that fits, IoU of ``foreground`` or more. Else an error: ``class`` (it fits, wrong
    name), ``localisation`` (right name, IoU between the two bounds), ``both``, ``duplicate`` (that garment was found
    already), ``background`` (IoU under ``background``). Missed is a true garment that none of the right, class and
    localisation ones is about.
    """
    verdicts = []
    for picture, (true, got) in enumerate(zip(truths, found, strict=True)):
        got = sorted((garment for garment in got if garment.score >= score), key=lambda garment: -garment.score)
        ious, met, taken = mask_iou(got, true), set(), set()
        for garment, values in zip(got, ious, strict=True):
            kind, place = _kind(garment, true, values, taken, foreground, background)
            if kind == "right":
                taken.add(place)
            if kind in ("right", "class", "localisation"):
                met.add(place)
            truth, fit = (None, values.max(initial=0.0)) if place is None else (true[place], values[place])
            verdicts.append(Verdict(picture, kind, garment, truth, float(fit)))
        verdicts += [Verdict(picture, "missed", None, t, 0.0) for place, t in enumerate(true) if place not in met]
    return verdicts


def _kind(
    garment: Garment, truths: Sequence[Garment], ious: np.ndarray, taken: set[int], foreground: float, background: float
) -> tuple[str, int | None]:
    """The verdict, and the index of the true garment it is about."""
    same = np.array([truth.category == garment.category for truth in truths], bool)
    free = np.array([place not in taken for place in range(len(truths))], bool)

    def best(of: np.ndarray, least: float) -> int | None:
        fits = np.where(of, ious, -1.0)
        return int(fits.argmax()) if len(fits) and fits.max() >= least else None

    for kind, of, least in (
        ("right", same & free, foreground),
        ("duplicate", same & ~free, foreground),
        ("class", ~same, foreground),
        ("localisation", same, background),
        ("both", ~same, background),
    ):
        place = best(of, least)
        if place is not None:
            return kind, place
    return "background", None


def count_kinds(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many there are of each of :data:`KINDS`."""
    counts = Counter(verdict.kind for verdict in verdicts)
    return {kind: counts[kind] for kind in KINDS}


def confusion(
    truths: Pictures, found: Pictures, categories: Sequence[str], score: float = 0.3, iou: float = 0.5
) -> np.ndarray:
    """Who is taken for whom, whatever the names: (C + 1, C + 1) ``int`` counts.

    Rows are true categories and, last, background; columns are found ones and, last, missed. Each found garment
    gets the true one it fits best, best score first, if their IoU is ``iou`` or more.
    """
    places = {name: place for place, name in enumerate(categories)}
    table = np.zeros((len(categories) + 1,) * 2, int)
    for true, got in zip(truths, found, strict=True):
        got = sorted((garment for garment in got if garment.score >= score), key=lambda garment: -garment.score)
        owners = _owners(mask_iou(got, true), np.zeros(len(true), bool), iou)
        for garment, owner in zip(got, owners, strict=True):
            table[places[true[owner].category] if owner >= 0 else -1, places[garment.category]] += 1
        for place in set(range(len(true))) - set(owners.tolist()):
            table[places[true[place].category], -1] += 1
    return table


def worst_pictures(segmenter: Segmenter, truths: Pictures, count: int = 8) -> list[tuple[int, dict[str, float]]]:
    """(index, losses) of the pictures whose losses, as training would see them, add up to the most."""
    losses = {picture: segmenter.losses(true) for picture, true in enumerate(truths) if true}
    return sorted(losses.items(), key=lambda case: -sum(case[1].values()))[:count]
