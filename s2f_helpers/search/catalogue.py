"""A person's own catalogue as an index: a folder of pictures, or a CSV or JSONL table that names them."""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from s2f_helpers.common.pictures import read
from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.search.index import Item, LocalIndex, Skipped
from s2f_helpers.search.pictures import fetch, http_link

__all__ = ["Report", "index_csv", "index_folder"]

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
COLUMNS = ("image", "title", "price", "currency", "url", "shop")
LONGEST_TEXT = 500
# White space, control characters, and the invisible ones that turn a line's direction.
CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Report:
    """What became of a catalogue.

    Attributes:
        index: ready to search.
        skipped: rows or files that are not in the index, by line number or file name, and why.
        notes: rows that are in the index without a link, because it was not plain http(s).
    """

    index: LocalIndex
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()

    def __str__(self) -> str:
        head = f"index {self.index.name!r}: {len(self.index)} indexed, {len(self.skipped)} skipped"
        details = (f"  {entry.key}: {entry.reason}" for entry in (*self.skipped, *self.notes))
        return "\n".join([head, *details])


def index_folder(folder: str | Path, name: str, progress: bool = True) -> Report:
    """Index every picture in a folder and below. The file's name is the title; nothing else is known.

    Raises:
        S2FError: when there is no such folder, or not one usable picture in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise S2FError(f"{folder}: expected a folder of pictures")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES and path.is_file())
    if not paths:
        raise S2FError(f"{folder}: no pictures in it ({', '.join(sorted(PICTURES))} expected)")
    items = [_file_item(path, str(path.relative_to(folder))) for path in paths]
    index = LocalIndex.build(name, items, progress)
    return Report(index, _readable(index.skipped))


def index_csv(path: str | Path, name: str, progress: bool = True) -> Report:
    """Index a catalogue table: CSV (comma, semicolon or tab) or, by its suffix, JSONL.

    Columns: ``image`` (a path beside or below the table, or an http(s) address that is fetched), and
    if known ``title``, ``price`` (a number such as 19.90), ``currency`` (such as EUR), ``url``, ``shop``.
    Any other column is kept in ``Product.extra``. A row that cannot be used is skipped and reported.

    Raises:
        S2FError: when the table cannot be read or has no ``image`` column, or no row is usable.
    """
    path = Path(path)
    items, skipped, notes = [], [], []
    for line, row in _rows(path):
        place = f"line {line}"
        try:
            item = _row_item(row, path.parent, place)
        except S2FError as error:
            skipped.append(Skipped(place, str(error)))
            continue
        items.append(item)
        if row.get("url") and not item.product.url:
            notes.append(Skipped(place, f"link dropped, not plain http(s): {row['url'][:60]!r}"))
    if not items:
        reason = f"The first: {skipped[0].key}: {skipped[0].reason}" if skipped else "There are none."
        raise S2FError(f"{path.name}: no usable rows. {reason}")
    index = LocalIndex.build(name, items, progress)
    return Report(index, (*skipped, *_readable(index.skipped)), tuple(notes))


def _readable(skipped: tuple[Skipped, ...]) -> tuple[Skipped, ...]:
    """Item keys carry a fingerprint after a tab; people need only what stands before it."""
    return tuple(Skipped(entry.key.partition("\t")[0], entry.reason) for entry in skipped)


def _file_item(path: Path, label: str) -> Item:
    return Item(f"{label}\t{_stamp(path)}", Product(_text(path.stem) or label), lambda: (read(path), None))


def _stamp(path: Path) -> str:
    """Changes when the file does, so that a changed picture is indexed anew."""
    try:
        status = os.stat(path)
    except OSError:
        return "missing"
    return f"{status.st_size}-{status.st_mtime_ns}"


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            yield from _jsonl(file) if path.suffix.lower() == ".jsonl" else _csv(file, path.name)
    except UnicodeDecodeError as error:
        raise S2FError(f"{path.name}: expected UTF-8 text. Save it as 'CSV UTF-8'.") from error
    except OSError as error:
        raise S2FError(f"{path}: cannot be read: {error.strerror}") from error


def _csv(file, name: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    head = file.readline()
    delimiter = max(",;\t", key=head.count)
    columns = [column.strip().lower() for column in next(csv.reader([head], delimiter=delimiter), [])]
    if "image" not in columns:
        found = ", ".join(columns) or "an empty file"
        raise S2FError(f"{name}: expected a column named 'image', got {found}")
    reader = csv.reader(file, delimiter=delimiter)
    while True:
        line = reader.line_num + 2
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, {"broken": str(error)}
            continue
        if cells:
            fits = len(cells) == len(columns)
            broken = {"broken": f"expected {len(columns)} cells, got {len(cells)}"}
            yield line, dict(zip(columns, cells, strict=True)) if fits else broken


def _jsonl(file) -> Iterator[tuple[int, Mapping[str, str]]]:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
            yield line, {str(key).lower(): "" if value is None else str(value) for key, value in row.items()}
        except (ValueError, AttributeError, RecursionError):
            yield line, {"broken": "expected one JSON object"}


def _row_item(row: Mapping[str, str], folder: Path, place: str) -> Item:
    if "broken" in row:
        raise S2FError(row["broken"])
    image = row.get("image", "").strip()
    if not image:
        raise S2FError("image: expected a path or an http(s) address, got nothing")
    extra = {key: value for key, value in row.items() if key not in COLUMNS and value}
    product = Product(
        title=_text(row.get("title")) or _text(Path(image).stem),
        url=http_link(row.get("url")),
        price=_price(row.get("price")),
        currency=_currency(row.get("currency")),
        shop=_text(row.get("shop")) or None,
        extra=extra,
    )
    if http_link(image):
        return Item(f"{place}\t{image}", product, lambda: (fetch(image), None))
    path = _beside(image, folder)
    return Item(f"{place}\t{image} {_stamp(path)}", product, lambda: (read(path), None))


def _beside(image: str, folder: Path) -> Path:
    inside = os.path.normpath(image.replace("\\", "/"))
    if os.path.isabs(inside) or inside.startswith("..") or ":" in inside or "\0" in inside:
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
