"""K-Fashion (AI-Hub) as it really is: a million small JSON files, read from the zips without unpacking them.

The set lies under AI-Hub's terms: apply for it at https://aihub.or.kr. Its Korean keys stay in this file;
the tables that leave it have English columns. What each file holds is told in notebook 01.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, compress, pairwise, zip_longest
from operator import itemgetter
from pathlib import Path
from unicodedata import normalize

import numpy as np
import orjson
import pandas as pd
from joblib import Parallel, cpu_count, delayed
from tqdm.auto import tqdm

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.categories import from_label
from s2f_helpers.data.dataset import Dataset, make_dataset
from s2f_helpers.data.formats.files import INSIDE, File, find_files, read_each
from s2f_helpers.data.outlines import Outline, ring_areas

__all__ = ["load_kfashion"]

PICTURES = (".jpg", ".jpeg")
PARTS = {"상의": "top", "하의": "bottom", "아우터": "outer", "원피스": "one-piece"}
ATTRIBUTES = {"색상": "color", "서브색상": "second_color", "프린트": "print", "소재": "material", "핏": "fit",
              "기장": "length", "소매기장": "sleeve", "넥라인": "neckline", "디테일": "detail"}  # fmt: skip
"""K-Fashion's attributes and their columns; the collar, which goes by two names (옷깃, 칼라), comes before them."""
PHOTO_FIELDS = ("id", "width", "height", "group", "style", "original_name", "official_split")
GARMENT_FIELDS = ("category", "label", "collar", *ATTRIBUTES.values())
RECT, NOWHERE = ("X좌표", "Y좌표", "가로", "세로"), (-1.0,) * 4
SPELLINGS = {"노말": "노멀", "홀토넥": "홀터넥", "집업": "짚업", "레깅스": "래깅스", "하운즈\u00a0투스": "하운즈 투스"}
"""Two spellings of one word, each to the one the table of the facts gives."""
SERIES = re.compile(r"(.+_\d{3,})_\d{1,3}\.jpe?g", re.IGNORECASE)
"""Original names ``PREFIX_NNN_MM.jpg``: one shop's series NNN, whose photos are near-duplicates."""
OFFICIAL = {"Training": "train", "Validation": "val"}
LARGEST_SIDE = 65_535
SMALLEST_AREA = 1.0
MISFIT = 2.0
"""Pixels a stated rectangle may be off: it lies half a pixel outside, and its sides are cut to whole pixels."""
BATCH = 500
BOM = b"\xef\xbb\xbf"
EMPTY = "no usable garment in the file"
FAULTS = (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError)


