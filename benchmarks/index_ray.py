"""The same index built in this process and by two Ray workers: the same rows, the same results, and the times.

pip install 'ray>=2.50'; python benchmarks/index_ray.py
"""

from __future__ import annotations

import os
import tempfile
import time
from functools import partial

import ray
from machine import machine

from s2f_helpers.common.types import Product
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.search import Item, LocalIndex
from s2f_helpers.search.build import on_ray
from s2f_helpers.search.index import in_turn

SEEDS, CHUNK, WORKERS = 8, 16, 2


def load(category: str, seed: int) -> tuple:
    garment = make_garment(category, seed)
    return garment.photo, garment.mask


def hits(index: LocalIndex, category: str) -> list[tuple[str, float]]:
    """Title and similarity of the best ten, for a garment that is not in the index."""
    garment = make_garment(category, SEEDS)
    found = index(garment.photo, 10, garment.mask)
    return [(product.title, round(product.similarity, 2)) for product in found]


def main() -> None:
    names = [(category, seed) for category in category_ids() for seed in range(SEEDS)]
    items = [Item(f"{c}-{s}", Product(f"{c}-{s}"), partial(load, c, s)) for c, s in names]
    print(machine())
    with tempfile.TemporaryDirectory() as cache:
        os.environ["S2F_CACHE"] = cache
        start = time.perf_counter()
        ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False)
        print(f"Ray started in {time.perf_counter() - start:.0f} s")
        built = {}
        for name, run in (("alone", in_turn), ("ray", on_ray)):
            start = time.perf_counter()
            built[name] = LocalIndex.build(name, items, progress=False, run=run, chunk=CHUNK)
            print(f"{name}: {len(built[name])} rows in {time.perf_counter() - start:.1f} s")
        ray.shutdown()
        assert len(built["alone"]) == len(built["ray"]) == len(items)
        for category in category_ids():
            assert hits(built["alone"], category) == hits(built["ray"], category), category
    print("the same rows and the same results")


if __name__ == "__main__":
    main()
