"""A person's own catalogue as an index: a data set, a folder of pictures, or a CSV or JSONL table that names them."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from s2f_helpers.common.pictures import decode_upright, read
from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.data import Dataset
from s2f_helpers.data.formats.files import read_bytes
from s2f_helpers.data.outlines import to_mask
from s2f_helpers.search.index import Item, LocalIndex, Run, Skipped, in_turn
from s2f_helpers.search.pictures import fetch, http_link

__all__ = ["Catalogue", "Report", "index_csv", "index_dataset", "index_folder", "read_csv", "read_dataset",
           "read_folder"]  # fmt: skip

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
COLUMNS = ("image", "title", "price", "currency", "url", "shop")
LONGEST_TEXT = 500
# White space, control characters, the invisible ones that turn a line's direction, and halves of characters.
CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")

Row = Mapping[str, object] | S2FError
"""A line's cells by column, or what is wrong with it."""


@dataclass(frozen=True)
class Catalogue:
    """What a source holds, before a picture is read: for :meth:`LocalIndex.build`, or :meth:`LocalIndex.add`.

    Attributes:
        items: the usable rows.
        skipped: rows that cannot be used, by line number, and why.
        notes: rows that are among the items without a link, because it was not plain http(s).
    """

    items: tuple[Item, ...]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()

    def index(self, name: str, progress: bool = True, run: Run = in_turn) -> Report:
        """Build the index of that name; see :meth:`LocalIndex.build`."""
        index = LocalIndex.build(name, self.items, progress, run)
        return Report(index, (*self.skipped, *index.skipped), self.notes)


@dataclass(frozen=True)
class Report:
    """What became of a catalogue: the index, what is not in it and why, and what is in it without its link."""

    index: LocalIndex
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()

    def __str__(self) -> str:
        head = f"index {self.index.name!r}: {len(self.index)} indexed, {len(self.skipped)} skipped"
        return "\n  ".join([head, *map(str, (*self.skipped, *self.notes))])


def index_folder(folder: str | Path, name: str, progress: bool = True) -> Report:
    """Index every picture in a folder and below; see :func:`read_folder`."""
    return read_folder(folder).index(name, progress)


def index_csv(path: str | Path, name: str, progress: bool = True) -> Report:
    """Index a catalogue table; see :func:`read_csv`. Indexed again, only rows that changed are read anew."""
    return read_csv(path).index(name, progress)


def index_dataset(dataset: Dataset, name: str, progress: bool = True) -> Report:
    """Index every garment of a data set; see :func:`read_dataset`."""
    return read_dataset(dataset).index(name, progress)


def read_dataset(dataset: Dataset) -> Catalogue:
    """The garments of the photos that are here, each cut out by its outline; an S2FError where there are none."""
    photos = {row.id: row for row in dataset.photos.itertuples() if row.file}
    garments = [row for row in dataset.garments.itertuples() if row.photo in photos]
    if not garments:
        raise S2FError("no garments of photos that are here: name the folder of the photos when loading")
    return Catalogue(tuple(_garment_item(garment, photos[garment.photo]) for garment in garments))


def _garment_item(garment, photo) -> Item:
    extra = {name: getattr(garment, name) for name in ("category", "label", "photo")}
    extra |= {name: getattr(photo, name) for name in ("source", "split")}
    product = Product(f"{garment.label or garment.category}, {photo.id}", extra=extra)
    stamp = f"{_stamp(Path(photo.file))} {garment.x} {garment.y} {garment.w} {garment.h} {garment.area}"
    file, outline, size = photo.file, garment.outline, (photo.height, photo.width)
    key = f"{photo.id} {garment.id}"
    return Item(key, product, lambda: (decode_upright(read_bytes(file)), to_mask(outline, *size)), stamp)


