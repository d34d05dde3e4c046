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

__all__ = ["IOUS", "KINDS", "Curve", "Verdict", "confusion", "count_kinds", "judge", "mask_iou", "precision_recall",
           "worst_pictures"]  # fmt: skip

Pictures = Sequence[Sequence[Garment]]
KINDS = ("right", "class", "localisation", "both", "duplicate", "background", "missed")
IOUS = np.linspace(0.5, 0.95, 10)
FITS, TOUCHES = 0.5, 0.1  # IoU of a mask that is on its garment, and of one that has to do with it
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # garments a picture that count, the best scored


def mask_iou(found: Sequence[Garment], truths: Sequence[Garment]) -> np.ndarray:
    """(F, T) ``float64``: the intersection over union of every found mask with every true one."""
    if not found or not truths:
        return np.zeros((len(found), len(truths)))
    first, second = (np.array([garment.mask.ravel() for garment in some], np.float32) for some in (found, truths))
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


def precision_recall(truths: Pictures, found: Pictures, category: str | None = None, iou: float = 0.5) -> Curve:
    """The curve of one category (None: names do not count) at one IoU."""
    scores, hits, total = [], [], 0
    for true, got in zip(truths, found, strict=True):
        true = [garment for garment in true if category in (None, garment.category)]
        got = _best_first(garment for garment in got if category in (None, garment.category))[:MOST]
        scores += [garment.score for garment in got]
        hits += [owner >= 0 for owner in _owners(mask_iou(got, true), iou)]
        total += len(true)
    order = np.argsort(-np.array(scores), kind="stable")
    right = np.cumsum(np.array(hits, bool)[order])
    precision, recall = right / np.arange(1, len(right) + 1), right / max(total, 1)
    return Curve(recall, precision, np.array(scores)[order], _area_under(recall, precision) if total else np.nan)


def _best_first(garments) -> list[Garment]:
    return sorted(garments, key=lambda garment: -garment.score)


def _owners(ious: np.ndarray, threshold: float) -> list[int]:
    """The index of the true garment that each found one gets, in turn, and no other after it; -1 for none."""
    free, owners = ious.copy(), []
    for values in free:
        owners.append(int(values.argmax()) if values.max(initial=-1) >= threshold else -1)
        if owners[-1] >= 0:
            free[:, owners[-1]] = -1
    return owners


def _area_under(recall: np.ndarray, precision: np.ndarray) -> float:
    best_beyond = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, RECALLS, side="left")
    return float(np.append(best_beyond, 0.0)[places].mean())


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


def judge(truths: Pictures, found: Pictures, score: float = 0.3) -> list[Verdict]:
    """Say of each found garment with at least ``score`` what it is, best score first, then what was missed.

    Right: the right name on a mask that fits, IoU of 0.5 or more. Else an error: ``class`` (it fits, wrong name),
    ``localisation`` (right name, IoU from 0.1), ``both``, ``duplicate`` (that garment was found already),
    ``background`` (IoU under 0.1). Missed is a true garment that none of the right, class and localisation ones is
    about.
    """
    verdicts = []
    for picture, (true, got) in enumerate(zip(truths, found, strict=True)):
        got = _best_first(garment for garment in got if garment.score >= score)
        met, taken = set(), np.zeros(len(true), bool)
        for garment, values in zip(got, mask_iou(got, true), strict=True):
            same = np.array([truth.category == garment.category for truth in true], bool)
            kind, place = _kind(same, taken, values)
            if kind == "right":
                taken[place] = True
            if kind in ("right", "class", "localisation"):
                met.add(place)
            truth, fit = (None, values.max(initial=0.0)) if place is None else (true[place], values[place])
            verdicts.append(Verdict(picture, kind, garment, truth, float(fit)))
        verdicts += [Verdict(picture, "missed", None, t, 0.0) for place, t in enumerate(true) if place not in met]
    return verdicts


def _kind(same: np.ndarray, taken: np.ndarray, ious: np.ndarray) -> tuple[str, int | None]:
    """The verdict, and the index of the true garment it is about: the best of those that the verdict allows."""
    for kind, allowed, least in (
        ("right", same & ~taken, FITS),
        ("duplicate", same & taken, FITS),
        ("class", ~same, FITS),
        ("localisation", same, TOUCHES),
        ("both", ~same, TOUCHES),
    ):
        fits = np.where(allowed, ious, -1.0)
        if fits.max(initial=-1.0) >= least:
            return kind, int(fits.argmax())
    return "background", None


def count_kinds(verdicts: Sequence[Verdict]) -> dict[str, int]:
    """How many there are of each of :data:`KINDS`."""
    counts = Counter(verdict.kind for verdict in verdicts)
    return {kind: counts[kind] for kind in KINDS}


def confusion(truths: Pictures, found: Pictures, categories: Sequence[str], score: float = 0.3) -> np.ndarray:
    """Who is taken for whom, whatever the names: (C + 1, C + 1) ``int`` counts.

    Rows are true categories and, last, background; columns are found ones and, last, missed. Each found garment
    gets the true one it fits best, best score first, if their IoU is 0.5 or more.
    """
    places = {name: place for place, name in enumerate(categories)}
    table = np.zeros((len(categories) + 1,) * 2, int)
    for true, got in zip(truths, found, strict=True):
        got = _best_first(garment for garment in got if garment.score >= score)
        owners = _owners(mask_iou(got, true), FITS)
        for garment, owner in zip(got, owners, strict=True):
            table[places[true[owner].category] if owner >= 0 else -1, places[garment.category]] += 1
        for place in set(range(len(true))) - set(owners):
            table[places[true[place].category], -1] += 1
    return table


def worst_pictures(segmenter: Segmenter, truths: Pictures, count: int = 8) -> list[tuple[int, dict[str, float]]]:
    """(index, losses) of the pictures whose losses, as training would see them, add up to the most."""
    losses = {picture: segmenter.losses(true) for picture, true in enumerate(truths) if true}
    return sorted(losses.items(), key=lambda case: -sum(case[1].values()))[:count]
