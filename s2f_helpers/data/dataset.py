"""One type for every source: photos, the garments in them, and what went wrong while reading."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pandas as pd

from s2f_helpers.common.pictures import decode_upright
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.categories import category_ids
from s2f_helpers.data.formats.files import read_bytes
from s2f_helpers.data.outlines import measure, rings, to_mask

if TYPE_CHECKING:
    from s2f_helpers.data.quality.audit import Audit
    from s2f_helpers.data.quality.repair import Changes

__all__ = ["GARMENT_COLUMNS", "PHOTO_COLUMNS", "PROBLEM_COLUMNS", "TEXT", "Dataset", "make_dataset"]

PHOTO_COLUMNS = ("id", "file", "width", "height", "source", "group", "split")
GARMENT_COLUMNS = ("id", "photo", "category", "label", "x", "y", "w", "h", "area", "outline")
PROBLEM_COLUMNS = ("file", "reason", "detail")
TEXT = pd.StringDtype("python", na_value=np.nan)
"""Text as Python's own strings: equal words are stored once, and rows are read without converting."""
BOX_AND_AREA = ["x", "y", "w", "h", "area"]
NUMBERS = {"width": np.int64, "height": np.int64, **dict.fromkeys(BOX_AND_AREA, np.float64)}
DRAWN = 240
COLORS = ((213, 94, 0), (0, 114, 178), (230, 159, 0), (0, 158, 115))
"""Of the outlines, told apart by colour-blind eyes too."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Photos and the garments in them, as two tables; nothing in it is changed in place.

    Attributes:
        photos: one row a photo. ``id`` text, unique when the data are clean; ``file`` an address
            (:mod:`s2f_helpers.data.formats.files`), empty where only the label is here; ``width`` and ``height``
            in pixels as the source states them; ``source``; ``group`` of photos that must stay in one
            split (one sender, near-duplicates); ``split``, empty before splitting. More text columns may follow.
        garments: one row a garment. ``photo`` is the photo's id; ``category`` a course category; ``label``
            the source's own word; ``x, y, w, h`` the box and ``area`` in pixels; ``outline`` as in
            :mod:`s2f_helpers.data.outlines`. More text columns (attributes) may follow.
        problems: one row for each thing a loader left out or mended: ``file``, ``reason`` (to count by), ``detail``.
    """

    photos: pd.DataFrame
    garments: pd.DataFrame
    problems: pd.DataFrame

    def __len__(self) -> int:
        return len(self.photos)

    def __add__(self, other: Dataset) -> Dataset:
        """Both data sets' photos. Ids name their source, so a clash means the same photos twice: an error."""
        clash = self.photos["id"][self.photos["id"].isin(other.photos["id"])]
        if len(clash):
            raise S2FError(f"{len(clash)} photo ids are in both data sets, such as {clash.iloc[0]!r}: add each once")
        tables = ("photos", "garments", "problems")
        return make_dataset(*(pd.concat([getattr(self, t), getattr(other, t)], ignore_index=True) for t in tables))

    def where(self, keep: pd.Series | np.ndarray) -> Dataset:
        """The photos for which ``keep`` is True, with their garments: ``ds.where(ds.photos["split"] == "train")``."""
        photos = self.photos[np.asarray(keep, bool)].reset_index(drop=True)
        garments = self.garments[self.garments["photo"].isin(photos["id"])].reset_index(drop=True)
        return replace(self, photos=photos, garments=garments)

    def image(self, photo: str) -> np.ndarray:
        """(H, W, 3) ``uint8`` RGB of one photo, upright (its EXIF rotation applied)."""
        row = self._photo(photo)
        if not row.file:
            raise S2FError(f"photo {photo!r}: only its label is here; name the folder of the photos when loading")
        return decode_upright(read_bytes(row.file))

    def masks(self, photo: str) -> list[np.ndarray]:
        """(height, width) ``bool`` masks of the photo's garments, in the order of the table."""
        row = self._photo(photo)
        mine = self.garments.loc[self.garments["photo"] == photo, "outline"]
        return [to_mask(outline, row.height, row.width) for outline in mine]

    def _photo(self, photo: str) -> pd.Series:
        found = self.photos[self.photos["id"] == photo]
        if not len(found):
            raise S2FError(f"no photo {photo!r} in this data set; the first is {next(iter(self.photos['id']), None)!r}")
        return found.iloc[0]

    @property
    def categories(self) -> tuple[str, ...]:
        """The course categories that occur, in class-index order."""
        present = set(self.garments["category"])
        return tuple(name for name in category_ids() if name in present)

    def counts(self) -> pd.DataFrame:
        """Garments by category and split, in class-index order; a column ``all`` when nothing is split."""
        split = dict(zip(self.photos["id"], self.photos["split"].replace("", "all"), strict=True))
        table = pd.crosstab(self.garments["category"], self.garments["photo"].map(split).fillna("no photo"))
        return table.reindex(category_ids(), fill_value=0).rename_axis(columns=None)

    def draw(self, photos: Sequence[str] | None = None, columns: int = 6, inches: float = 1.5) -> None:
        """Show photos (ids; default the first twelve that are here) with their garments outlined and named.

        ``columns`` and ``inches`` are those of :func:`s2f_helpers.common.plotting.show`.
        """
        from s2f_helpers.common.plotting import show  # Matplotlib is slow to import: only who draws waits for it

        pictures, titles = [], []
        for photo in self.photos["id"][self.photos["file"] != ""][:12] if photos is None else photos:
            row, image = self._photo(photo), self.image(photo)
            scale = DRAWN / max(image.shape[:2])
            small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            worn = self.garments[self.garments["photo"] == photo]
            for color, outline in zip(cycle(COLORS), worn["outline"], strict=False):
                lines = [np.round(ring * scale).astype(np.int32) for ring in rings(outline, row.height, row.width)]
                cv2.polylines(small, lines, True, color, 2, cv2.LINE_AA)
            pictures.append(small)
            titles.append(" + ".join(worn["category"]))
        show(pictures, titles, columns, inches)

    def audit(self) -> Audit:
        """Look for faults: see :func:`s2f_helpers.data.quality.audit.audit`."""
        from s2f_helpers.data.quality.audit import audit

        return audit(self)

    def repair(self) -> tuple[Dataset, Changes]:
        """Mend what can be mended safely: see :func:`s2f_helpers.data.quality.repair.repair`."""
        from s2f_helpers.data.quality.repair import repair

        return repair(self)

    def split(
        self, by: str = "group", ratios: Mapping[str, float] | None = None, stratify: str = "category", seed: int = 0
    ) -> Dataset:
        """Deal the groups to train, val and test: see :func:`s2f_helpers.data.split.split`."""
        from s2f_helpers.data.split import split

        return split(self, by, ratios, stratify, seed)

    def to_coco(self, folder: Path | str) -> Path:
        """Write COCO files, one for each split: see :func:`s2f_helpers.data.formats.coco.write_coco`."""
        from s2f_helpers.data.formats.coco import write_coco

        return write_coco(self, folder)

    def copy_photos(self, folder: Path | str) -> Dataset:
        """The same data set on upright copies of its photos: see :func:`s2f_helpers.data.formats.coco.copy_photos`."""
        from s2f_helpers.data.formats.coco import copy_photos

        return copy_photos(self, folder)

    def __repr__(self) -> str:
        here = int((self.photos["file"] != "").sum())
        lines = [f"{len(self):,} photos ({here:,} here), {len(self.garments):,} garments"]
        lines += [f"  {count:>9,}  {reason}" for reason, count in self.problems["reason"].value_counts().items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>{self.counts().T.to_html()}"


def make_dataset(
    photos: Mapping[str, Sequence] | pd.DataFrame,
    garments: Mapping[str, Sequence] | pd.DataFrame,
    problems: Sequence[tuple[str, str, str]] | pd.DataFrame = (),
) -> Dataset:
    """A :class:`Dataset` of plain columns; boxes and areas are measured where none are given.

    Text columns may hold None, which becomes the empty string.

    >>> square = np.array([[2, 2], [6, 2], [6, 6], [2, 6.0]])
    >>> ds = make_dataset({"id": ["a"], "width": [8], "height": [8]},
    ...                   {"photo": ["a"], "category": ["hat"], "outline": [(square,)]})
    >>> ds
    1 photos (0 here), 1 garments
    >>> ds.garments[["x", "y", "w", "h", "area"]].iloc[0].tolist()
    [2.0, 2.0, 4.0, 4.0, 16.0]
    """
    photos, garments = _table(photos, PHOTO_COLUMNS), _table(garments, GARMENT_COLUMNS)
    if garments["area"].isna().any() or garments["x"].isna().any():
        sizes = photos.drop_duplicates("id").set_index("id")[["height", "width"]]
        sizes = sizes.reindex(garments["photo"]).fillna(0).astype(int).to_numpy().T.tolist()
        measured = pd.DataFrame(measure(garments["outline"], *sizes), columns=BOX_AND_AREA)
        garments[BOX_AND_AREA] = garments[BOX_AND_AREA].fillna(measured)
    problems = pd.DataFrame(problems, columns=list(PROBLEM_COLUMNS)).astype(TEXT)
    return Dataset(photos, garments, problems)


def _table(columns: Mapping[str, Sequence] | pd.DataFrame, order: tuple[str, ...]) -> pd.DataFrame:
    """The known columns first, each with its type; further ones are text, and gone where all are empty."""
    given = dict(columns.items())
    length = len(next(iter(given.values()), ()))
    absent = {"id": [str(number) for number in range(1, length + 1)]}
    absent |= {name: np.full(length, 0 if kind is np.int64 else np.nan) for name, kind in NUMBERS.items()}
    table = {}
    for name in (*order, *sorted(given.keys() - set(order))):
        values = given.get(name, absent.get(name, [""] * length))
        if name == "outline":
            table[name] = pd.Series(list(values), dtype=object)
        elif name in order and name in NUMBERS:
            table[name] = np.asarray(values, NUMBERS[name])
        else:
            text = pd.Series(np.asarray(values, object), dtype=TEXT).fillna("")
            if name in order or (text != "").any():
                table[name] = text
    return pd.DataFrame(table)
