"""Look for faults before anything trains: how many, which, what they look like, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from s2f_helpers.data.categories import category_ids
from s2f_helpers.data.dataset import Dataset
from s2f_helpers.data.quality.duplicates import alike, clear_ids, group_names, kin, look_at
from s2f_helpers.data.quality.report import EXAMPLES, Audit, Finding
from s2f_helpers.data.quality.shapes import faults

__all__ = ["Audit", "Finding", "audit"]

IMBALANCE = 10
CHECKS = {  # name: (unit, whether repair() mends it, what to do)
    "duplicate photo ids": ("photo", False, "Whose garments are whose is lost: load the sources again with load_cvat."),
    "duplicate garment ids": ("garment", True, "repair() gives new ids and drops wholly identical garments."),
    "dangling garments": ("garment", True, "Their photo is not listed: repair() drops them. Many? An id went wrong."),
    "photos without a garment": ("photo", False, "Look: where garments show, labels were lost; else leave them out."),
    "photo file missing": ("photo", True, "Put the files there, or repair() drops photo and garments."),
    "photo unreadable": ("photo", True, "Fetch the files again, or repair() drops photo and garments."),
    "size mismatch": ("photo", False, "Outlines fit another size: find the photo that was labelled, or leave it out."),
    "EXIF rotation": ("photo", False, "Viewers turn these, training may not: copy_photos() writes them upright."),
    "polygon under 3 points": ("garment", True, "They hold no pixel: repair() drops such polygons."),
    "polygon outside the photo": ("garment", True, "repair() clips them. If many, garments lie on the wrong photos."),
    "self-crossing polygon": ("garment", True, "repair() splits them into plain polygons of the same pixels."),
    "empty mask": ("garment", True, "At most one pixel: repair() drops these garments."),
    "box differs from mask": ("garment", True, "By over 2 pixels: repair() measures box and area from the outline."),
    "empty category": ("category", False, "No model can learn these: add photos, or leave the category out."),
    "class imbalance": ("category", False, "Under a tenth of the largest: add photos, or train on these more often."),
    "exact duplicate photos": ("photo", True, "repair() keeps the first copy and gives it the others' garments."),
    "near-duplicate photos": ("photo", True, "They look the same, in different groups: repair() joins their groups."),
    "same photo in two splits": ("photo", False, "The test is spoilt: repair(), clear the split column, split()."),
}
OUTLINES = {
    "few": "polygon under 3 points",
    "outside": "polygon outside the photo",
    "crossing": "self-crossing polygon",
    "empty": "empty mask",
    "box": "box differs from mask",
}


def audit(dataset: Dataset) -> Audit:
    """Look at everything: ids, files (in threads, each once), outlines, classes, duplicates, splits.

    Checks of files pass over photos that are not here (``file`` empty), checks of outlines over garments whose
    photo is not listed; ``of`` says how many were looked at.

    >>> from s2f_helpers.data.dataset import make_dataset
    >>> square = np.array([[2, 2], [6, 2], [6, 6], [2, 6.0]])
    >>> ds = make_dataset({"id": ["a"], "width": [8], "height": [5]},
    ...                   {"photo": ["a"], "category": ["hat"], "outline": [(square,)]})
    >>> ds.audit()["polygon outside the photo"].count
    1
    """
    found = {one.name: one for part in (_ids, _files, _outlines, _classes) for one in part(dataset)}
    return Audit(tuple(found[name] for name in CHECKS), dataset)


def _finding(name: str, count: int, of: int, examples: Sequence[str] = (), details: Sequence[str] = (), safe=None):
    unit, mended, advice = CHECKS[name]
    safe = mended if safe is None else safe
    return Finding(name, int(count), int(of), unit, tuple(map(str, examples)), tuple(details), advice, bool(safe))


def _flagged(name: str, table: pd.DataFrame, flag: np.ndarray, of: int, details=None) -> Finding:
    """Those flagged; ``details`` makes a few words of a row's number."""
    rows = np.flatnonzero(flag)
    some = rows[:EXAMPLES]
    return _finding(name, len(rows), of, table["id"].iloc[some], map(details, some) if details else ())


