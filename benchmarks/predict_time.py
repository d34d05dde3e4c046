"""How long the segmenter takes to load and to answer, for photo sizes people have."""

from __future__ import annotations

import time

import numpy as np
from machine import machine

from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.segment import Segmenter

SIDES = (256, 512, 1024, 2048)
RUNS = 20


def milliseconds(work) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    print(machine())
    print(f"load            {milliseconds(Segmenter.load):6.0f} ms")
    segmenter = Segmenter.load()
    for side in SIDES:
        photo = make_garment("t-shirt", seed=3, size=side, background="floor").photo
        times = [milliseconds(lambda photo=photo: segmenter(photo)) for _ in range(RUNS + 2)][2:]
        print(f"{side:4d} px  median {np.median(times):6.1f} ms   p95 {np.percentile(times, 95):6.1f} ms")


if __name__ == "__main__":
    main()
