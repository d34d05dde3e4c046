"""A searchable index of pictures: one table of vectors and facts, on this machine or on object storage.

How versions, interrupted builds and large tables are handled stands in :mod:`s2f_helpers.search.store`.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pyarrow
from lancedb.table import Table
from PIL import Image
from tqdm.auto import tqdm

from s2f_helpers.common.paths import cache_dir
from s2f_helpers.common.pictures import decode
from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.search import store
from s2f_helpers.search.embed import COLOR_WEIGHT, LITE0, Crop, Encoder, crop_garment, weigh
from s2f_helpers.search.pictures import http_link
from s2f_helpers.search.providers.reply import check_limit

__all__ = ["Item", "LocalIndex", "Run", "Skipped", "in_turn"]

THUMBNAIL = 128
CHUNK = 256
READERS = 8
DAMAGED = "index {!r} is damaged or was just replaced. Open it again, or else build it again."
COLUMNS = ("title", "url", "price", "currency", "shop", "extra", "thumbnail")


@dataclass(frozen=True)
class Item:
    """One entry of a catalogue before it is indexed.

    Attributes:
        key: its identity; the same key later replaces it.
        product: what a search returns; its thumbnail, rank and similarity are filled in.
        load: () -> (picture, mask or None), called when the item's turn comes; raises
            :class:`S2FError` for a picture that cannot be had, which skips the item.
        stamp: changes when the picture does; an item whose stamp and product are unchanged is not read again.
        place: where it stands in its catalogue, for reports; the key where that says enough.
    """

    key: str
    product: Product
    load: Callable[[], tuple[np.ndarray, np.ndarray | None]]
    stamp: str = ""
    place: str = ""


@dataclass(frozen=True)
class Skipped:
    """An item that is not in the index, and why."""

    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}"


Work = Callable[[Sequence[Item]], tuple[int, list[Skipped]]]
Run = Callable[[Work, list[Sequence[Item]]], Iterable[tuple[int, list[Skipped]]]]
"""Does the work for each chunk, in any order and place, and yields its results as they come."""


def in_turn(work: Work, chunks: list[Sequence[Item]]) -> Iterator[tuple[int, list[Skipped]]]:
    """One chunk after the other, in this process."""
    return map(work, chunks)


def schema(encoder: Encoder) -> pyarrow.Schema:
    """The table's columns; its metadata name the encoder."""
    texts = ("key", "stamp", "title", "url", "currency", "shop", "category", "extra")
    columns = {name: pyarrow.string() for name in texts} | {"price": pyarrow.float64(), "thumbnail": pyarrow.binary()}
    vector = pyarrow.list_(pyarrow.float32(), encoder.dimensions)
    return pyarrow.schema(columns | {"vector": vector}, metadata={"vectors": encoder.name})


