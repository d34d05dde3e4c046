"""Look for faults before anything trains: how many, which, what they look like, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

import cv2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from s2f_helpers.common.plotting import show
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.categories import category_ids
from s2f_helpers.data.dataset import Dataset
from s2f_helpers.data.outlines import rings
from s2f_helpers.data.quality.duplicates import alike, clear_ids, first_rows, group_names, kin, look_at
from s2f_helpers.data.quality.shapes import faults

__all__ = ["EXAMPLES", "Audit", "Finding", "audit"]

EXAMPLES = 12
IMBALANCE = 10
RED, GREY, BLUE = (230, 30, 60), (120, 120, 120), (30, 90, 230)
SIDE, TITLE, INCHES = 240, 24, 1.7
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
OUTLINES = {"few": "polygon under 3 points", "outside": "polygon outside the photo",
            "crossing": "self-crossing polygon", "empty": "empty mask", "box": "box differs from mask"}  # fmt: skip
PAIRS = ("duplicate photo ids", "duplicate garment ids", "exact duplicate photos", "near-duplicate photos",
         "same photo in two splits")  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One kind of fault.

    Attributes:
        name: such as ``"dangling garments"``.
        count: how many have it, ``of`` how many that were looked at.
        unit: what is counted: "photo", "garment" or "category".
        examples: ids, at most 12. Of duplicates, each two in a row are a pair.
        details: a few words on each example, such as the stated size and the file's.
        advice: what to do.
        safe: whether :meth:`Dataset.repair` mends it.
    """

    name: str
    count: int
    of: int
    unit: str
    examples: tuple[str, ...]
    details: tuple[str, ...]
    advice: str
    safe: bool

    @property
    def advisory(self) -> bool:
        """True for what is no fault of any photo or garment: the classes are few or uneven."""
        return self.unit == "category"

    @property
    def such(self) -> str:
        """The first examples in one line of text."""
        words = zip_longest(self.examples[:3], self.details[:3], fillvalue="")
        return ", ".join(f"{example} ({detail})" if detail else example for example, detail in words)


@dataclass(frozen=True, eq=False, repr=False)
class Audit:
    """All findings about one data set, in a fixed order, those with count 0 too. Prints as a table."""

    findings: tuple[Finding, ...]
    dataset: Dataset

    @property
    def clean(self) -> bool:
        """True when nothing is wrong; uneven or empty classes are no fault."""
        return not any(finding.count for finding in self.findings if not finding.advisory)

    def __getitem__(self, name: str) -> Finding:
        if name not in CHECKS:
            raise S2FError(f"no finding {name!r}: expected one of {', '.join(CHECKS)}")
        return self.findings[list(CHECKS).index(name)]

    def __str__(self) -> str:
        lines = []
        for one in self.findings:
            lines.append(f"{one.count:>9,} of {one.of:>9,}  {one.name}")
            if one.count:
                lines += [f"{'':24}such as {one.such}", f"{'':24}{one.advice}"]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(one.name, f"{one.count:,}", f"{one.of:,}", one.such, one.advice)
                for one in self.findings if one.count]  # fmt: skip
        table = pd.DataFrame(rows, columns=["finding", "count", "of", "such as", "what to do"])
        nothing = ", ".join(one.name for one in self.findings if not one.count)
        with pd.option_context("display.max_colwidth", None):
            return f"{table.to_html(index=False, escape=True)}<p>Looked for and not found: {nothing}.</p>"

    def draw(self, name: str | None = None, columns: int = 4) -> None:
        """Show examples: photos with their outlines, pairs side by side, class counts.

        The garment in question is red, a box that differs from it blue.

        Args:
            name: one finding; default every one that was found.
            columns: pictures a row; an even number for pairs.
        """
        for finding in [one for one in self.findings if one.count] if name is None else [self[name]]:
            print(f"{finding.name}: {finding.count:,} of {finding.of:,}")
            if finding.advisory:
                counts = _class_counts(self.dataset)[::-1]
                figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
                axis.bar_label(axis.barh(counts.index, counts), fmt="{:,.0f}", fontsize=8)
                axis.set_xlabel("garments")
                plt.show()
                plt.close(figure)
            elif finding.count:
                _draw_examples(self.dataset, finding, columns + columns % 2 if finding.name in PAIRS else columns)