def _paired(
    name: str, table: pd.DataFrame, rows: np.ndarray, first: np.ndarray, of: int, details=None, **safe
) -> Finding:
    """Repeats (``rows``), each shown beside the one it repeats (``first``)."""
    some = np.column_stack([first, rows])[: EXAMPLES // 2].ravel()
    return _finding(name, len(rows), of, table["id"].iloc[some], map(details, some) if details else (), **safe)


def _first_rows(keys: Sequence, rows: np.ndarray) -> np.ndarray:
    """For each of ``rows``, the first of them with the same key."""
    return pd.Series(rows).groupby(pd.Series(keys)).transform("min").to_numpy(np.int64)


def _ids(dataset: Dataset) -> Iterator[Finding]:
    photos, garments = dataset.photos, dataset.garments
    for table, unit in ((photos, "photo"), (garments, "garment")):
        rows = np.flatnonzero(table["id"].duplicated())
        first = _first_rows(table["id"].array, np.arange(len(table)))[rows]
        safe = unit == "garment" or clear_ids(photos)[~photos.duplicated().to_numpy()].all()
        yield _paired(f"duplicate {unit} ids", table, rows, first, len(table), safe=safe)
    yield _flagged("dangling garments", garments, ~garments["photo"].isin(photos["id"]), len(garments),
                   lambda row: f"photo {garments['photo'].iloc[row]}")  # fmt: skip
    yield _flagged("photos without a garment", photos, ~photos["id"].isin(garments["photo"]), len(photos))


def _files(dataset: Dataset) -> Iterator[Finding]:
    photos, seen = dataset.photos, look_at(dataset.photos["file"])
    state = seen["state"].to_numpy()
    here, read = int((state != "").sum()), state == "ok"
    for name, what in (("photo file missing", "missing"), ("photo unreadable", "unreadable")):
        yield _flagged(name, photos, state == what, here, seen["reason"].iloc.__getitem__)
    stated, found = photos[["width", "height"]].to_numpy(), seen[["width", "height"]].to_numpy()
    yield _flagged("size mismatch", photos, read & (stated != found).any(axis=1), read.sum(),
                   lambda row: "stated {} × {}, file {} × {}".format(*stated[row], *found[row]))  # fmt: skip
    yield _flagged("EXIF rotation", photos, read & (seen["orientation"] != 1).to_numpy(), read.sum(),
                   lambda row: f"orientation {seen['orientation'].iloc[row]}")  # fmt: skip
    same, near = alike(photos, seen)
    copies, groups = same != np.arange(len(photos)), group_names(photos)
    rows = np.flatnonzero(copies)
    yield _paired("exact duplicate photos", photos, rows, same[rows], (read & clear_ids(photos)).sum())
    rows = np.flatnonzero(~copies & (groups != groups[near]))
    yield _paired("near-duplicate photos", photos, rows, near[rows], read.sum(), lambda row: f"group {groups[row]}")
    yield _leaks(photos, near)


def _leaks(photos: pd.DataFrame, near: np.ndarray) -> Finding:
    """Photos that are in another split than the first of their kind; those the eye sees first among the examples."""
    split = photos["split"].to_numpy(object)
    placed = np.flatnonzero(split != "")
    rows, firsts = np.zeros((2, 0), np.int64)
    for kind in (near, kin(photos, near)):
        first = _first_rows(kind[placed], placed)
        apart = split[placed] != split[first]
        rows, firsts = np.append(rows, placed[apart]), np.append(firsts, first[apart])
    once = np.sort(np.unique(rows, return_index=True)[1])
    return _paired("same photo in two splits", photos, rows[once], firsts[once], len(placed), lambda row: split[row])


def _outlines(dataset: Dataset) -> Iterator[Finding]:
    table = faults(dataset)
    for column, name in OUTLINES.items():
        looked = table["stated" if column == "box" else "looked"].sum()
        yield _flagged(name, dataset.garments, table[column].to_numpy(), looked)


def _classes(dataset: Dataset) -> Iterator[Finding]:
    counts = dataset.garments["category"].value_counts().reindex(category_ids(), fill_value=0)
    empty, present = counts.index[counts == 0], counts[counts > 0]
    yield _finding("empty category", len(empty), len(counts), empty[:EXAMPLES])
    small = present[present * IMBALANCE < present.max()] if len(present) else present
    yield _finding("class imbalance", len(small), len(present), small.index[:EXAMPLES],
                   [f"{count:,} of {present.max():,}" for count in small[:EXAMPLES]])  # fmt: skip