@dataclass(frozen=True, eq=False)
class LocalIndex:
    """``index(image)`` returns the most similar products, best first.

    It shows one version and never changes: :meth:`add` and :meth:`delete` return the next one.

    Attributes:
        name: as given to :meth:`build`.
        table: that version's rows.
        skipped: items whose pictures could not be read or fetched; another build tries them again.
        color_weight: 0 compares shapes alone, 1 colours alone.
        encoder: makes the vectors of queries and of items.
    """

    name: str
    table: Table = field(repr=False)
    skipped: Sequence[Skipped] = ()
    color_weight: float = COLOR_WEIGHT
    encoder: Encoder = LITE0

    @classmethod
    def build(
        cls,
        name: str,
        items: Iterable[Item],
        progress: bool = True,
        run: Run = in_turn,
        chunk: int = CHUNK,
        ann_above: int = store.ANN_ABOVE,
        encoder: Encoder = LITE0,
    ) -> LocalIndex:
        """Make the index hold exactly these items, or go on with an interrupted build; done work is not repeated.

        Args:
            name: letters, digits, ``-``, ``_`` for one on this machine; or an address such as ``s3://bucket/shop``,
                whose keys, region and endpoint LanceDB takes from the environment (``AWS_ACCESS_KEY_ID``, …).
            items: of two with the same key the later one counts.
            run: does the work; see :func:`s2f_helpers.search.build.on_ray` for many processes or machines.
            chunk: pictures stored at once; an interruption costs at most one chunk for each process.
            ann_above: up to so many rows the search is exact, above it is approximate.
            encoder: makes the vectors; open the index with the same one.

        Raises:
            S2FError: where not one picture could be used, or the disk is full.
        """
        wanted = {item.key: item for item in items}
        with _draft(name, ann_above, encoder) as table:
            _guarded(store.remove, table, store.stamps(table).keys() - wanted.keys())
            skipped = _update(table, name, wanted, encoder, progress, run, chunk)
            if not table.count_rows():
                first = f"The first: {skipped[0]}" if skipped else "There were none."
                raise S2FError(f"index {name!r}: none of {len(wanted)} pictures is usable. {first}")
        return replace(cls.open(name, encoder=encoder), skipped=tuple(skipped))

    @classmethod
    def open(cls, name: str, color_weight: float = COLOR_WEIGHT, encoder: Encoder = LITE0) -> LocalIndex:
        """Open an index made by :meth:`build`, in its newest version.

        Raises:
            S2FError: for an index that is missing or damaged, of another version of the course or of another encoder.
        """
        try:
            table = store.snapshot(_uri(name))
        except store.FAILURES as error:
            raise S2FError(DAMAGED.format(name)) from error
        if table is None:
            how = "Make it with index_folder, index_csv or LocalIndex.build."
            raise S2FError(f"there is no index named {name!r} here. {how}")
        if not table.schema.equals(schema(encoder), check_metadata=True):
            raise S2FError(f"index {name!r} is of another version of the course or another encoder. Build it again.")
        return cls(name, table, (), color_weight, encoder)

    def add(self, items: Iterable[Item], progress: bool = True, ann_above: int = store.ANN_ABOVE) -> LocalIndex:
        """The next version, with these items too; one whose key is there already replaces it.

        An interrupted add changes nothing; what an interrupted *build* had stored is dropped. S2FError: a full disk.
        """
        wanted = {item.key: item for item in items}
        with _draft(self.name, ann_above, self.encoder) as table:
            _guarded(store.rewind, table)
            skipped = _update(table, self.name, wanted, self.encoder, progress)
        return replace(self._newest(), skipped=tuple(skipped))

    def delete(self, keys: Iterable[str]) -> LocalIndex:
        """The next version, without these items; an S2FError, and nothing deleted, for a key that is not there."""
        keys = set(keys)
        with _draft(self.name, store.ANN_ABOVE, self.encoder) as table:
            _guarded(store.rewind, table)
            unknown = keys - store.stamps(table).keys()
            if unknown:
                raise S2FError(f"index {self.name!r} has no item with the key {min(unknown)!r}: nothing was deleted")
            _guarded(store.remove, table, keys)
        return self._newest()

    def __len__(self) -> int:
        return self.table.count_rows()

    def __call__(
        self,
        image: np.ndarray,
        limit: int = 8,
        mask: np.ndarray | None = None,
        category: str | None = None,
        price: tuple[float | None, float | None] = (None, None),
        currency: str | None = None,
    ) -> list[Product]:
        """The products most like a picture, best first.

        Args:
            image: (H, W, 3) ``uint8`` RGB.
            limit: how many at most, 1 to 100.
            mask: (H, W) ``bool`` of the garment; None takes all that is not white background.
            category: only products whose ``extra["category"]`` is this.
            price: only products from the one to the other amount of ``currency``; None leaves that end open.
            currency: only products with a price in it, such as ``"EUR"``.

        Raises:
            S2FError: for a limit or weight out of bounds, a price without a currency, or a damaged index.
        """
        check_limit(limit)
        where = _where(category, price, currency)
        query = weigh(self.encoder.encode([crop_garment(image, mask)])[0], self.color_weight)
        try:
            rows = store.nearest(self.table, query, limit, COLUMNS, where)
        except store.FAILURES as error:
            raise S2FError(DAMAGED.format(self.name)) from error
        return [_product(row, rank) for rank, row in enumerate(rows)]

    def weighed(self, color_weight: float) -> LocalIndex:
        """The same index, comparing with another weight: 0 shapes alone, 1 colours alone."""
        return replace(self, color_weight=color_weight)

    def _newest(self) -> LocalIndex:
        return LocalIndex.open(self.name, self.color_weight, self.encoder)


def _uri(name: str) -> str:
    if "://" in name:
        return name
    if not re.fullmatch(r"[\w-]{1,64}", name):
        raise S2FError(f"index name {name!r}: expected 1 to 64 letters, digits, '-' or '_', or s3://…")
    return str(cache_dir("index") / name)


