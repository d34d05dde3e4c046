"""Data sets written in other people's formats, faults included: K-Fashion's JSON and CVAT's COCO 1.0.

For lessons and tests that need the format but must not hold its data: what is written here is the
wardrobe's, and its truth is known.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from s2f_helpers.common.download import atomic_file, atomic_write
from s2f_helpers.common.types import S2FError
from s2f_helpers.data.categories import categories, category_index
from s2f_helpers.data.dataset import Dataset
from s2f_helpers.data.formats.coco import EDITED
from s2f_helpers.data.formats.files import read_bytes
from s2f_helpers.data.formats.kfashion import PARTS
from s2f_helpers.data.outlines import Outline, to_mask

__all__ = ["TRAPS", "outline_polygons", "write_cvat", "write_kfashion"]

FINE = 4
SIMPLER = 0.003
STEP = 1.0
FIRST_NUMBER = 1_000_001
STYLES = ("스트리트", "모던", "로맨틱", "기타")
TRAPS = ("no category", "no garment", "no style", "empty rectangle", "fewer than 3 points", "point outside",
         "two of a part", "other spelling", "no photo")  # fmt: skip
"""K-Fashion's faults."""


def outline_polygons(outline: Outline, height: int, width: int) -> list[np.ndarray]:
    """The outer edges of an outline's parts as (N, 2) ``float64`` polygons, largest first; holes are filled.

    Traced at four times the resolution, then simplified by at most 0.3 % of the photo's longer side, or the one pixel
    that a mask's steps are: some tens of points, as a hand sets them.
    """
    if not isinstance(outline, bytes):
        return sorted(outline, key=len, reverse=True)
    mask = to_mask(outline, height, width).astype(np.uint8)
    fine = cv2.resize(mask, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_NEAREST)
    rings, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    tolerance = FINE * max(STEP, SIMPLER * max(height, width))
    simpler = [(cv2.approxPolyDP(ring, tolerance, True), ring) for ring in rings]
    rings = [(few if len(few) > 2 else ring)[:, 0] for few, ring in simpler]
    return [(ring + 0.5) / FINE for ring in sorted(rings, key=cv2.contourArea, reverse=True)]


# K-Fashion


