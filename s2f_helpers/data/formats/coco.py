"""COCO files in and out: CVAT's exports, anyone's COCO, and our own, which come back as they were.

The format is described at https://cocodataset.org/#format-data. What we write has one file a split,
ids from 1 in the data set's order, and our own columns as further keys, which other readers pass over.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import orjson
import pandas as pd
from pycocotools import mask as coco_mask

from s2f_helpers.common.download import atomic_file, atomic_write
from s2f_helpers.common.pictures import decode_upright, is_turned
from s2f_helpers.common.progress import progress
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.categories import category_ids, category_index, course_category
from s2f_helpers.data.dataset import GARMENT_COLUMNS, PHOTO_COLUMNS, Dataset, make_dataset
from s2f_helpers.data.formats.files import INSIDE, File, find_files, read_bytes, read_each
from s2f_helpers.data.outlines import Outline, run_lengths

__all__ = ["copy_photos", "load_coco", "load_cvat", "write_coco"]

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
LARGEST_SIDE = 65_535
CHUNK = 1_000
EDITED = "수정됨_"
"""What the original team's exports put before the name of a photo they edited ("edited")."""
MADE_HERE = b'{"info":{"description":"Sketch2Fashion"'
FAULTS = (S2FError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)
"""What reading a mangled entry can raise; it is told, and the next entry is read."""


def load_coco(path: Path | str) -> Dataset:
    """COCO instances: what :meth:`Dataset.to_coco` wrote comes back as it was; others' files as far as they go.

    Args:
        path: a JSON file, or a folder or zip with JSON files; :class:`S2FError` where there is none. Photos are
            looked for beside them.

    Returns:
        Photos and garments as the files state them, faults included, for :meth:`Dataset.audit` to find.
        Entries that cannot be read are left out and told in ``problems``.
    """
    return _load([path], "coco")


def load_cvat(paths: Path | str | Sequence[Path | str]) -> Dataset:
    """CVAT's "COCO 1.0" exports, one or many a class, each numbering its images and annotations from the start.

    Args:
        paths: a folder of exports, or a list of export folders, zips or JSON files; :class:`S2FError` where there
            is none. Photos are optional.

    Returns:
        All exports in one. A photo's id is its export and the number it has there, so that numbers cannot
        clash; its group is its file name without path and ``수정됨_`` ("edited"), so that a photo and its
        edited copy stay in one split.
    """
    return _load([paths] if isinstance(paths, (str, Path)) else paths, "cvat")


def _load(paths: Sequence[Path | str], source: str) -> Dataset:
    found = [find_files(path, ".json") for path in paths]
    files = sorted({file for some, _ in found for file in some})
    if not files:
        raise S2FError(f"{paths[0]}: no JSON file there; expected annotations/*.json, as a COCO export has")
    photos, garments, problems = [], [], [row for _, torn in found for row in torn]
    contents = progress(read_each(files), total=len(files), what="annotation files", unit="file")
    for prefix, (file, content) in zip(_short_names(files), contents, strict=True):
        try:
            images, annotations, names = _parsed(content)
        except FAULTS as error:
            problems.append((file.address, "not a COCO file", _said(error)))
            continue
        read = partial(_photo, prefix=prefix, source=source, find=_finder(_export_folder(file)))
        mine = list(_readable(images, read, file, "image entry left out", problems))
        read = partial(_garment, names=names, photos={row["number"]: row for row in mine}, prefix=prefix)
        garments += _readable(annotations, read, file, "annotation entry left out", problems)
        photos += mine
    if all(row["ours"] for row in photos):
        photos.sort(key=lambda row: row["number"])
        garments.sort(key=lambda row: row["number"])
    return make_dataset(_columns(photos, PHOTO_COLUMNS), _columns(garments, GARMENT_COLUMNS), problems)


def _export_folder(file: File) -> Path:
    """The folder or archive above ``annotations/``."""
    place = Path(file.address.replace(INSIDE, os.sep)).parent
    return place.parent if place.name == "annotations" else place


