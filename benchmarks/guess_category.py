"""What a drawing is of: the vote of the nearest garments' outlines, and the detector's name for the painted drawing.

``python benchmarks/guess_category.py [split]``: drawings made of photos of one split (val by default), as many of each
category, drawn as a training hand draws them; and the drawings of ``data/drawings``.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import groupby

import numpy as np
from machine import machine

from s2f_helpers.common.paths import DATA, ROOT
from s2f_helpers.data import category_ids, load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.segment import Segmenter
from s2f_helpers.sketch import draw_by_hand
from s2f_helpers.studio import Drawing
from s2f_helpers.studio.shapes import Shapes

EACH = 25
NEIGHBORS = 9  # of 5, 9, 15, 25, 40 and 80 the best on val
TARGET = ROOT / "benchmarks" / "results" / "guess_category.json"


def drawn_from_photos(split: str):
    cutouts = load_cutouts(split)
    order = sorted(range(len(cutouts)), key=lambda place: (cutouts.categories[place], cutouts.ids[place]))
    for category, places in groupby(order, key=lambda place: cutouts.categories[place]):
        for place in list(places)[:EACH]:
            image, mask = cutouts.image(place), cutouts.mask(place)
            yield category, draw_by_hand(image, mask, np.random.default_rng(place))


def drawn_by_hand():
    for path in sorted((DATA / "drawings").glob("*.json")):
        yield path.stem.rsplit("-", 1)[0], Drawing.load(path).to_sketch()


def vote(shapes: Shapes, lines: np.ndarray) -> str:
    """The category that most of the garments with the nearest outlines have, the nearer counting more."""
    votes = np.zeros(len(category_ids()))
    for place, number in enumerate(shapes.alike(lines, NEIGHBORS)):
        votes[shapes.categories[number]] += 1 / (place + 2)
    return category_ids()[votes.argmax()]


def measure(sketches, shapes: Shapes, generator: Generator, segmenter: Segmenter) -> dict:
    hits, took = {"outlines": [], "detector": []}, []
    for category, sketch in sketches:
        start = time.perf_counter()
        hits["outlines"].append(vote(shapes, sketch.lines) == category)
        took.append(time.perf_counter() - start)
        found = segmenter(generator(sketch))
        hits["detector"].append(bool(found) and found[0].category == category)
    shares = {name: round(float(np.mean(right)), 3) for name, right in hits.items()}
    return {"drawings": len(took), **shares, "outlines_ms": round(1000 * float(np.median(took)), 1)}


def main() -> None:
    split = sys.argv[1] if len(sys.argv) > 1 else "val"
    parts = Shapes.load(), Generator.load(), Segmenter.load()
    results = {"machine": machine(), "chance": round(1 / len(category_ids()), 3)}
    for name, sketches in ((split, drawn_from_photos(split)), ("data/drawings", drawn_by_hand())):
        results[name] = measure(sketches, *parts)
        print(name, results[name], flush=True)
    TARGET.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
