"""Paints the drawings of ``data/drawings`` and writes them down as ``docs/hand_drawings.png``.

Drawing with its dots, picture; three pairs a category, two categories a row. For each drawing and as means are told:

*ring ΔE*, the colour difference (CIE76) between a dot and the picture 3 to 8 px outside of it, and *line recall*
and *precision* (``s2f_helpers.gan.metrics``). What counts as garment is what the drawing's own lines enclose.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from machine import machine
from PIL import Image

from s2f_helpers import Sketch
from s2f_helpers.common.paths import DATA, ROOT
from s2f_helpers.data import category_ids
from s2f_helpers.gan import Generator
from s2f_helpers.gan.metrics import interval, line_fidelity, ring_error
from s2f_helpers.sketch import silhouette
from s2f_helpers.studio import Drawing

TARGET = ROOT / "docs" / "hand_drawings.png"
EACH, SIDE, PAIRS_A_ROW = 3, 128, 6
RIM = (150, 150, 150)
NAMES = ("ring ΔE", "line recall", "line precision")


def rimmed(sketch: Sketch) -> np.ndarray:
    """The drawing with a grey rim around its dots: a white one would not show on the paper."""
    dots = sketch.hint_mask.astype(np.uint8)
    drawing = sketch.preview()
    drawing[(cv2.dilate(dots, np.ones((3, 3), np.uint8)) > dots) & (sketch.lines == 0)] = RIM
    return drawing


def pair(sketch: Sketch, picture: np.ndarray) -> np.ndarray:
    tiles = [cv2.resize(tile, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for tile in (rimmed(sketch), picture)]
    return np.pad(np.hstack(tiles), ((4, 4), (4, 4), (0, 0)), constant_values=255)


def write_sheet(pairs: list[np.ndarray], path: Path) -> None:
    pairs = pairs + [np.full_like(pairs[0], 255)] * (-len(pairs) % PAIRS_A_ROW)
    rows = [np.hstack(pairs[start : start + PAIRS_A_ROW]) for start in range(0, len(pairs), PAIRS_A_ROW)]
    sheet = Image.fromarray(np.vstack(rows))
    sheet.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1).save(path, optimize=True)


def main() -> None:
    generator = Generator.load()
    drawn = [(category, number) for category in category_ids() for number in range(1, EACH + 1)]
    print(f"{machine()}\n{len(drawn)} drawings\n{'':14}" + "".join(f"{name:>16}" for name in NAMES))
    rows, pairs = [], []
    for category, number in drawn:
        sketch = Drawing.load(DATA / "drawings" / f"{category}-{number}.json").to_sketch()
        picture = generator(sketch, category)
        rows.append((ring_error(picture, sketch, silhouette(sketch)), *line_fidelity(picture, sketch)))
        pairs.append(pair(sketch, picture))
        print(f"{category}-{number}".ljust(14) + "".join(f"{value:16.2f}" for value in rows[-1]), flush=True)
    print("mean, 95 % interval in brackets")
    for name, values in zip(NAMES, np.array(rows).T, strict=True):
        mean, low, high = interval(values)
        print(f"  {name:16}{mean:8.2f}  [{low:.2f}, {high:.2f}]")
    write_sheet(pairs, TARGET)
    print(TARGET.relative_to(ROOT), f"{TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