def audit(dataset: Dataset) -> Audit:
    """Look at everything: ids, files (in threads, each once), outlines, classes, duplicates, splits.

    Checks of files pass over photos that are not here (``file`` empty), checks of outlines over garments whose
    photo is not listed; ``of`` says how many were looked at.
    """
    found = {one.name: one for part in (_ids, _files, _outlines, _classes) for one in part(dataset)}
    return Audit(tuple(found[name] for name in CHECKS), dataset)


def _finding(name: str, ids: pd.Series, rows: np.ndarray, of: int, detail=None, firsts=None, safe=None) -> Finding:
    """These rows have the fault; ``detail`` makes a few words of one, ``firsts`` are what repeats are shown beside."""
    unit, mended, advice = CHECKS[name]
    some = rows[:EXAMPLES] if firsts is None else np.column_stack([firsts, rows])[: EXAMPLES // 2].ravel()
    details = tuple(map(detail, some)) if detail else ()
    safe = mended if safe is None else safe
    return Finding(name, len(rows), int(of), unit, tuple(ids.iloc[some]), details, advice, safe)


def _ids(dataset: Dataset) -> Iterator[Finding]:
    photos, garments = dataset.photos, dataset.garments
    for table, unit in ((photos, "photo"), (garments, "garment")):
        rows = np.flatnonzero(table["id"].duplicated())
        firsts = first_rows(table["id"].array, np.arange(len(table)))[rows]
        yield _finding(f"duplicate {unit} ids", table["id"], rows, len(table), None, firsts,
                       safe=unit == "garment" or bool(clear_ids(photos)[~photos.duplicated()].all()))  # fmt: skip
    yield _finding("dangling garments", garments["id"], np.flatnonzero(~garments["photo"].isin(photos["id"])),
                   len(garments), lambda row: f"photo {garments['photo'].iloc[row]}")  # fmt: skip
    bare = np.flatnonzero(~photos["id"].isin(garments["photo"]))
    yield _finding("photos without a garment", photos["id"], bare, len(photos))


def _files(dataset: Dataset) -> Iterator[Finding]:
    photos, ids, seen = dataset.photos, dataset.photos["id"], look_at(dataset.photos["file"])
    state = seen["state"].to_numpy()
    read = state == "ok"
    for name, what in (("photo file missing", "missing"), ("photo unreadable", "unreadable")):
        yield _finding(name, ids, np.flatnonzero(state == what), (state != "").sum(), seen["reason"].iloc.__getitem__)
    stated, found = photos[["width", "height"]].to_numpy(), seen[["width", "height"]].to_numpy()
    yield _finding("size mismatch", ids, np.flatnonzero(read & (stated != found).any(axis=1)), read.sum(),
                   lambda row: "stated {} × {}, file {} × {}".format(*stated[row], *found[row]))  # fmt: skip
    yield _finding("EXIF rotation", ids, np.flatnonzero(read & (seen["orientation"] != 1)), read.sum(),
                   lambda row: f"orientation {seen['orientation'].iloc[row]}")  # fmt: skip
    same, near = alike(photos, seen)
    copies, groups = same != np.arange(len(photos)), group_names(photos)
    rows = np.flatnonzero(copies)
    yield _finding("exact duplicate photos", ids, rows, (read & clear_ids(photos)).sum(), None, same[rows])
    rows = np.flatnonzero(~copies & (groups != groups[near]))
    yield _finding("near-duplicate photos", ids, rows, read.sum(), lambda row: f"group {groups[row]}", near[rows])
    yield _leaks(photos, near)


def _leaks(photos: pd.DataFrame, near: np.ndarray) -> Finding:
    """Photos that are in another split than the first of their kind; those the eye sees first among the examples."""
    split = photos["split"].to_numpy(object)
    placed = np.flatnonzero(split != "")
    rows, firsts = np.zeros((2, 0), np.int64)
    for kind in (near, kin(photos, near)):
        first = first_rows(kind[placed], placed)
        apart = split[placed] != split[first]
        rows, firsts = np.append(rows, placed[apart]), np.append(firsts, first[apart])
    once = np.sort(np.unique(rows, return_index=True)[1])
    return _finding("same photo in two splits", photos["id"], rows[once], len(placed), split.__getitem__, firsts[once])


def _outlines(dataset: Dataset) -> Iterator[Finding]:
    table = faults(dataset)
    for column, name in OUTLINES.items():
        looked = table["stated" if column == "box" else "looked"].sum()
        yield _finding(name, dataset.garments["id"], np.flatnonzero(table[column]), looked)


def _class_counts(dataset: Dataset) -> pd.Series:
    return dataset.garments["category"].value_counts().reindex(category_ids(), fill_value=0)


def _classes(dataset: Dataset) -> Iterator[Finding]:
    counts = _class_counts(dataset)
    names, most = counts.index.to_series(), counts.max()
    yield _finding("empty category", names, np.flatnonzero(counts == 0), len(counts))
    yield _finding("class imbalance", names, np.flatnonzero((counts > 0) & (counts * IMBALANCE < most)),
                   (counts > 0).sum(), lambda row: f"{counts.iloc[row]:,} of {most:,}")  # fmt: skip


def _draw_examples(dataset: Dataset, finding: Finding, columns: int) -> None:
    pictures, titles, hidden, met = [], [], [], Counter()
    blank = np.full((SIDE, SIDE, 3), 255, np.uint8)
    for example, detail in zip_longest(finding.examples, finding.details, fillvalue=""):
        try:
            picture = _picture(dataset, finding, example, met[example])
        except S2FError as error:
            hidden.append(f"{example} ({error})")
            picture = blank
        met[example] += 1
        if picture is not blank or finding.name in PAIRS:  # a blank keeps the other pairs side by side
            pictures.append(picture)
            short = example if len(example) <= TITLE else f"…{example[1 - TITLE :]}"
            titles.append(f"{short}\n{detail}".strip().replace("$", r"\$"))
    if len(hidden) < len(finding.examples):
        show(pictures, titles, columns, inches=INCHES)
    if hidden:
        print(f"cannot be shown: {'; '.join(hidden)}")


def _picture(dataset: Dataset, finding: Finding, example: str, nth: int) -> np.ndarray:
    """The photo of one example, small, with its outlines; ``nth`` picks among those of one id."""
    table = dataset.photos if finding.unit == "photo" else dataset.garments
    row = np.flatnonzero(table["id"] == example)[: nth + 1][-1]
    photo = example if finding.unit == "photo" else table["photo"].iloc[row]
    if finding.unit == "garment":
        row = next(iter(np.flatnonzero(dataset.photos["id"] == photo)), len(dataset))
    one = dataset.where(np.arange(len(dataset)) == row)
    image = one.image(photo)
    scale = SIDE / max(image.shape[:2])
    margin = SIDE // 8 if finding.name == "polygon outside the photo" else 0
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.copyMakeBorder(small, *[margin] * 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    size = one.photos[["height", "width"]].iloc[0].clip(lower=1)
    for garment in one.garments.itertuples():
        color = RED if finding.unit == "photo" or garment.id == example else GREY
        lines = [(ring, color) for ring in rings(garment.outline, *size)]
        if finding.name == "box differs from mask" and color == RED:
            x, y, w, h = garment.x, garment.y, garment.w, garment.h
            lines.append((np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)]), BLUE))
        for ring, paint in lines:
            points = np.clip(np.nan_to_num(ring) * scale + margin, -SIDE, 2 * SIDE).astype(np.int32)
            cv2.polylines(small, [points], True, paint, 2, cv2.LINE_AA)
    return small