class LeftOut(Exception):
    """Why a garment or a file is not in the data set: a reason to count by, and what was found."""

    def __init__(self, reason: str, detail: object = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, f"{detail!s:.80}"


@dataclass(frozen=True)
class Rows:
    """What some label files hold: columns that a worker sends back cheaply.

    Attributes:
        photos, garments: a tuple a row, of :data:`PHOTO_FIELDS` and :data:`GARMENT_FIELDS`.
        owners: for each garment, its photo's row.
        rings: points in each garment's outline; ``points`` holds x and y of all of them in turn.
        rects: the rectangle as stated, four numbers a garment; once measured, five: box and area of the outline.
    """

    photos: list[tuple] = field(default_factory=list)
    garments: list[tuple] = field(default_factory=list)
    owners: Sequence[int] = field(default_factory=lambda: array("l"))
    rings: Sequence[int] = field(default_factory=lambda: array("l"))
    points: Sequence[float] = field(default_factory=lambda: array("d"))
    rects: Sequence[float] = field(default_factory=lambda: array("d"))
    problems: list[tuple[str, str, str]] = field(default_factory=list)


def load_kfashion(path: Path | str, photos: Path | str | None = None) -> Dataset:
    """K-Fashion's labels, and its photos where they are, from AI-Hub's zips or unpacked folders.

    Args:
        path: a folder with zips or unpacked style folders below it, or one label zip.
        photos: where the photos are when they are not below ``path``. A partial download is normal: labels
            without a photo stay in, with an empty ``file``.

    Returns:
        ``photos`` with ``style``, ``original_name`` and ``official_split``, grouped by shop series;
        ``garments`` with K-Fashion's attributes as columns. Outlines are clipped to the photo; coordinates are
        taken as they are (whether the tool counted from a pixel's edge or middle is not documented). Everything
        left out or mended is a row of ``problems``, with its file.

    Raises:
        S2FError: when the path is not there or holds no label file. Mangled labels never raise.
    """
    files, torn = find_files(path, ".json", *PICTURES)
    labels = [file for file in files if file.name.lower().endswith(".json")]
    if not labels:
        names = "".join(f"; {address} cannot be read" for address, *_ in torn)
        raise S2FError(f"{path}: no label file (.json) there, in folders or in zips, see notebook 01{names}")
    batches = [labels[at : at + BATCH] for at in range(0, len(labels), BATCH)]
    workers = min(cpu_count(), len(batches))
    work = Parallel(workers, return_as="generator", max_nbytes=None)(map(delayed(_read_batch), batches))
    with progress(total=len(labels), what="K-Fashion labels", unit="file") as bar:
        rows, outlines = _joined(_counted(work, batches, bar))
    if photos:
        more, torn_too = find_files(photos, *PICTURES)
        files, torn = files + more, torn + torn_too
    rows.problems.extend(torn)
    return _dataset(rows, outlines, {file.stem: file.address for file in files if file.name.lower().endswith(PICTURES)})


def _counted(work: Iterator[Rows], batches: Sequence[Sequence[File]], bar: tqdm) -> Iterator[Rows]:
    for batch, rows in zip(batches, work, strict=True):
        yield rows
        bar.update(len(batch))


def _read_batch(files: Sequence[File]) -> Rows:
    rows, addresses = Rows(), []
    for file, content in read_each(files):
        try:
            _read_file(rows, file, content)
            addresses.append(file.address)
        except LeftOut as error:
            rows.problems.append((file.address, error.reason, error.detail))
        except FAULTS as error:
            rows.problems.append((file.address, "label of another shape", f"{type(error).__name__}: {error}"[:80]))
    return _measured(rows, addresses)


def _read_file(rows: Rows, file: File, content: bytes | S2FError) -> None:
    """Add one label file's rows: all of them, or, where it raises, none."""
    if isinstance(content, S2FError):
        raise LeftOut("file cannot be read", content)
    try:
        record = orjson.loads(content.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise LeftOut("not JSON", error) from None
    about, details = record["이미지 정보"], record["데이터셋 정보"]["데이터셋 상세설명"]
    labels, polygons, rects = details["라벨링"], details["폴리곤좌표"], details["렉트좌표"]
    photo = _photo(file, about, labels)
    garments = []
    for part in PARTS:
        for polygon, label, rect in zip_longest(polygons[part], labels[part], rects[part], fillvalue={}):
            if polygon or label:
                try:
                    garments.append(_garment(polygon, label, rect))
                except LeftOut as error:
                    rows.problems.append((file.address, error.reason, error.detail))
                except FAULTS as error:
                    rows.problems.append((file.address, "garment of another shape", repr(error)[:80]))
    for garment, ring, rect in garments:
        rows.garments.append(garment)
        rows.owners.append(len(rows.photos))
        rows.rings.append(len(ring) // 2)
        rows.points.extend(ring)
        rows.rects.extend(rect)
    rows.photos.append(photo)


def _photo(file: File, about: Mapping, labels: Mapping) -> tuple:
    width, height = about["이미지 너비"], about["이미지 높이"]
    if not all(type(side) is int and 0 < side <= LARGEST_SIDE for side in (width, height)):
        raise LeftOut("size is not in pixels", f"{width!r} × {height!r}")
    place = file.address.replace(INSIDE, "/").replace("\\", "/")
    original = str(about.get("이미지 파일명", ""))
    series = SERIES.fullmatch(original)
    style = labels["스타일"][0].get("스타일") or place.rsplit("/", 2)[-2]
    split = next((split for name, split in OFFICIAL.items() if f"/{name}/" in place), "")
    group = f"k-fashion/{series[1] if series else file.stem}"
    return f"k-fashion/{file.stem}", width, height, group, normalize("NFC", _spelt(style)), original, split


def _garment(polygon: Mapping, label: Mapping, rect: Mapping) -> tuple[tuple, array, array]:
    if not polygon:
        raise LeftOut("garment labelled but not outlined", label.get("카테고리", ""))
    category, name = _category(label.get("카테고리"))
    if len(polygon) < 6:
        raise LeftOut("polygon of fewer than 3 points", f"{len(polygon) // 2}")
    collar = label.get("옷깃") or label.get("칼라")
    said = [_words(value) if value else "" for value in (collar, *map(label.get, ATTRIBUTES))]
    return (category, name, *said), array("d", _ring(polygon)), array("d", map(rect.get, RECT, NOWHERE))


@lru_cache(maxsize=1024)
def _category(word: str | None) -> tuple[str, str]:
    if not word:
        raise LeftOut("garment without a category")
    category = from_label("k_fashion", _spelt(word))
    if category is None:
        raise LeftOut("label without a course category", word)
    return category, _spelt(word)


def _ring(polygon: Mapping) -> tuple:
    """x and y of the points in the order of their numbers; the keys themselves come in any order."""
    try:
        return _picker(len(polygon) // 2)(polygon)
    except KeyError:
        numbers = sorted({int(key[3:]) for key in polygon})
        return tuple(chain.from_iterable((polygon[f"X좌표{n}"], polygon[f"Y좌표{n}"]) for n in numbers))


@lru_cache(maxsize=512)
def _picker(count: int) -> itemgetter:
    return itemgetter(*chain.from_iterable((f"X좌표{n}", f"Y좌표{n}") for n in range(1, count + 1)))


def _words(value: object) -> str:
    """An attribute as text: several of them with ``;`` between."""
    return ";".join(map(_spelt, value)) if isinstance(value, list) else _spelt(value)


@lru_cache(maxsize=4096)
def _spelt(word: str) -> str:
    if not isinstance(word, str):
        raise TypeError(f"expected a word, got {word!r:.40}")
    return SPELLINGS.get(word.strip(), word.strip())


def _measured(rows: Rows, addresses: Sequence[str]) -> Rows:
    """Outlines clipped to their photos; garments left without area, and photos without garments, taken out."""
    if not rows.owners:
        return Rows(problems=rows.problems + [(name, EMPTY, "") for name in addresses])
    owners, rings = np.array(rows.owners), np.array(rows.rings)
    starts = np.cumsum(rings) - rings
    points, rects = np.frombuffer(rows.points).reshape(-1, 2), np.frombuffer(rows.rects).reshape(-1, 4)
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    misfit = (abs(rects - np.column_stack([low, high - low])) > MISFIT).any(1)
    sides = np.array([photo[1:3] for photo in rows.photos])[owners]
    outside = (low < 0).any(1) | (high > sides).any(1)
    if outside.any():
        points = np.clip(points, 0, np.repeat(sides, rings, axis=0))
    areas = ring_areas(points, starts)
    keep = areas > SMALLEST_AREA
    alive = np.isin(np.arange(len(addresses)), owners[keep])
    for reason, where in (("outline clipped to the photo", owners[keep & outside]),
                          ("garment of no area", owners[~keep]),
                          ("rectangle does not fit its outline", owners[keep & misfit]),
                          (EMPTY, np.flatnonzero(~alive))):  # fmt: skip
        rows.problems.extend((addresses[photo], reason, "") for photo in where)
    low, high = low.clip(0, sides), high.clip(0, sides)
    return Rows(
        [*compress(rows.photos, alive)],
        [*compress(rows.garments, keep)],
        (np.cumsum(alive) - 1)[owners[keep]],
        rings[keep],
        points if keep.all() else points[np.repeat(keep, rings)],
        np.column_stack([low, high - low, areas])[keep],
        rows.problems,
    )


def _joined(batches: Iterator[Rows]) -> tuple[Rows, list[Outline]]:
    """All batches' rows as one, each garment's owner counting on through the photos, and the garments' outlines.

    Outlines stay slices of their batch's points: one array of all of them would hold them twice for a while.
    """
    whole, outlines, owners, sizes = Rows(), [], [np.zeros(0, np.int64)], [np.zeros((0, 5))]
    for rows in batches:
        whole.problems.extend(rows.problems)
        if len(rows.owners):
            owners.append(rows.owners + len(whole.photos))
            sizes.append(rows.rects)
            ends = np.cumsum([0, *rows.rings]).tolist()
            outlines += [(rows.points[start:end],) for start, end in pairwise(ends)]
            whole.photos.extend(rows.photos)
            whole.garments.extend(rows.garments)
    return replace(whole, owners=np.concatenate(owners), rects=np.concatenate(sizes)), outlines


def _dataset(rows: Rows, outlines: list[Outline], pictures: Mapping[str, str]) -> Dataset:
    """Pair labels with photos by the number both are named after; a label met twice counts once."""
    photos = dict(zip(PHOTO_FIELDS, zip(*rows.photos, strict=True), strict=True)) if rows.photos else {"id": ()}
    garments = dict(zip(GARMENT_FIELDS, zip(*rows.garments, strict=True), strict=False))
    ids = np.array(photos["id"], object)
    repeated = pd.Series(ids).duplicated().to_numpy()
    files = [pictures.get(name.partition("/")[2], "") for name in ids]
    problems = rows.problems + [(name, "label met twice", "") for name in ids[repeated]]
    if pictures:
        labelled = {name.partition("/")[2] for name in ids}
        problems += [(name, "label without a photo", "") for name, file in zip(ids, files, strict=True) if not file]
        problems += [(pictures[stem], "photo without a label", "") for stem in sorted(pictures.keys() - labelled)]
    photos |= {"source": ["k-fashion"] * len(ids), "file": files}
    garments |= dict(zip(("x", "y", "w", "h", "area"), rows.rects.T, strict=True))
    garments |= {"photo": ids[rows.owners], "outline": outlines}
    if repeated.any():
        once = ~repeated[rows.owners]
        photos = {name: [*compress(values, ~repeated)] for name, values in photos.items()}
        garments = {name: [*compress(values, once)] for name, values in garments.items()}
    return make_dataset(photos, garments, problems)
