"""Mend what can be mended without a guess, and say what was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pycocotools import mask as coco_mask

from s2f_helpers.data.dataset import BOX_AND_AREA, TEXT, Dataset, make_dataset
from s2f_helpers.data.outlines import to_rle
from s2f_helpers.data.quality.audit import EXAMPLES
from s2f_helpers.data.quality.duplicates import alike, group_names, kin, look_at
from s2f_helpers.data.quality.shapes import faults, mend, sizes_of

__all__ = ["Change", "Changes", "repair"]

SAME_GARMENT = 0.8


@dataclass(frozen=True)
class Change:
    """What was done, to how many, and at most 12 of their ids."""

    what: str
    count: int
    examples: tuple[str, ...]


class Changes(tuple[Change, ...]):
    """All that :func:`repair` did, in its order; empty (and False) when nothing was to be mended. Prints as a table."""

    def __repr__(self) -> str:
        lines = [f"{one.count:>9,}  {one.what}, such as {', '.join(one.examples[:3])}" for one in self]
        return "\n".join(lines) or "nothing to mend"

    def _repr_html_(self) -> str:
        rows = [(one.what, f"{one.count:,}", ", ".join(one.examples[:3])) for one in self]
        return pd.DataFrame(rows, columns=["what was done", "count", "such as"]).to_html(index=False, escape=True)


def repair(dataset: Dataset) -> tuple[Dataset, Changes]:
    """A data set without the faults that an audit calls safe, and the list of changes.

    Left as they are, for a person to decide: clashing photo ids (garments of a lost photo go, as theirs cannot be
    told from the others'), stated sizes that differ from the file's, EXIF rotation, splits, and the classes.
    """
    made: list[Change] = []
    tables = {name: getattr(dataset, name).reset_index(drop=True) for name in ("photos", "garments")}
    dataset = _rows(replace(dataset, **tables), made)
    seen = look_at(dataset.photos["file"])
    lost = seen["state"].isin(["missing", "unreadable"]).to_numpy()
    orphans = dataset.garments["photo"].isin(dataset.photos["id"][lost])
    dataset = _drop(dataset, "photos", lost, "photos whose file is missing or unreadable dropped", made)
    dataset = _drop(dataset, "garments", orphans, "garments of those photos dropped", made)
    dataset = _outlines(dataset, made)
    dataset = _copies(dataset, seen[~lost].reset_index(drop=True), made)
    return make_dataset(dataset.photos, dataset.garments, dataset.problems), Changes(made)


def _say(made: list[Change], what: str, ids: pd.Series) -> None:
    if len(ids):
        made.append(Change(what, len(ids), tuple(ids[:EXAMPLES])))


def _drop(dataset: Dataset, table: str, lost: Sequence[bool], what: str, made: list[Change]) -> Dataset:
    rows, lost = getattr(dataset, table), np.asarray(lost, bool)
    _say(made, what, rows["id"][lost])
    return replace(dataset, **{table: rows[~lost].reset_index(drop=True)})


def _rows(dataset: Dataset, made: list[Change]) -> Dataset:
    """Repeated rows and ids, and garments of photos that are not listed."""
    dataset = _drop(dataset, "photos", dataset.photos.duplicated(), "repeated rows of a photo dropped", made)
    dataset = _drop(dataset, "garments", _repeated(dataset.garments), "repeated rows of a garment dropped", made)
    ids = dataset.garments["id"]
    _say(made, "garments given an id of their own", ids[ids.duplicated()])
    dataset = replace(dataset, garments=dataset.garments.assign(id=_own_ids(ids)))
    astray = ~dataset.garments["photo"].isin(dataset.photos["id"])
    return _drop(dataset, "garments", astray, "garments of photos that are not listed dropped", made)


def _repeated(garments: pd.DataFrame) -> np.ndarray:
    """(M,) ``bool``: every column, the outline too, is that of an earlier row."""
    twice = garments[garments["id"].duplicated(keep=False)]
    keys = [o if isinstance(o, bytes) else tuple(ring.tobytes() for ring in o) for o in twice["outline"]]
    again = twice.assign(outline=pd.Series(keys, twice.index, dtype=object)).duplicated()
    return garments.index.isin(again.index[again])


def _own_ids(ids: pd.Series) -> list[str]:
    """The first keeps its id; the next ones get a number behind it."""
    names, taken, nth = ids.tolist(), set(ids), Counter()
    for row in np.flatnonzero(ids.duplicated()):
        name = names[row]
        while names[row] in taken:
            nth[name] += 1
            names[row] = f"{name}-{nth[name] + 1}"
        taken.add(names[row])
    return names


def _outlines(dataset: Dataset, made: list[Change]) -> Dataset:
    """Polygons, then boxes and areas where the outline changed or the box did not fit, then what is left empty."""
    table, outlines = faults(dataset), dataset.garments["outline"].copy()
    bent = (table["few"] | table["outside"] | table["crossing"]).to_numpy()
    for row, outline in zip(np.flatnonzero(bent), mend(outlines[bent], sizes_of(dataset)[bent]), strict=True):
        outlines.iat[row] = outline
    garments = dataset.garments.assign(outline=outlines)
    _say(made, "garments whose polygons were mended or clipped to the photo", garments["id"][bent])
    table = faults(replace(dataset, garments=garments))
    off = table["box"].to_numpy() | bent
    garments.loc[off, BOX_AND_AREA] = table.loc[off, BOX_AND_AREA]
    _say(made, "boxes and areas measured from the outline", garments["id"][off & ~table["empty"]])
    dataset = replace(dataset, garments=garments)
    return _drop(dataset, "garments", table["empty"], "garments of at most one pixel dropped", made)


def _copies(dataset: Dataset, seen: pd.DataFrame, made: list[Change]) -> Dataset:
    """Groups that share a picture become one; copies of a file give their garments to the first and go."""
    photos, each = dataset.photos, np.arange(len(dataset))
    same, near = alike(photos, seen)
    names, copy = group_names(photos), same != each
    first = kin(photos, near)
    joined = np.isin(first, first[names != names[first]])
    _say(made, "photos that look like another's put in its group", photos["id"][(names != names[first]) & ~copy])
    photos = photos.assign(group=photos["group"].mask(joined, pd.Series(names[first], dtype=photos["group"].dtype)))
    home = pd.Series(photos["id"].to_numpy()[same], photos["id"])[copy]
    sizes = photos[["height", "width"]].where(photos[["height", "width"]] > 0, seen[["height", "width"]])
    garments, twice = _moved(dataset.garments, home, sizes.set_index(photos["id"]))
    dataset = _drop(replace(dataset, photos=photos, garments=garments), "garments", twice,
                    "garments of copies that the first photo has already dropped", made)  # fmt: skip
    return _drop(dataset, "photos", copy, "exact copies of a photo dropped, their garments kept on the first", made)


def _moved(garments: pd.DataFrame, home: pd.Series, sizes: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Garments on the photos they move to, and which of the movers cover what is there already."""
    moves = garments["photo"].isin(home.index).to_numpy()
    garments = garments.assign(photo=garments["photo"].map(home).fillna(garments["photo"]).astype(TEXT))
    twice = np.zeros(len(garments), bool)
    meet = garments[garments["photo"].isin(garments["photo"][moves])]
    for (photo, _), rows in meet.groupby(["photo", "category"]).groups.items():
        outlines = [to_rle(outline, *sizes.loc[photo]) for outline in garments["outline"][rows]]
        overlap = coco_mask.iou(outlines, outlines, [0] * len(outlines)) > SAME_GARMENT
        there: list[int] = []
        for place in np.argsort(moves[rows], kind="stable"):
            twice[rows[place]] = moves[rows[place]] and overlap[place, there].any()
            there += [] if twice[rows[place]] else [place]
    return garments, twice