def _where(category: str | None, price: tuple[float | None, float | None], currency: str | None) -> str | None:
    """The filter as SQL."""
    bounds = [(sign, end) for sign, end in zip((">=", "<="), price, strict=False) if end is not None]
    if len(price) != 2 or not all(isinstance(end, int | float) and math.isfinite(end) for _, end in bounds):
        raise S2FError(f"price: expected a pair of numbers, None for an open end, got {price!r}")
    if bounds and currency is None:
        raise S2FError("price: name the currency too; 10 EUR and 10 KRW are not the same")
    parts = [] if category is None else [f"category = {store.text(category)}"]
    parts += [] if currency is None else [f"currency = {store.text(currency)}", "price IS NOT NULL"]
    parts += [f"price {sign} {float(end)!r}" for sign, end in bounds]
    return " AND ".join(parts) or None


@contextmanager
def _draft(name: str, ann_above: int, encoder: Encoder) -> Iterator[Table]:
    """The newest version to write on, alone; readers see it when the block ends well."""
    uri = _uri(name)
    with store.one_writer(uri):
        table = _guarded(store.draft, uri, schema(encoder))
        yield table
        _guarded(store.publish, table, ann_above)


def _update(
    table: Table,
    name: str,
    wanted: Mapping[str, Item],
    encoder: Encoder,
    progress: bool,
    run: Run = in_turn,
    chunk: int = CHUNK,
) -> list[Skipped]:
    """Replace what changed and put in what is missing."""
    known = store.stamps(table)
    missing = [item for item in wanted.values() if known.get(item.key) != _stamp(item)]
    _guarded(store.remove, table, [item.key for item in missing if item.key in known])
    chunks = [missing[start : start + chunk] for start in range(0, len(missing), chunk)]
    quiet = {} if progress and missing else {"disable": True}
    skipped = []
    with tqdm(total=len(missing), desc=f"index {name}", unit="picture", **quiet) as bar:
        for count, unusable in run(partial(_store, _uri(name), encoder), chunks):
            bar.update(count)
            skipped += unusable
    table.checkout_latest()
    return skipped


def _store(uri: str, encoder: Encoder, items: Sequence[Item]) -> tuple[int, list[Skipped]]:
    """Embed a chunk and store it in one commit. Other processes may store theirs meanwhile, or have done this one."""
    table = store.newest(uri)
    done = store.stamps(table, [item.key for item in items])
    with ThreadPoolExecutor(READERS) as readers:
        prepared = list(readers.map(_prepare, [item for item in items if item.key not in done]))
    rows = [entry for entry in prepared if not isinstance(entry, Skipped)]
    if rows:
        vectors = encoder.encode([crop for _, crop in rows])
        filled = [{**row, "vector": vector} for (row, _), vector in zip(rows, vectors, strict=True)]
        _guarded(table.add, filled)
    return len(items), [entry for entry in prepared if isinstance(entry, Skipped)]


def _prepare(item: Item) -> tuple[dict, Crop] | Skipped:
    try:
        image, mask = item.load()
        crop = crop_garment(image, mask)
    except S2FError as error:
        return Skipped(item.place or item.key, str(error))
    facts = {"key": item.key, "stamp": _stamp(item), **_facts(item.product), "thumbnail": _thumbnail(image)}
    return facts, crop


def _guarded(write: Callable, *arguments):
    try:
        return write(*arguments)
    except (OSError, RuntimeError) as error:
        raise S2FError(f"the index could not be written: {error}. Free some space, build it again.") from error


def _stamp(item: Item) -> str:
    return hashlib.sha256(json.dumps([item.stamp, _facts(item.product)]).encode()).hexdigest()[:16]


def _facts(product: Product) -> dict:
    facts = {name: getattr(product, name) for name in ("title", "url", "price", "currency", "shop")}
    category = product.extra.get("category")
    return facts | {
        "url": http_link(product.url),
        "category": None if category is None else str(category).encode("utf-8", "replace").decode(),
        "extra": json.dumps(dict(product.extra), default=str),
    }


def _thumbnail(image: np.ndarray) -> bytes:
    picture = Image.fromarray(image)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _product(row: Mapping, rank: int) -> Product:
    facts = {name: row[name] for name in COLUMNS}
    facts |= {"thumbnail": decode(row["thumbnail"]), "extra": json.loads(row["extra"])}
    return Product(**facts, rank=rank, similarity=float(np.clip(1 - row["_distance"], -1, 1)))
