"""A searchable index of pictures on this machine: one LanceDB table a catalogue, no server, no network.

A build writes into a table named after its items' fingerprint; ``index.json`` names the table in use and is
replaced last, in one step. So an interrupted build goes on where it stopped and never spoils an older index.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import lancedb
import numpy as np
import pyarrow
from filelock import FileLock
from PIL import Image
from tqdm.auto import tqdm

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import cache_dir
from s2f_helpers.common.pictures import decode
from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.search.embed import COLOR_WEIGHT, DIMENSIONS, Crop, Embedder, crop_garment, weigh
from s2f_helpers.search.pictures import http_link

__all__ = ["Item", "LocalIndex", "Skipped"]

MAX_LIMIT = 100
THUMBNAIL = 128
CHUNK = 64
READERS = 8
COLUMNS = ("title", "url", "price", "currency", "shop", "extra", "thumbnail")
SCHEMA = pyarrow.schema(
    [(name, pyarrow.string()) for name in ("key", "title", "url", "currency", "shop", "extra")]
    + [("price", pyarrow.float64()), ("thumbnail", pyarrow.binary())]
    + [("vector", pyarrow.list_(pyarrow.float32(), DIMENSIONS))]
)


@dataclass(frozen=True)
class Item:
    """One entry of a catalogue before it is indexed.

    Attributes:
        key: unique in the catalogue; changes when the picture does.
        product: what a search returns; its thumbnail, rank and similarity are filled in.
        load: () -> (picture, mask or None), called when the item's turn comes; raises
            :class:`S2FError` for a picture that cannot be had, which skips the item.
    """

    key: str
    product: Product
    load: Callable[[], tuple[np.ndarray, np.ndarray | None]]


@dataclass(frozen=True)
class Skipped:
    """An item that is not in the index, and why."""

    key: str
    reason: str


class LocalIndex:
    """``index(image)`` returns the most similar products, best first.

    Attributes:
        name: as given to :meth:`build`.
        skipped: items whose pictures could not be read or fetched; another build tries them again.
    """

    def __init__(self, name: str, table, skipped: Sequence[Skipped], color_weight: float = COLOR_WEIGHT):
        self.name = name
        self.skipped = tuple(skipped)
        self._table = table
        self._color_weight = color_weight

    @classmethod
    def build(cls, name: str, items: Sequence[Item], progress: bool = True) -> LocalIndex:
        """Index the items under a name, or go on with an interrupted build; done work is not repeated.

        Args:
            name: letters, digits, ``-``, ``_``; an older index of that name is replaced at the end.
            items: with distinct keys; their pictures are read a few at a time.
            progress: show a progress bar.

        Raises:
            S2FError: where not one picture could be used, or the disk is full.
        """
        folder, label = _folder(name), _fingerprint(items)
        folder.mkdir(exist_ok=True)
        with FileLock(folder / "build.lock"):
            database = lancedb.connect(folder)
            table = _open_or_create(database, label)
            done = set(table.search().select(["key"]).to_arrow()["key"].to_pylist())
            missing = [item for item in items if item.key not in done]
            quiet = {} if progress and missing else {"disable": True}
            bar = tqdm(total=len(missing), desc=f"index {name}", unit="picture", **quiet)
            skipped = _add(table, missing, bar)
            if not table.count_rows():
                database.drop_table(label)
                raise S2FError(f"index {name!r}: none of {len(items)} pictures is usable. {_first(skipped)}")
            _write_state(folder, label, skipped)
            for other in database.list_tables().tables:
                if other != label:
                    database.drop_table(other)
        return cls.open(name)

    @classmethod
    def open(cls, name: str, color_weight: float = COLOR_WEIGHT) -> LocalIndex:
        """Open an index made by :meth:`build`.

        Args:
            color_weight: 0 compares shapes alone, 1 colours alone.

        Raises:
            S2FError: for an index that is missing, damaged, or made by another version.
        """
        folder = _folder(name)
        state = _read_state(folder, name)
        if state["vectors"] != Embedder.version:
            raise S2FError(f"index {name!r} was made by another version of the course. Build it again.")
        try:
            table = lancedb.connect(folder).open_table(state["table"])
            if table.schema != SCHEMA or not table.count_rows():
                raise ValueError("no rows, or other columns than expected")
        except (ValueError, OSError, RuntimeError) as error:
            raise _damaged(name) from error
        return cls(name, table, [Skipped(*pair) for pair in state["skipped"]], color_weight)

    def __len__(self) -> int:
        return self._table.count_rows()

    def __call__(self, image: np.ndarray, limit: int = 8, mask: np.ndarray | None = None) -> list[Product]:
        """The products most like a picture, best first.

        Args:
            image: (H, W, 3) ``uint8`` RGB.
            limit: how many at most, 1 to 100.
            mask: (H, W) ``bool`` of the garment; None takes all that is not white background.
        """
        if not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
            raise S2FError(f"limit: expected a whole number from 1 to {MAX_LIMIT}, got {limit!r}")
        query = weigh(Embedder.load()([crop_garment(image, mask)])[0], self._color_weight)
        search = self._table.search(query, vector_column_name="vector").distance_type("dot")
        try:
            rows = search.select([*COLUMNS, "_distance"]).limit(limit).to_list()
        except (ValueError, OSError, RuntimeError) as error:
            raise _damaged(self.name) from error
        return [_product(row, rank) for rank, row in enumerate(rows)]


def _folder(name: str) -> Path:
    if not re.fullmatch(r"[\w-]{1,64}", name):
        raise S2FError(f"index name {name!r}: expected 1 to 64 letters, digits, '-' or '_'")
    return cache_dir("index") / name


def _damaged(name: str) -> S2FError:
    return S2FError(f"index {name!r} is damaged or was just replaced. Open it again, or else build it again.")


def _fingerprint(items: Sequence[Item]) -> str:
    digest = hashlib.sha256(Embedder.version.encode())
    for item in items:
        digest.update(json.dumps([item.key, *_facts(item.product).values()]).encode())
    return f"items-{digest.hexdigest()[:16]}"


def _open_or_create(database, label: str):
    if label in database.list_tables().tables:
        try:
            return database.open_table(label)
        except (ValueError, OSError, RuntimeError):
            database.drop_table(label)
    return database.create_table(label, schema=SCHEMA)


def _add(table, items: Sequence[Item], progress: tqdm) -> list[Skipped]:
    """Embed and store in chunks: a crash costs one chunk."""
    skipped = []
    with progress, ThreadPoolExecutor(READERS) as readers:
        for start in range(0, len(items), CHUNK):
            chunk = items[start : start + CHUNK]
            prepared = list(readers.map(_prepare, chunk))
            skipped += [entry for entry in prepared if isinstance(entry, Skipped)]
            rows = [entry for entry in prepared if not isinstance(entry, Skipped)]
            _store(table, rows)
            progress.update(len(chunk))
    return skipped


def _prepare(item: Item) -> tuple[dict, Crop] | Skipped:
    try:
        image, mask = item.load()
        crop = crop_garment(image, mask)
    except S2FError as error:
        return Skipped(item.key, str(error))
    return {"key": item.key, **_facts(item.product), "thumbnail": _thumbnail(image)}, crop


def _store(table, rows: list[tuple[dict, Crop]]) -> None:
    if not rows:
        return
    vectors = Embedder.load()([crop for _, crop in rows])
    try:
        table.add([{**row, "vector": vector} for (row, _), vector in zip(rows, vectors, strict=True)])
    except (OSError, RuntimeError) as error:
        raise S2FError(f"the index could not be written: {error}. Free some space, build it again.") from error


def _facts(product: Product) -> dict:
    extra = json.dumps(dict(product.extra), ensure_ascii=False, default=str)
    return {
        "title": product.title,
        "url": http_link(product.url),
        "price": product.price,
        "currency": product.currency,
        "shop": product.shop,
        "extra": extra,
    }


def _thumbnail(image: np.ndarray) -> bytes:
    picture = Image.fromarray(image)
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _product(row: dict, rank: int) -> Product:
    similarity = float(np.clip(1 - row.pop("_distance"), -1, 1))
    thumbnail, extra = decode(row.pop("thumbnail")), json.loads(row.pop("extra"))
    return Product(**row, thumbnail=thumbnail, extra=extra, rank=rank, similarity=similarity)


def _write_state(folder: Path, label: str, skipped: Sequence[Skipped]) -> None:
    state = {
        "table": label,
        "vectors": Embedder.version,
        "skipped": [[entry.key, entry.reason] for entry in skipped],
    }
    atomic_write(folder / "index.json", json.dumps(state, ensure_ascii=False, indent=1).encode())


def _read_state(folder: Path, name: str) -> dict:
    try:
        state = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        pairs = [(str(key), str(reason)) for key, reason in state["skipped"]]
        return {"table": str(state["table"]), "vectors": str(state["vectors"]), "skipped": pairs}
    except FileNotFoundError:
        raise S2FError(
            f"there is no index named {name!r} here. Make it with index_folder, index_csv or LocalIndex.build."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(name) from error


def _first(skipped: Sequence[Skipped]) -> str:
    return f"The first: {skipped[0].key}: {skipped[0].reason}" if skipped else "There were none."
