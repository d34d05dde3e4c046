"""Deal photos to train, val and test so that no group is in two of them and the classes are balanced."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.dataset import TEXT, Dataset

__all__ = ["RATIOS", "split"]

RATIOS = {"train": 0.75, "val": 0.10, "test": 0.15}


def split(
    dataset: Dataset,
    by: str = "group",
    ratios: Mapping[str, float] | None = None,
    stratify: str = "category",
    seed: int = 0,
) -> Dataset:
    """The data set with its ``split`` column filled.

    Photos that have a split keep it, and new photos of their groups follow them: adding photos moves none. New
    groups go, largest first, where they bring the classes' counts closest to their shares. A class that few groups
    hold goes first where it is not yet, so it is in every split when it has a group for each. The order of the rows
    does not matter.

    Args:
        by: column of ``photos`` whose equal values stay together; a photo with none is a group of its own.
        ratios: name and share of each split, summing to 1; default train 0.75, val 0.10, test 0.15.
        stratify: column of ``garments`` (or of ``photos``) whose values are balanced.
        seed: decides between groups of equal size.

    Raises:
        S2FError: for a column that is not there, ratios that do not sum to 1, a split among the photos that
            ``ratios`` does not name, or a group that is in two splits already.

    >>> from s2f_helpers.data.dataset import make_dataset
    >>> ids = [f"{number}" for number in range(8)]
    >>> ds = make_dataset({"id": ids, "width": [8] * 8, "height": [8] * 8, "group": list("aabbccdd")},
    ...                   {"photo": ids, "category": ["hat"] * 8, "outline": [()] * 8})
    >>> ds.split(ratios={"train": 0.75, "test": 0.25}).photos["split"].value_counts().to_dict()
    {'train': 6, 'test': 2}
    """
    shares, photos = _shares(ratios or RATIOS), dataset.photos
    if by not in photos:
        raise S2FError(f"by={by!r}: no such column; the photos have {', '.join(photos.columns)}")
    names = photos[by].where(photos[by] != "", photos["id"])
    known = _known(photos["split"], names, list(shares))
    chosen = known | _deal(_counts(dataset, names, stratify), known, shares, seed)
    return replace(dataset, photos=photos.assign(split=names.map(chosen).astype(TEXT)))


def _shares(ratios: Mapping[str, float]) -> dict[str, float]:
    """Largest first: where nothing else decides, that one gets the group."""
    if not all(name and share > 0 for name, share in ratios.items()) or abs(sum(ratios.values()) - 1) > 1e-6:
        raise S2FError(f"ratios: expected named shares above 0 that sum to 1, got {dict(ratios)}")
    return dict(sorted(ratios.items(), key=lambda item: (-item[1], item[0])))


def _known(splits: pd.Series, names: pd.Series, expected: list[str]) -> dict[str, str]:
    """The split of each group that has one."""
    placed = pd.DataFrame({"group": names, "split": splits})[splits != ""].drop_duplicates()
    strange = sorted(set(placed["split"]) - set(expected))
    if strange:
        raise S2FError(f"photos are in split {strange[0]!r}, but ratios name {', '.join(expected)}: name it there too")
    torn = placed["group"][placed["group"].duplicated()]
    if len(torn):
        found = f"{torn.nunique()} groups are in two splits, such as {torn.iloc[0]!r}: they would leak"
        anew = "dataclasses.replace(dataset, photos=dataset.photos.assign(split=''))"
        raise S2FError(f"{found}. Deal all anew from {anew}")
    return dict(zip(placed["group"], placed["split"], strict=True))


def _counts(dataset: Dataset, names: pd.Series, stratify: str) -> pd.DataFrame:
    """How many of each class (columns) each group (rows) holds; a photo without a garment is of class ""."""
    photos, garments = dataset.photos, dataset.garments
    if stratify not in garments and stratify not in photos:
        raise S2FError(f"stratify={stratify!r}: no such column; the garments have {', '.join(garments.columns)}")
    pairs = pd.DataFrame({"group": names, "id": photos["id"]})
    if stratify in garments:
        classes = garments[["photo", stratify]].rename(columns={"photo": "id", stratify: "class"})
        pairs = pairs.merge(classes, on="id", how="left").fillna({"class": ""})
    else:
        pairs["class"] = photos[stratify]
    return pd.crosstab(pairs["group"], pairs["class"])


def _deal(counts: pd.DataFrame, known: Mapping[str, str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """A split for each group that has none."""
    names, groups, number = list(shares), counts.index.tolist(), counts.to_numpy(np.float64)
    given = np.array([known.get(group, "") for group in groups], object)
    wanted = np.outer(list(shares.values()), number.sum(axis=0))
    have = np.stack([number[given == name].sum(axis=0) for name in names])
    left, size = (number[given == ""] > 0).sum(axis=0), number.sum(axis=1)
    new = np.flatnonzero(given == "").tolist()
    new.sort(key=lambda place: (-size[place], hashlib.sha256(f"{seed} {groups[place]}".encode()).digest()))
    chosen = {}
    for place in progress(new, what="dealing groups", unit="group"):
        at = np.flatnonzero(number[place])
        best = _best(wanted[:, at], have[:, at], left[at], number[place, at])
        have[best] += number[place]
        left[at] -= 1
        chosen[groups[place]] = names[best]
    return chosen


def _best(wanted: np.ndarray, have: np.ndarray, left: np.ndarray, more: np.ndarray) -> int:
    """The split (row) for a group with ``more`` of its classes (columns), which ``left`` undealt groups hold."""
    absent = have == 0
    scarce = left <= 2 * absent.sum(axis=0)  # twice, since one group may be wanted in two places at once
    closer = (more * (wanted - have - more / 2) / wanted).sum(axis=1)  # half the fall of sum((have - wanted)² / wanted)
    return int(np.lexsort((-closer, -(absent & scarce).sum(axis=1)))[0])
