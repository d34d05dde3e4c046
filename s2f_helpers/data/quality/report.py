"""What an audit found: a table to read, and pictures of the examples."""

from __future__ import annotations

from collections import Counter
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

__all__ = ["EXAMPLES", "Audit", "Finding"]

EXAMPLES = 12
ADVISORY = ("empty category", "class imbalance")
PAIRS = ("duplicate photo ids", "duplicate garment ids", "exact duplicate photos", "near-duplicate photos",
         "same photo in two splits")  # fmt: skip
RED, GREY, BLUE = (230, 30, 60), (120, 120, 120), (30, 90, 230)
SIDE, TITLE, INCHES = 240, 24, 1.7


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
        return self.name in ADVISORY

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
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise S2FError(f"no finding {name!r}: expected one of {', '.join(finding.name for finding in self.findings)}")

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
            if finding.unit == "category":
                _draw_counts(self.dataset)
            elif finding.count:
                _draw_examples(self.dataset, finding, columns + columns % 2 if finding.name in PAIRS else columns)


def _draw_counts(dataset: Dataset) -> None:
    counts = dataset.garments["category"].value_counts().reindex(category_ids(), fill_value=0)
    figure, axis = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axis.bar_label(axis.barh(counts.index[::-1], counts.iloc[::-1]), fmt="{:,.0f}", fontsize=8)
    axis.set_xlabel("garments")
    plt.show()
    plt.close(figure)


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
