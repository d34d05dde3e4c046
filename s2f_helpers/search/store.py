"""Vectors and what belongs to them in LanceDB, in versions: a folder on this machine, or ``s3://…``, no server.

A writer works on a draft, in many small commits; a tag names the version that readers see and moves in one step at
the end. So readers see the old version or the new one, and a writer that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import pyarrow
from filelock import FileLock
from lancedb.index import IvfFlat
from lancedb.table import Table

__all__ = ["ANN_ABOVE", "FAILURES", "draft", "nearest", "newest", "one_writer", "publish", "remove", "rewind",
           "snapshot", "stamps", "text"]  # fmt: skip

TABLE = "items"
PUBLISHED = "published"
FAILURES = (ValueError, OSError, RuntimeError)
"""What LanceDB raises for files that are missing, damaged or cannot be written."""

# Measured on a million rows (benchmarks/index_speed.py): 8 probes find 0.93 of the true ten nearest, 16 find 0.98 and
# 24 find 0.99; 512 or 1,024 partitions find less in the same time.
ANN_ABOVE = 50_000
PARTITIONS = 256
PROBES = 16
SAMPLES = 64
"""Vectors a partition that its centre is learnt from."""

KEEP_OLD = timedelta(days=1)
"""So long a reader may go on with a version that was replaced."""
KEYS_A_DELETE = 1_000


def one_writer(uri: str) -> AbstractContextManager:
    """Hold off other writers on this machine. On object storage there is no lock: keep to one writer yourself."""
    if "://" in uri:
        return nullcontext()
    Path(uri).mkdir(parents=True, exist_ok=True)
    return FileLock(Path(uri) / "build.lock")


def draft(uri: str, schema: pyarrow.Schema) -> Table:
    """The newest version, published or not; an empty one where there is none or it has another schema.

    A damaged folder is begun anew; object storage that does not answer raises FAILURES.
    """
    database = lancedb.connect(uri)
    if TABLE in database.list_tables().tables:
        try:
            table = database.open_table(TABLE)
            table.tags.list()
            if table.schema.equals(schema, check_metadata=True):
                return table
            return database.create_table(TABLE, schema=schema, mode="overwrite")
        except FAILURES:
            if "://" in uri:
                raise
            database.drop_table(TABLE)
    return database.create_table(TABLE, schema=schema)


def newest(uri: str) -> Table:
    """The draft as other processes left it, for one of several that write at once."""
    return lancedb.connect(uri).open_table(TABLE)


def snapshot(uri: str) -> Table | None:
    """The published version, which stays as it is whatever is written; None where nothing was ever published.

    Raises FAILURES when it is damaged.
    """
    if "://" not in uri and not Path(uri).is_dir():
        return None
    database = lancedb.connect(uri)
    if TABLE not in database.list_tables().tables:
        return None
    table = database.open_table(TABLE)
    if _published(table) is None:
        return None
    table.checkout(PUBLISHED)
    return table


def rewind(table: Table) -> None:
    """Make the draft what is published again: what a killed writer left is dropped."""
    table.checkout_latest()
    if _published(table) not in (None, table.version):
        table.checkout(PUBLISHED)
        table.restore()


def publish(table: Table, ann_above: int) -> None:
    """Show the draft to readers, with an approximate index if it has more than ``ann_above`` rows."""
    table.checkout_latest()
    if _published(table) == table.version:
        return
    table.optimize()
    if table.count_rows() > ann_above and not table.list_indices():
        table.create_index("vector", config=IvfFlat("dot", num_partitions=PARTITIONS, sample_rate=SAMPLES))
    move = table.tags.create if _published(table) is None else table.tags.update
    move(PUBLISHED, table.version)
    table.optimize(cleanup_older_than=KEEP_OLD)


def _published(table: Table) -> int | None:
    return table.tags.list().get(PUBLISHED, {}).get("version")


def stamps(table: Table, keys: Sequence[str] | None = None) -> dict[str, str]:
    """Key to stamp of each row, or of those with the given keys."""
    query = table.search().select(["key", "stamp"])
    rows = (query if keys is None else query.where(_among(keys))).to_arrow()
    return dict(zip(rows["key"].to_pylist(), rows["stamp"].to_pylist(), strict=True))


def remove(table: Table, keys: Iterable[str]) -> None:
    """Delete the rows with these keys."""
    keys = list(keys)
    for start in range(0, len(keys), KEYS_A_DELETE):
        table.delete(_among(keys[start : start + KEYS_A_DELETE]))


def nearest(table: Table, query: np.ndarray, limit: int, columns: Sequence[str], where: str | None) -> list[dict]:
    """Rows with the largest dot products, best first; ``_distance`` is 1 minus it.

    Exact without an approximate index. With one, the nearest partitions are looked through, and, where a filter
    leaves too few rows in them, further ones.
    """
    search = table.search(query, vector_column_name="vector").distance_type("dot").limit(limit)
    if where:
        search = search.where(where).minimum_nprobes(PROBES).maximum_nprobes(PARTITIONS)
    else:
        search = search.nprobes(PROBES)  # a range here would cost four times as much
    return search.select([*columns, "_distance"]).to_list()


def text(value: str) -> str:
    """A text as SQL writes it.

    >>> text("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def _among(keys: Sequence[str]) -> str:
    return f"key IN ({', '.join(map(text, keys))})"
