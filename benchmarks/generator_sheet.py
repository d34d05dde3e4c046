"""The sample sheet of the generator's card, ``docs/generator.png``: validation garments and drawn outlines.

Left to right: the sketch with three hints, pictures with 0, 3, 15 and 250 hints, the photo.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from s2f_helpers import Sketch
from s2f_helpers.data import garment_lines, load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.sketch import draw_edges, scatter_hints

TARGET = Path(__file__).parents[1] / "docs" / "generator.png"
PHOTOS, SIDE = 8, 128
DRAWN = (("dress", (30, 120, 60)), ("hoodie", (200, 30, 40)), ("skirt", (240, 180, 40)), ("coat", (40, 60, 150)))


def photo_row(cutouts, generator: Generator, index: int) -> list[np.ndarray]:
    photo, mask = cutouts.image(index), cutouts.mask(index)
    lines = cv2.dilate(draw_edges(photo, mask, 80, 160), np.ones((2, 2), np.uint8))
    sketches = {
        count: Sketch(lines, *scatter_hints(photo, mask, count, np.random.default_rng(index)))
        for count in (0, 3, 15, 250)
    }
    pictures = [generator(sketch, cutouts.categories[index]) for sketch in sketches.values()]
    return [sketches[3].preview(), *pictures, photo]


def drawn_pair(generator: Generator, category: str, color: tuple[int, int, int]) -> list[np.ndarray]:
    lines = garment_lines(category, 3)
    hints, mask = np.zeros((256, 256, 3), np.uint8), np.zeros((256, 256), np.uint8)
    cv2.circle(mask, (118, 150), 5, 1, -1)
    hints[mask > 0] = color
    sketch = Sketch(lines, hints, mask.astype(bool))
    return [sketch.preview(), generator(sketch, category)]


def main() -> None:
    generator, cutouts = Generator.load(), load_cutouts("val")
    chosen = np.random.default_rng(11).permutation(len(cutouts))[:PHOTOS]
    rows = [photo_row(cutouts, generator, int(index)) for index in chosen]
    pairs = [drawn_pair(generator, *drawn) for drawn in DRAWN]
    tiles = [a + b for a, b in zip(rows[: PHOTOS // 2], rows[PHOTOS // 2 :], strict=True)]
    tiles.append([*(tile for pair in pairs for tile in pair), *[np.full((256, 256, 3), 255, np.uint8)] * 4])
    small = [[cv2.resize(tile, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for tile in row] for row in tiles]
    sheet = np.vstack([np.hstack(row) for row in small])
    cv2.imwrite(str(TARGET), sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(TARGET.relative_to(TARGET.parents[1]), f"{TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
