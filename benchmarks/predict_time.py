"""How long the segmenter takes to load and to answer, for photo sizes people have.

    python benchmarks/predict_time.py [RUNS THREADS]

Milliseconds by the clock (median and 95th percentile), and of processor time. Where other programs keep the cores
busy, take one thread: two wait for each other, a hundred times longer than they work.
The target is 400 ms for a photo of 400 × 533 px on two cores. Writes results/predict_time.json.
"""

from __future__ import annotations

import json
import sys
import time

import cv2
import numpy as np
import torch
from machine import machine

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.segment import Segmenter

TARGET = ROOT / "benchmarks" / "results" / "predict_time.json"
SIZES = ((400, 533), (256, 256), (1024, 1024), (2048, 2048))  # width, height


def milliseconds(work) -> tuple[float, float]:
    """By the clock, and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - clock), 1000 * (time.process_time() - processor)


def main(runs: str = "20", threads: str = "2") -> None:
    torch.set_num_threads(int(threads))
    loading = round(milliseconds(Segmenter.load)[0])
    content = {"machine": machine(), "threads": int(threads), "load_ms": loading, "answers": []}
    print(f"{content['machine']}, {threads} threads\nload {loading} ms")
    segmenter = Segmenter.load()
    for width, height in SIZES:
        photo = make_garment("t-shirt", seed=3, size=max(width, height), background="floor").photo
        photo = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
        segmenter(photo)
        times = np.array([milliseconds(lambda photo=photo: segmenter(photo)) for _ in range(int(runs))])
        row = {
            "width": width,
            "height": height,
            "median_ms": round(np.median(times[:, 0])),
            "p95_ms": round(np.percentile(times[:, 0], 95)),
            "processor_ms": round(np.median(times[:, 1])),
        }
        content["answers"].append(row)
        print("{width} × {height}: median {median_ms} ms, p95 {p95_ms} ms; processor {processor_ms} ms".format(**row))
    atomic_write(TARGET, (json.dumps(content, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