def write_kfashion(dataset: Dataset, path: Path | str, traps: Sequence[str] = ()) -> dict[str, list[int]]:
    """Write AI-Hub's layout: ``<style>/<number>.json`` and ``.jpg``, in a folder or in a label and a photo zip.

    Point keys are scrambled and photos renamed to their number, as there. Garments of a category that
    K-Fashion does not have are left out, and so are photos of nothing else.

    Args:
        path: a folder; or a name ending in ``.zip`` for the labels, beside which ``원천데이터_1.zip`` takes the
            photos (those that are here).
        traps: names from :data:`TRAPS`. Every second file gets one, in turn.

    Returns:
        For each trap the numbers of the files it was put into.
    """
    unknown = set(traps) - set(TRAPS)
    if unknown:
        raise S2FError(f"unknown traps {sorted(unknown)}: expected some of {', '.join(TRAPS)}")
    path = Path(path)
    fallen: dict[str, list[int]] = {trap: [] for trap in traps}
    known = dataset.garments[dataset.garments["category"].map(lambda name: _korean(name, 0)[1] != "")]
    garments = dict(tuple(known.groupby("photo", sort=False)))
    photos = dataset.photos[dataset.photos["id"].isin(garments.keys())]
    with _writer(path) as write_label, _writer(path.with_name("원천데이터_1.zip") if path.suffix else path) as write:
        for index, photo in enumerate(photos.itertuples()):
            number, style = FIRST_NUMBER + index, STYLES[index % len(STYLES)]
            record = _record(photo, number, style, garments[photo.id])
            trap = traps[index // 2 % len(traps)] if traps and index % 2 else None
            if trap:
                _spoil(record, trap)
                fallen[trap].append(number)
            text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
            write_label(f"{style}/{number}.json", text.encode())
            if photo.file and trap != "no photo":
                write(f"{style}/{number}.jpg", read_bytes(photo.file))
    return fallen


@contextmanager
def _writer(path: Path) -> Iterator[Callable[[str, bytes], None]]:
    """A function that puts one file below a folder, or into a zip."""
    if path.suffix != ".zip":
        yield lambda name, content: atomic_write(path / name, content)
        return
    with atomic_file(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        yield bundle.writestr


def _record(photo, number: int, style: str, garments: pd.DataFrame) -> dict:
    """One photo's JSON: points in no order that helps, absent parts as ``[{}]``, as AI-Hub writes them."""
    rects, polygons, labels = tables = [{part: [] for part in PARTS} for _ in range(3)]
    for index, garment in enumerate(garments.itertuples()):
        part, name = _korean(garment.category, index)
        ring = outline_polygons(garment.outline, photo.height, photo.width)[0]
        (x, y), (wide, high) = ring.min(0) - 0.5, np.ptp(ring, axis=0)
        rects[part].append({"X좌표": round(x, 3), "Y좌표": round(y, 3), "가로": int(wide), "세로": int(high)})
        points, order = ring.round(3).tolist(), np.random.default_rng(number + index).permutation(len(ring))
        polygons[part].append({f"{axis}좌표{i + 1}": points[i][k] for i in order for k, axis in enumerate("XY")})
        labels[part].append({"카테고리": name, "핏": "노멀", "옷깃": "셔츠칼라", "프린트": ["무지"]})
    for table in tables:
        table.update({part: [{}] for part, rows in table.items() if not rows})
    original = getattr(photo, "original_name", "") or f"{number}.JPG"
    about = {"이미지 식별자": number, "이미지 높이": photo.height, "이미지 너비": photo.width}
    details = {"렉트좌표": rects, "폴리곤좌표": polygons, "라벨링": {"스타일": [{"스타일": style}], **labels}}
    rest = {"파일 생성일자": "2020-08-10 08:33:18", "데이터셋 상세설명": details}
    rest |= {"파일 번호": number, "파일 이름": original}
    return {"이미지 정보": about | {"이미지 파일명": original}, "데이터셋 정보": rest}


def _korean(category: str, turn: int) -> tuple[str, str]:
    """K-Fashion's part and one of its words for a course category; empty where it has none."""
    row = categories()[category_index(category)]
    words = row.labels["k_fashion"] or ("",)
    return {english: korean for korean, english in PARTS.items()}.get(row.part, ""), words[turn % len(words)]


def _spoil(record: dict, trap: str) -> None:
    """Put one of K-Fashion's faults into a file's record, in place. For "no photo" the writer leaves that out."""
    details = record["데이터셋 정보"]["데이터셋 상세설명"]
    tables = [details[name] for name in ("렉트좌표", "폴리곤좌표", "라벨링")]
    present = next(part for part in PARTS if tables[0][part] != [{}])
    rect, polygon, label = (table[present][0] for table in tables)
    match trap:
        case "no category":
            del label["카테고리"]
        case "no garment":
            for table in tables:
                table.update({part: [{}] for part in PARTS})
        case "no style":
            details["라벨링"]["스타일"] = [{}]
        case "empty rectangle":
            rect.update({"가로": 0, "세로": 0})
        case "fewer than 3 points":
            for key in [key for key in polygon if int(key[3:]) > 2]:
                del polygon[key]
        case "point outside":
            polygon["X좌표1"] = record["이미지 정보"]["이미지 너비"] + 25.0
        case "two of a part":
            for table in tables:
                table[present].append(dict(table[present][0]))
        case "other spelling":
            said = {"핏": "노말", "칼라": label.pop("옷깃"), "넥라인": "홀토넥", "프린트": ["하운즈\u00a0투스"]}
            label.update(said)


# CVAT


def write_cvat(dataset: Dataset, folder: Path | str, per_export: int = 20) -> list[Path]:
    """Write CVAT exports, one or more a class of the original team, each numbering from 1.

    Every third file name carries a path and ``수정됨_`` ("edited"), which the photo on disk does not have.
    Garments of a category the team did not have are left out.

    Args:
        per_export: photos in an export; a class with more gets several, ``…_01``, ``…_02``.

    Returns:
        The export folders, ``NN. class_PP``, each with ``annotations/instances_default.json`` and ``images/``.
    """
    exports, classes, photos = [], [], dataset.photos.set_index("id")
    for row in categories():  # two classes of one category share its garments in turn
        mine, words = dataset.garments[dataset.garments["category"] == row.id], row.labels["original_team"]
        classes += [(label, mine[turn :: len(words)]) for turn, label in enumerate(words) if turn < len(mine)]
    for number, (label, garments) in enumerate(classes, start=1):
        names = garments["photo"].unique()
        for part, start in enumerate(range(0, len(names), per_export), start=1):
            exports.append(Path(folder) / f"{number:02d}. {label}_{part:02d}")
            _write_export(exports[-1], label, photos.loc[names[start : start + per_export]], garments)
    return exports


def _write_export(export: Path, label: str, photos: pd.DataFrame, garments: pd.DataFrame) -> None:
    images, annotations = [], []
    for number, photo in enumerate(photos.itertuples(), start=1):
        name = f"{photo.Index.replace('/', '_')}.jpg"
        if photo.file:
            atomic_write(export / "images" / name, read_bytes(photo.file))
        stated = f"/data/upload/images/{EDITED}{name}" if number % 3 == 0 else name
        images.append({"id": number, "file_name": stated, "width": photo.width, "height": photo.height})
        for garment in garments[garments["photo"] == photo.Index].itertuples():
            rings = outline_polygons(garment.outline, photo.height, photo.width)
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0,
                "segmentation": [ring.round(2).ravel().tolist() for ring in rings], "area": garment.area,
                "bbox": [garment.x, garment.y, garment.w, garment.h], "attributes": {"occluded": False},
            })  # fmt: skip
    record = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": label}]}
    atomic_write(export / "annotations" / "instances_default.json", json.dumps(record).encode())
