"""How long an audit of 5,000 photos takes. Target: at most 60 s on two cores."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from machine import machine

from s2f_helpers.data.clothing import load_clothing
from s2f_helpers.data.dataset import Dataset

PHOTOS = 5_000


def repeated(dataset: Dataset, count: int) -> Dataset:
    """The first photos again under other ids; another spelling of the address, so that they are read again."""
    first = dataset.where(np.arange(len(dataset)) < count)
    photos = first.photos.assign(id=first.photos["id"] + "-again", file="/" + first.photos["file"])
    garments = first.garments.assign(id=first.garments["id"] + "-again", photo=first.garments["photo"] + "-again")
    return dataset + replace(first, photos=photos, garments=garments)


def main() -> None:
    dataset = load_clothing()
    dataset = repeated(dataset, PHOTOS - len(dataset))
    start = time.perf_counter()
    audit = dataset.audit()
    seconds = time.perf_counter() - start
    print(machine())
    print(audit)
    print(f"audit of {len(dataset):,} photos: {seconds:.1f} s, {len(dataset) / seconds:.0f} photos/s   target 60 s")


if __name__ == "__main__":
    main()
