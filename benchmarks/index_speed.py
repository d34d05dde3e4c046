"""How fast is the local index, and how much does its approximate search miss?

    python benchmarks/index_speed.py [--rows 1000000]

The rows are the photos' own vectors, perturbed: to each is added 0.3 times the difference of two other photos, so that
they scatter the way photos do. Index rows come from train photos, queries are val photos as they are (other senders).
Recall@10: share of the ten true nearest, found by comparing with all rows, that the search finds. Targets on two cores:
5,000 items in 15 ms; 1,000,000 in 30 ms at p95 with recall of at least 0.95; 25 crops embedded a second.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow
from machine import machine, seconds

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import cache_dir
from s2f_helpers.data import load_cutouts
from s2f_helpers.search import crop_garment, index_cutouts, store
from s2f_helpers.search.embed import AXES, LITE0, weigh
from s2f_helpers.search.index import COLUMNS, schema

RESULT = Path(__file__).parent / "results" / "index_speed.json"
SPREAD = 0.3
QUERIES, BATCH, SMALL = 200, 50_000, 5_000
THUMBNAIL = 4_000
"""Bytes of a typical thumbnail; the large table has none, to fit a small disk."""


def photo_vectors() -> dict[str, np.ndarray]:
    """Split to (N, 256) ``float32``, out of the photos' index."""
    folder = str(cache_dir("index") / index_cutouts().name)
    rows = store.snapshot(folder).search().select(["vector", "extra"]).to_arrow()
    vectors = np.stack(rows["vector"].to_numpy())
    splits = np.array([json.loads(extra)["split"] for extra in rows["extra"].to_pylist()])
    return {split: vectors[splits == split] for split in ("train", "val")}


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def perturbed(photos: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Batches of (N, 256) ``float32``, ``count`` rows in all."""
    rng = np.random.default_rng(0)
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        one, two, three = (photos[rng.integers(len(photos), size=size)] for _ in range(3))
        shape, color = np.split(one + SPREAD * (two - three), [AXES["shape"]], axis=1)
        yield np.concatenate([unit(shape), unit(color)], axis=1).astype(np.float32)


def fill(folder: str, batches: Iterator[np.ndarray], thumbnail: bytes) -> None:
    """Write a draft whose keys are the rows' numbers."""
    layout = schema(LITE0)
    table, start = store.draft(folder, layout), 0
    for vectors in batches:
        numbers = [str(number) for number in range(start, start + len(vectors))]
        flat = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors.ravel()), sum(AXES.values()))
        columns = {"key": numbers, "stamp": numbers, "title": numbers, "extra": ["{}"] * len(numbers), "vector": flat}
        columns["thumbnail"] = [thumbnail] * len(numbers)
        full = {name: columns.get(name, pyarrow.nulls(len(numbers), layout.field(name).type)) for name in layout.names}
        table.add(pyarrow.table(full, schema=layout))
        start += len(vectors)


def true_nearest(batches: Iterator[np.ndarray], queries: np.ndarray) -> np.ndarray:
    """(Q, 10) numbers of the rows with the largest dot products."""
    best, numbers, start = np.zeros((len(queries), 0), np.float32), np.zeros((len(queries), 0), int), 0
    for vectors in batches:
        best = np.concatenate([best, queries @ vectors.T], axis=1)
        numbers = np.concatenate([numbers, np.tile(np.arange(start, start + len(vectors)), (len(queries), 1))], axis=1)
        keep = np.argpartition(-best, 10, axis=1)[:, :10]
        best, numbers = np.take_along_axis(best, keep, 1), np.take_along_axis(numbers, keep, 1)
        start += len(vectors)
    return numbers


def search_times(table, queries: np.ndarray) -> tuple[dict[str, float], list[set[int]]]:
    """Milliseconds a search, without embedding the query; and what each found.

    ``cpu_ms`` is processor time of all threads together, which other people's work on the machine hardly changes.
    """
    times, found = [], []
    for query in (*queries[:20], *queries):  # the first ones warm the caches up
        start = time.perf_counter(), time.process_time()
        rows = store.nearest(table, query, 10, ("key", *COLUMNS), None)
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        found.append({int(row["key"]) for row in rows})
    wall, processor = 1000 * np.array(times[20:]).T
    p50, p95 = np.percentile(wall, [50, 95])
    return {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "cpu_ms": round(np.median(processor), 1)}, found[20:]


def measure(photos: np.ndarray, queries: np.ndarray, rows: int, thumbnail: bytes, ann_above: int) -> dict:
    """Build a table, search it, and compare with the truth."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        fill(folder, perturbed(photos, rows), thumbnail)
        filled = time.perf_counter()
        store.publish(store.newest(folder), ann_above)
        published = time.perf_counter()
        times, found = search_times(store.snapshot(folder), queries)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    truth = true_nearest(perturbed(photos, rows), queries)
    recall = np.mean([len(one & set(two.tolist())) / 10 for one, two in zip(found, truth, strict=True)])
    return {
        "rows": rows,
        "search": "approximate" if rows > ann_above else "exact",
        **times,
        "recall_at_10": round(float(recall), 4),
        "write_s": round(filled - start, 1),
        "publish_s": round(published - filled, 1),
        "disk_GB": round(size / 1e9, 2),
        "peak_memory_GB": round(peak_memory(), 2),
    }


def peak_memory() -> float:
    """GB that this process held at most until now."""
    unit_bytes = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit_bytes / 1e9


def embedding_speed(clock: Callable[[], float]) -> float:
    """Crops a second by this clock, picture to index vector."""
    cutouts = load_cutouts("val")
    pairs = [(cutouts.image(place), cutouts.mask(place)) for place in range(64)]
    return round(len(pairs) / seconds(lambda: LITE0.encode([crop_garment(*pair) for pair in pairs]), 3, clock), 1)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args(arguments).rows
    vectors = photo_vectors()
    queries = np.stack([weigh(vector) for vector in vectors["val"][:QUERIES]])
    busy = round(os.getloadavg()[0], 1)  # processes that wanted a core during the last minute; ours is one
    result = {"machine": machine(), "load_before": busy, "queries": len(queries)}
    result["crops_a_second"] = embedding_speed(time.perf_counter)
    result["crops_a_cpu_second"] = embedding_speed(time.process_time)
    result["small"] = measure(vectors["train"], queries, SMALL, bytes(THUMBNAIL), store.ANN_ABOVE)
    result["threshold"] = measure(vectors["train"], queries, store.ANN_ABOVE, bytes(THUMBNAIL), store.ANN_ABOVE)
    result["large"] = measure(vectors["train"], queries, rows, b"", store.ANN_ABOVE)
    print(json.dumps(result, indent=1))
    atomic_write(RESULT, json.dumps(result, indent=1).encode() + b"\n")


if __name__ == "__main__":
    main()