def read_folder(folder: str | Path) -> Catalogue:
    """Every picture in a folder and below, its file's name as title; an S2FError where there is none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise S2FError(f"{folder}: expected a folder of pictures")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())
    if not paths:
        raise S2FError(f"{folder}: no pictures in it ({', '.join(sorted(PICTURES))} expected)")
    return Catalogue(tuple(_file_item(path, folder) for path in paths))


def _file_item(path: Path, folder: Path) -> Item:
    label = _text(str(path.relative_to(folder)))
    return Item(label, Product(_text(path.stem) or label), lambda: _read_below(path, folder), _stamp(path))


def _read_below(path: Path, folder: Path) -> tuple[np.ndarray, None]:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise S2FError(f"{path.name}: leads out of the catalogue's folder")
    return read(path), None


def _stamp(path: Path) -> str:
    """Changes when the file does, so that a changed picture is indexed anew."""
    try:
        status = os.stat(path)
    except OSError:
        return "missing"
    return f"{status.st_size}-{status.st_mtime_ns}"


def read_csv(path: str | Path) -> Catalogue:
    """A catalogue table: CSV (comma, semicolon or tab) or, by its suffix, JSONL.

    Columns: ``image`` (a path beside or below the table, or an http(s) address that is fetched), and
    if known ``title``, ``price`` (a number such as 19.90), ``currency`` (such as EUR), ``url``, ``shop``.
    Any other column is kept in ``Product.extra``; a search can ask for one named ``category``. A row is known by its
    ``id`` if it has one, else by its ``url``, else by ``image`` and ``title``: in an index the same replaces it.
    A row that cannot be used is skipped and reported.

    Raises:
        S2FError: when the table cannot be read or has no ``image`` column, or no row is usable.
    """
    path = Path(path)
    items, skipped, notes = {}, [], []
    for line, row in _rows(path):
        place = f"line {line}"
        try:
            item = _row_item(row, path.parent, place)
            if item.key in items:
                raise S2FError(f"the same as {items[item.key].place}: give each row an id of its own")
        except S2FError as error:
            skipped.append(Skipped(place, str(error)))
            continue
        items[item.key] = item
        if row.get("url") and not item.product.url:
            notes.append(Skipped(place, f"link dropped, not plain http(s): {row['url'][:60]!r}"))
    if not items:
        reason = f"The first: {skipped[0]}" if skipped else "There are none."
        raise S2FError(f"{path.name}: no usable rows. {reason}")
    return Catalogue(tuple(items.values()), tuple(skipped), tuple(notes))


def _rows(path: Path) -> Iterator[tuple[int, Row]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            yield from _jsonl(file) if path.suffix.lower() == ".jsonl" else _csv(file, path.name)
    except UnicodeDecodeError as error:
        raise S2FError(f"{path.name}: expected UTF-8 text. Save it as 'CSV UTF-8'.") from error
    except OSError as error:
        raise S2FError(f"{path}: cannot be read: {error.strerror}") from error


def _csv(file, name: str) -> Iterator[tuple[int, Row]]:
    head = file.readline()
    delimiter = max(",;\t", key=head.count)
    columns = [column.strip().lower() for column in next(csv.reader([head], delimiter=delimiter), [])]
    if "image" not in columns:
        found = ", ".join(columns) or "an empty file"
        raise S2FError(f"{name}: expected a column named 'image', got {found}")
    reader = csv.reader(file, delimiter=delimiter)
    cells = []
    while cells is not None:
        line = reader.line_num + 2
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield line, S2FError(str(error))
            continue
        if cells and len(cells) != len(columns):
            yield line, S2FError(f"expected {len(columns)} cells, got {len(cells)}")
        elif cells:
            yield line, dict(zip(columns, cells, strict=True))


def _jsonl(file) -> Iterator[tuple[int, Row]]:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            cells = {key.lower(): "" if value is None else value for key, value in row.items()}
        except (ValueError, AttributeError, RecursionError):
            yield line, S2FError("expected one JSON object")
            continue
        # The columns we read are text, as in a CSV; others stay what they are.
        cells |= {name: str(cells[name]) for name in (*COLUMNS, "id") if name in cells}
        yield line, S2FError("lists in lists, over 20 deep") if _is_deep(row) else cells


def _is_deep(value: object, most: int = 20) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return not most or any(_is_deep(one, most - 1) for one in inner)


def _row_item(row: Row, folder: Path, place: str) -> Item:
    if isinstance(row, S2FError):
        raise row
    image = row.get("image", "").strip()
    if not image:
        raise S2FError("image: expected a path or an http(s) address, got nothing")
    product = Product(
        title=_text(row.get("title")) or _text(Path(image).stem),
        url=http_link(row.get("url")),
        price=_price(row.get("price")),
        currency=_currency(row.get("currency")),
        shop=_text(row.get("shop")) or None,
        extra={key: value for key, value in row.items() if key not in COLUMNS and value not in ("", None)},
    )
    key = _text(row.get("id")) or product.url or f"{_text(image)} {product.title}"
    if http_link(image):
        return Item(key, product, lambda: (fetch(image), None), image, place)
    path = _beside(image, folder)
    return Item(key, product, lambda: _read_below(path, folder), f"{image} {_stamp(path)}", place)


def _beside(image: str, folder: Path) -> Path:
    inside = os.path.normpath(image.replace("\\", "/"))
    outside = os.path.isabs(inside) or inside.startswith("..") or ":" in inside
    if outside or "\0" in inside or inside.encode("utf-8", "ignore").decode() != inside:
        raise S2FError(f"image: expected a path beside or below the table, or http(s), got {image[:80]!r}")
    return folder / inside


def _text(text: str | None) -> str:
    """One line of plain text: markup stays as the characters it is, control characters go."""
    return CONTROLS.sub(" ", text or "").strip()[:LONGEST_TEXT]


def _price(text: str | None) -> float | None:
    if not (text or "").strip():
        return None
    try:
        price = float(text)
    except ValueError:
        price = math.nan
    if not (math.isfinite(price) and price >= 0):
        raise S2FError(f"price: expected a number such as 19.90, got {text[:40]!r}")
    return price


def _currency(text: str | None) -> str | None:
    code = (text or "").strip().upper()
    if code and not re.fullmatch(r"[A-Z]{3}", code):
        raise S2FError(f"currency: expected three letters such as EUR, got {text[:40]!r}")
    return code or None
