"""From the end of a stroke to a picture, at 256 px: in the kernel, and on the screen of a browser.

In the kernel: raster (strokes to sketch) + generator + display payload (PNG in HTML). Target: median <= 150 ms.
On the screen: from the mouse button's release to the picture's first frame in JupyterLab, preview after each stroke.
Target: p95 <= 200 ms. Also: from a move to its ink on the canvas, and what 1,000 strokes cost in memory and time.
The browser's part needs chromium and playwright; without them it is left out.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from machine import machine

from s2f_helpers.common.paths import ROOT
from s2f_helpers.gan import Generator
from s2f_helpers.studio import Drawing
from s2f_helpers.studio.results import pictures_html
from s2f_helpers.studio.strokes import Stroke

OUTLINE = (
    (96, 52), (60, 66), (30, 112), (58, 130), (74, 108), (74, 214), (182, 214), (182, 108), (198, 130), (226, 112),
    (196, 66), (160, 52), (144, 66), (112, 66), (96, 52),
)  # fmt: skip
RUNS = 60
STROKES = 1000
TARGET = ROOT / "benchmarks" / "results" / "stroke_to_picture.json"
STUDIO = """
from types import SimpleNamespace
from s2f_helpers.gan import Generator
from s2f_helpers.studio import Drawing, Studio
Studio(SimpleNamespace(generator=Generator.load()), Drawing())
"""
WATCH = """
() => {
  const studio = document.querySelector(".s2f-studio"), canvas = studio.querySelector(".s2f-pad canvas");
  window.pictures = []; window.echoes = []; let released = 0;
  canvas.addEventListener("mouseup", () => { released = performance.now(); }, true);
  new MutationObserver(async () => {
    const picture = studio.querySelector(".s2f-made img");
    if (!released || !picture) return;
    const since = released; released = 0;
    await picture.decode();
    requestAnimationFrame(() => requestAnimationFrame(() => window.pictures.push(performance.now() - since)));
  }).observe(studio, { subtree: true, childList: true });
  canvas.addEventListener("mousemove", (event) => {
    if (event.buttons !== 1) return;
    const start = performance.now(), box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    const look = () => {
      const [red] = canvas.getContext("2d").getImageData(x, y, 1, 1).data;
      if (red < 128) window.echoes.push(performance.now() - start);
      else if (performance.now() - start < 3000) requestAnimationFrame(look);
    };
    look();
  }, true);
}
"""


def smooth(points, steps: int = 20):
    """As many points as a mouse gives between two corners."""
    corners = np.array(points, float)
    between = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [a + (b - a) * between for a, b in pairwise(corners)]
    return tuple(map(tuple, np.concatenate([*parts, corners[-1:]])))


def spread(milliseconds) -> dict[str, float]:
    median, high = np.percentile(milliseconds, (50, 95)).round(1).tolist()
    return {"median_ms": median, "p95_ms": high, "runs": len(milliseconds)}


def in_the_kernel() -> dict:
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
        pictures_html(picture, None)
        parts.append((drawn - start, painted - drawn, time.perf_counter() - painted))
    milliseconds = np.array(parts[5:]) * 1000
    names = ("raster", "generator", "payload")
    return {name: spread(column) for name, column in zip(names, milliseconds.T, strict=True)} | {
        "together": spread(milliseconds.sum(1))
    }


def resident_mb() -> float:
    """Memory of this process (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def many_strokes() -> dict:
    """What 1,000 strokes of 40 points cost: memory, the next stroke's raster, and the raster after an undo."""
    before = resident_mb()
    drawing, rng = Drawing(), np.random.default_rng(0)
    for _ in range(STROKES):
        points = np.clip(np.cumsum(rng.normal(0, 4, (40, 2)), 0) + rng.uniform(0, 256, 2), 0, 256).round(1)
        drawing.add(Stroke("pen", "#000000", 2.0, tuple(map(tuple, points.tolist()))))
        drawing.to_sketch()
    grown = resident_mb() - before
    times = []
    for change in (lambda: drawing.add(Stroke("pen", "#000000", 2.0, ((9, 9), (90, 90)))), drawing.undo):
        change()
        start = time.perf_counter()
        drawing.to_sketch()
        times.append(round(1000 * (time.perf_counter() - start), 1))
    return {"strokes": STROKES, "memory_mb": round(grown, 1), "next_stroke_ms": times[0], "undo_ms": times[1]}


def in_the_browser() -> dict:
    sys.path.insert(0, str(ROOT / "tests" / "browser"))
    from lab import chromium, running_lab
    from person import Person, put_notebook

    with tempfile.TemporaryDirectory() as home, running_lab(Path(home)) as lab, chromium() as browser:
        put_notebook(lab, "bench.ipynb", STUDIO)
        context = browser.new_context(viewport={"width": 1360, "height": 1400})
        context.set_default_timeout(120_000)
        person = Person(context.new_page())
        person.open(lab.replace("/lab/tree", "/lab/workspaces/bench/tree").format(notebook="bench.ipynb"))
        person.run_all()
        person.page.evaluate(WATCH)
        person.stroke(*OUTLINE)
        person.panel.locator(".s2f-made img").wait_for()
        for run in range(RUNS // 2):
            person.stroke((80 + 3 * run, 120), (84 + 3 * run, 200), steps=8)
            person.page.wait_for_timeout(700)
        pictures, echoes = person.page.evaluate("[window.pictures, window.echoes]")
    return {"release_to_picture": spread(pictures[2:]), "move_to_ink": spread(echoes)}


def main() -> None:
    results = {"machine": machine(), "in the kernel": in_the_kernel(), "many strokes": many_strokes()}
    try:
        results["in the browser"] = in_the_browser()
    except (ImportError, AssertionError) as error:
        print(f"left out the browser: {error}")
    TARGET.write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
