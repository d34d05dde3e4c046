"""K-Fashion (AI-Hub) as it really is: a million small JSON files, read from the zips without unpacking them.

The set lies under AI-Hub's terms: apply for it at https://aihub.or.kr. Its Korean keys stay in this file;
the tables that leave it have English columns. What each file holds is told in notebook 01.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, compress, pairwise, zip_longest
from operator import itemgetter
from pathlib import Path
from unicodedata import normalize

import numpy as np
import orjson
import pandas as pd
from joblib import Parallel, cpu_count, delayed

from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.categories import from_label
from s2f_helpers.data.dataset import BOX_AND_AREA, Dataset, make_dataset
from s2f_helpers.data.formats.files import INSIDE, File, find_files, read_each
from s2f_helpers.data.outlines import ring_areas

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


class LeftOut(Exception):
    """Why a garment or a file is not in the data set: a reason to count by, and what was found."""


FAULTS = (LeftOut, KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError)


@dataclass(frozen=True)
class Batch:
    """What some label files hold: columns that a worker sends back cheaply.

    Attributes:
        photos, garments: a tuple a row, of :data:`PHOTO_FIELDS` and :data:`GARMENT_FIELDS`.
        owners: (G,) ``int`` each garment's photo, as a row.
        lengths: (G,) ``int`` points in each garment's outline; ``points`` (P, 2) holds all of them.
        sizes: (G, 5) box and area of each outline.
    """

    photos: list[tuple]
    garments: list[tuple]
    owners: np.ndarray
    lengths: np.ndarray
    points: np.ndarray
    sizes: np.ndarray
    problems: list[tuple[str, str, str]]


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
    work = progress(work, total=len(batches), what="K-Fashion labels", unit=f"batch of {BATCH}")
    rows, garments, problems = _joined(work)
    if photos:
        more, torn_too = find_files(photos, *PICTURES)
        files, torn = files + more, torn + torn_too
    pictures = {file.stem: file.address for file in files if file.name.lower().endswith(PICTURES)}
    return _paired(rows, garments, problems + torn, pictures)


def _read_batch(files: Sequence[File]) -> Batch:
    addresses, photos, garments, problems = [], [], [], []
    for file, content in read_each(files):
        try:
            photo, worn = _read_file(file, content, problems)
        except FAULTS as error:
            problems.append(_told(file, error, "label of another shape"))
        else:
            garments += [(len(photos), *garment) for garment in worn]
            photos.append(photo)
            addresses.append(file.address)
    if garments:
        return _measured(photos, garments, problems, addresses)
    nothing = np.zeros(0, np.int64)
    problems += [(address, EMPTY, "") for address in addresses]
    return Batch([], [], nothing, nothing, np.zeros((0, 2)), np.zeros((0, 5)), problems)


def _told(file: File, error: Exception, other: str) -> tuple[str, str, str]:
    """A row of ``problems``; ``other`` is the reason where nobody has given one."""
    reason, found = error.args if isinstance(error, LeftOut) else (other, f"{type(error).__name__}: {error}")
    return file.address, reason, f"{found!s:.80}"


def _read_file(file: File, content: bytes | S2FError, problems: list) -> tuple[tuple, list[tuple]]:
    """One label file's photo and garments; garments that are left out are added to the problems."""
    if isinstance(content, S2FError):
        raise LeftOut("file cannot be read", content)
    try:
        record = orjson.loads(content.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise LeftOut("not JSON", error) from None
    about, details = record["이미지 정보"], record["데이터셋 정보"]["데이터셋 상세설명"]
    labels, polygons, rects = details["라벨링"], details["폴리곤좌표"], details["렉트좌표"]
    photo, garments = _photo(file, about, labels), []
    for part in PARTS:
        for polygon, label, rect in zip_longest(polygons[part], labels[part], rects[part], fillvalue={}):
            if polygon or label:
                try:
                    garments.append(_garment(polygon, label, rect))
                except FAULTS as error:
                    problems.append(_told(file, error, "garment of another shape"))
    return photo, garments


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
    """A row of the garments, the outline's x and y in turn, and the stated rectangle."""
    if not polygon:
        raise LeftOut("garment labelled but not outlined", label.get("카테고리", ""))
    category, name = _category(label.get("카테고리"))
    if len(polygon) < 6:
        raise LeftOut("polygon of fewer than 3 points", f"{len(polygon) // 2}")
    collar = label.get("옷깃") or label.get("칼라")
    said = [_words(value) for value in (collar, *map(label.get, ATTRIBUTES))]
    return (category, name, *said), array("d", _ring(polygon)), array("d", map(rect.get, RECT, NOWHERE))


@lru_cache(maxsize=1024)
def _category(word: str | None) -> tuple[str, str]:
    if not word:
        raise LeftOut("garment without a category", "")
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
    return ";".join(map(_spelt, value)) if isinstance(value, list) else _spelt(value or "")


@lru_cache(maxsize=4096)
def _spelt(word: str) -> str:
    if not isinstance(word, str):
        raise TypeError(f"expected a word, got {word!r:.40}")
    return SPELLINGS.get(word.strip(), word.strip())


def _measured(photos: list[tuple], garments: list[tuple], problems: list, addresses: Sequence[str]) -> Batch:
    """Outlines clipped to their photos; garments left without area, and photos without garments, taken out."""
    owners, rows, rings, rects = zip(*garments, strict=True)
    owners, lengths = np.array(owners), np.array([len(ring) // 2 for ring in rings])
    points, rects, starts = np.concatenate(rings).reshape(-1, 2), np.array(rects), np.cumsum(lengths) - lengths
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    misfit = (abs(rects - np.column_stack([low, high - low])) > MISFIT).any(1)
    sides = np.array([photo[1:3] for photo in photos])[owners]
    outside = (low < 0).any(1) | (high > sides).any(1)
    if outside.any():
        points = np.clip(points, 0, np.repeat(sides, lengths, axis=0))
    areas = ring_areas(points, starts)
    keep = areas > SMALLEST_AREA
    alive = np.isin(np.arange(len(photos)), owners[keep])
    for reason, where in (("outline clipped to the photo", owners[keep & outside]),
                          ("garment of no area", owners[~keep]),
                          ("rectangle does not fit its outline", owners[keep & misfit]),
                          (EMPTY, np.flatnonzero(~alive))):  # fmt: skip
        problems.extend((addresses[photo], reason, "") for photo in where)
    low, high = low.clip(0, sides), high.clip(0, sides)
    return Batch(
        [*compress(photos, alive)],
        [*compress(rows, keep)],
        (np.cumsum(alive) - 1)[owners[keep]],
        lengths[keep],
        points if keep.all() else points[np.repeat(keep, lengths)],
        np.column_stack([low, high - low, areas])[keep],
        problems,
    )


def _joined(batches: Iterable[Batch]) -> tuple[pd.DataFrame, pd.DataFrame, list]:
    """All batches' photos, garments and problems, each garment's photo counting on through the batches.

    Outlines stay slices of their batch's points: one array of all of them would hold them twice for a while.
    """
    photos, garments, outlines, problems = [], [], [], []
    owners, sizes = [np.zeros(0, np.int64)], [np.zeros((0, 5))]
    for batch in batches:
        owners.append(batch.owners + len(photos))
        sizes.append(batch.sizes)
        ends = np.cumsum([0, *batch.lengths]).tolist()
        outlines += [(batch.points[start:end],) for start, end in pairwise(ends)]
        photos += batch.photos
        garments += batch.garments
        problems += batch.problems
    worn = pd.DataFrame(garments, columns=GARMENT_FIELDS, dtype=object)  # text stays Python's own: equal words once
    worn[BOX_AND_AREA] = np.concatenate(sizes)
    worn = worn.assign(row=np.concatenate(owners), outline=outlines)
    return pd.DataFrame(photos, columns=PHOTO_FIELDS, dtype=object), worn, problems


def _paired(photos: pd.DataFrame, garments: pd.DataFrame, problems: list, pictures: Mapping[str, str]) -> Dataset:
    """Labels with the photos of the number both are named after; a label met twice counts once."""
    repeated = photos["id"].duplicated()
    stems = photos["id"].map(lambda name: name.removeprefix("k-fashion/"))
    files, owner = stems.map(pictures).fillna(""), garments["row"].to_numpy()
    problems += [(name, "label met twice", "") for name in photos["id"][repeated]]
    if pictures:
        problems += [(name, "label without a photo", "") for name in photos["id"][files == ""]]
        problems += [(pictures[stem], "photo without a label", "") for stem in sorted(pictures.keys() - {*stems})]
    photos = photos.assign(source="k-fashion", file=files)
    garments = garments.drop(columns="row").assign(photo=photos["id"].to_numpy()[owner])
    once = ~repeated.to_numpy()
    return make_dataset(photos[once], garments[once[owner]], problems)
