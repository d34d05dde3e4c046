"""From the end of a stroke to a picture ready to be sent to the page, at 256 px. Target: median <= 150 ms.

Raster (strokes to sketch) + generator + display payload (PNG in HTML); the browser's own time is not in it.
"""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
from machine import machine

from s2f_helpers.gan import Generator
from s2f_helpers.studio import Drawing
from s2f_helpers.studio.results import pictures_html
from s2f_helpers.studio.strokes import Stroke

OUTLINE = (
    (96, 52), (60, 66), (30, 112), (58, 130), (74, 108), (74, 214), (182, 214), (182, 108), (198, 130), (226, 112),
    (196, 66), (160, 52), (144, 66), (112, 66), (96, 52),
)  # fmt: skip
RUNS = 60


def smooth(points, steps: int = 20):
    """As many points as a mouse gives between two corners."""
    corners = np.array(points, float)
    between = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [a + (b - a) * between for a, b in pairwise(corners)]
    return tuple(map(tuple, np.concatenate([*parts, corners[-1:]])))


def main() -> None:
    drawing, generator = Drawing(), Generator.load()
    drawing.add(Stroke("pen", "#000000", 3.0, smooth(OUTLINE)))
    parts = []
    for run in range(RUNS + 5):
        drawing.add(Stroke("color", "#c8141e", 8.0, ((100.0 + run % 50, 150.0),)))
        start = time.perf_counter()
        sketch = drawing.to_sketch()
        drawn = time.perf_counter()
        picture = generator(sketch, "t-shirt")
        painted = time.perf_counter()
        pictures_html(picture, [])
        parts.append((drawn - start, painted - drawn, time.perf_counter() - painted))
    milliseconds = np.array(parts[5:]) * 1000
    print(machine())
    for name, column in zip(("raster", "generator", "payload"), milliseconds.T, strict=True):
        print(f"{name:10s} median {np.median(column):6.1f} ms   p95 {np.percentile(column, 95):6.1f} ms")
    total = milliseconds.sum(1)
    print(
        f"{'together':10s} median {np.median(total):6.1f} ms   p95 {np.percentile(total, 95):6.1f} ms   target 150 ms"
    )


if __name__ == "__main__":
    main()