def _short_names(files: Sequence[File]) -> list[str]:
    """Each export's folder, with as many folders above it as tell it from the others."""
    folders = [Path(str(_export_folder(file)).removesuffix(".zip")) for file in files]
    for depth in range(1, max(len(folder.parts) for folder in folders)):
        names = ["/".join(folder.parts[-depth:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [f"{folder.name}/{file.stem}" for folder, file in zip(folders, files, strict=True)]


def _readable(entries: list, read: Callable[[dict], dict], file: File, reason: str, problems: list) -> Iterator[dict]:
    """What ``read`` makes of each entry; those that it cannot read are added to the problems."""
    for entry in entries:
        try:
            yield read(entry)
        except FAULTS as error:
            told = _said(error)
            problems.append((file.address, told if isinstance(error, S2FError) else reason, told))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, S2FError) else f"{type(error).__name__}: {error}"


def _parsed(content: bytes | S2FError) -> tuple[list, list, dict]:
    if isinstance(content, S2FError):
        raise content
    record = orjson.loads(content)
    names = {_number(entry["id"]): str(entry["name"]) for entry in record["categories"]}
    return [*record["images"]], [*record["annotations"]], names


def _number(value: object) -> int | str:
    """An entry's id: COCO has integers, some tools write text."""
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        return value
    raise ValueError(f"expected an id, got {value!r:.40}")


def _photo(entry: dict, prefix: str, source: str, find: Callable[[str], str]) -> dict:
    number, name = _number(entry["id"]), str(entry["file_name"])
    width, height = entry["width"], entry["height"]
    if not all(type(side) is int and 0 < side <= LARGEST_SIDE for side in (width, height)):
        raise ValueError(f"image {number!r:.40}: expected a size in pixels, got {width!r:.20} × {height!r:.20}")
    stem = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1].rsplit(".", 1)[0]
    row = {"id": f"{prefix}/{number}", "source": source, "group": f"{source}/{stem.removeprefix(EDITED)}", "split": ""}
    if ours := "photo" in entry:
        row = {"id": str(entry["photo"])} | {key: str(entry[key]) for key in ("source", "group", "split")}
    row |= {"number": number, "ours": ours, "width": width, "height": height, "file": find(name)}
    return _attributes(entry, PHOTO_COLUMNS) | row


def _garment(entry: dict, names: Mapping, photos: Mapping, prefix: str) -> dict:
    number, image, label = _number(entry["id"]), _number(entry["image_id"]), names[entry["category_id"]]
    photo = photos.get(image) or {"id": f"{prefix}/{image}", "ours": False}
    category = course_category(label)
    if category is None:
        raise S2FError(f"label without a course category: {label[:40]}")
    box, area = entry.get("bbox"), entry.get("area")
    box = np.array(box, float) if isinstance(box, list) and len(box) == 4 else np.full(4, np.nan)
    row = dict(zip("xywh", box.tolist(), strict=True)) | {
        "number": number,
        "id": str(entry["garment"]) if photo["ours"] else f"{prefix}/{number}",
        "photo": photo["id"],
        "category": category,
        "label": str(entry.get("label", label)),
        "area": float(area) if isinstance(area, (int, float)) else np.nan,
        "outline": _outline(entry["segmentation"], photo),
    }
    return _attributes(entry, GARMENT_COLUMNS) | row


def _outline(segmentation: list | dict, photo: Mapping) -> Outline:
    if not segmentation:
        raise S2FError("garment without an outline")
    if isinstance(segmentation, dict):
        return _run_lengths(segmentation, photo)
    rings = [np.array(ring, np.float64) for ring in segmentation]
    if any(ring.ndim != 1 or len(ring) % 2 or not np.isfinite(ring).all() for ring in rings):
        raise ValueError("expected polygons as flat lists of finite numbers, x and y in turn")
    return tuple(ring.reshape(-1, 2) for ring in rings)


def _run_lengths(rle: dict, photo: Mapping) -> bytes:
    """Checked here: pycocotools writes past the mask's end, or not to it, where run lengths do not fill it."""
    size, counts = [int(side) for side in rle["size"]], rle["counts"]
    if "width" in photo and size != [photo["height"], photo["width"]]:
        raise S2FError("mask of another size than its photo")
    if max(size) > LARGEST_SIDE:
        raise ValueError(f"a mask of {size[0]} × {size[1]} pixels")
    if isinstance(counts, list):
        if min(counts, default=-1) < 0 or sum(counts) != size[0] * size[1]:
            raise ValueError("run lengths that do not fill the mask")
        counts = coco_mask.frPyObjects({"size": size, "counts": counts}, *size)["counts"]
    counts = counts if isinstance(counts, bytes) else counts.encode("ascii")
    if sum(run_lengths(counts)) != size[0] * size[1]:
        raise ValueError("run lengths that do not fill the mask")
    return counts


def _attributes(entry: dict, known: tuple[str, ...]) -> dict[str, str]:
    """Plain attributes as text; CVAT writes truth values and numbers there."""
    given = entry.get("attributes")
    if not isinstance(given, dict):
        return {}
    return {key: value if isinstance(value, str) else str(value).lower() for key, value in given.items()
            if isinstance(value, (str, int, float)) and key not in known}  # fmt: skip


def _columns(rows: list[dict], order: tuple[str, ...]) -> dict[str, list]:
    names = [*order, *sorted({key for row in rows for key in row} - {*order, "number", "ours"})]
    return {name: [row.get(name) for row in rows] for name in names}


def _finder(root: Path) -> Callable[[str], str]:
    """A function from a stated file name to the photo's address, or ``""``: as stated, else by its bare name."""

    @lru_cache(maxsize=1)
    def index() -> dict[str, str]:
        found: dict[str, str] = {}
        place = root if root.is_dir() else next((p for p in (root, *root.parents) if p.is_file()), root)
        for file in find_files(place, *PICTURES)[0]:
            address = unicodedata.normalize("NFC", file.address)
            below = address.replace(INSIDE, "/")[len(str(root)) + 1 :].replace(os.sep, "/")
            for name in (below, below.removeprefix("images/")):
                found[name] = file.address
            bare = "*/" + below.rsplit("/", 1)[-1]
            found[bare] = "" if bare in found else file.address
        return found

    def find(stated: str) -> str:
        if (INSIDE in stated or os.path.isabs(stated)) and os.path.isfile(stated.partition(INSIDE)[0]):
            return stated
        stated = unicodedata.normalize("NFC", stated.replace("\\", "/"))
        bare = stated.rsplit("/", 1)[-1]
        tries = (stated, "*/" + bare, "*/" + bare.removeprefix(EDITED))
        return next((index()[name] for name in tries if index().get(name)), "")

    return find


def write_coco(dataset: Dataset, folder: Path | str) -> Path:
    """Write ``annotations/instances_<split>.json`` (``default`` before splitting), each whole or not at all.

    Ids run from 1 in the data set's order, through all splits; categories are the course's, from 1.
    File names are relative to ``images/`` for photos that lie there (:func:`copy_photos`), else absolute.

    Returns:
        The folder, to be read by :func:`load_coco`.

    Raises:
        S2FError: when photo ids are not unique or a garment has no photo: COCO readers would mix them up quietly.
    """
    folder = Path(folder).resolve()
    photos, garments = (table.reset_index(drop=True) for table in (dataset.photos, dataset.garments))
    repeated, lost = photos["id"].duplicated().sum(), (~garments["photo"].isin(photos["id"])).sum()
    if repeated or lost:
        raise S2FError(f"{repeated} photo ids occur twice and {lost} garments have no photo: audit() shows them")
    image_entry = partial(_image_entry, images=f"{folder / 'images'}{os.sep}")
    sizes = zip(photos.index + 1, photos["height"], photos["width"], strict=True)
    annotation_entry = partial(_annotation_entry, images=dict(zip(photos["id"], sizes, strict=True)))
    classes = orjson.dumps([{"id": category_index(name) + 1, "name": name} for name in category_ids()])
    written = set()
    for split in photos["split"].unique() if len(photos) else [""]:
        inside = photos["split"] == split
        mine = garments["photo"].isin(photos["id"][inside])
        path = folder / "annotations" / f"instances_{split or 'default'}.json"
        written.add(path)
        with atomic_file(path) as file:
            file.write(MADE_HERE + b'},"categories":' + classes + b',"images":[')
            _write(file, photos[inside], PHOTO_COLUMNS, image_entry)
            file.write(b'],"annotations":[')
            _write(file, garments[mine], GARMENT_COLUMNS, annotation_entry)
            file.write(b"]}")
    for path in set((folder / "annotations").glob("instances_*.json")) - written:
        with open(path, "rb") as file:  # splits of an earlier write would be read as well; others' files stay
            stale = file.read(len(MADE_HERE)) == MADE_HERE
        if stale:
            path.unlink()
    return folder


def _write(file: BinaryIO, table: pd.DataFrame, known: tuple[str, ...], entry: Callable[[int, dict], dict]) -> None:
    """Rows as entries of a JSON list, a chunk of the table at a time; columns of our own where they say something."""
    names, further = [*table], [name for name in table if name not in known]
    for start in range(0, len(table), CHUNK):
        chunk, entries = table.iloc[start : start + CHUNK], []
        for number, *values in zip(chunk.index + 1, *(chunk[name].tolist() for name in names), strict=True):
            row = dict(zip(names, values, strict=True))
            entries.append(entry(number, row))
            entries[-1]["attributes"] = {name: row[name] for name in further if row[name]}
        file.write(b"," * (start > 0) + orjson.dumps(entries, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1])


def _image_entry(number: int, row: dict, images: str) -> dict:
    name = row["file"].removeprefix(images) or f"{row['id']}.jpg"
    return {"id": number, "file_name": name, "width": row["width"], "height": row["height"], "photo": row["id"],
            "source": row["source"], "group": row["group"], "split": row["split"]}  # fmt: skip


def _annotation_entry(number: int, row: dict, images: Mapping[str, tuple]) -> dict:
    image, *size = images[row["photo"]]
    outline, box = row["outline"], (row["x"], row["y"], row["w"], row["h"])
    packed = isinstance(outline, bytes)
    segmentation = {"size": size, "counts": outline.decode()} if packed else [ring.ravel() for ring in outline]
    return {"id": number, "image_id": image, "category_id": category_index(row["category"]) + 1, "bbox": box,
            "area": row["area"], "segmentation": segmentation, "iscrowd": 0, "garment": row["id"],
            "label": row["label"]}  # fmt: skip


def copy_photos(dataset: Dataset, folder: Path | str) -> Dataset:
    """The data set on copies of its photos in ``folder/images``: plain files, out of their archives and upright.

    A photo that its EXIF data turn is written turned; the others are copied byte by byte. Photos that are not here
    stay without; one that cannot be read is an :class:`S2FError` (``repair()`` drops those).
    """
    photos = dataset.photos
    names = photos["id"].str.replace(r"[^\w.-]+", "_", regex=True)
    if names.duplicated().any():
        names = [f"{index:06d}_{name}" for index, name in enumerate(names)]
    targets = [Path(folder).resolve() / "images" / name for name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        copies = pool.map(_copy_one, photos["file"], targets)
        files = list(progress(copies, total=len(photos), what="copying photos", unit="photo"))
    return make_dataset(photos.assign(file=files), dataset.garments, dataset.problems)


def _copy_one(file: str, target: Path) -> str:
    if not file:
        return ""
    content = read_bytes(file)
    suffix = Path(file).suffix.lower()
    if is_turned(content):
        suffix, (_, png) = ".png", cv2.imencode(".png", decode_upright(content)[..., ::-1])
        content = png.tobytes()
    target = target.with_name(target.name.removesuffix(suffix) + suffix)
    atomic_write(target, content)
    return str(target)
