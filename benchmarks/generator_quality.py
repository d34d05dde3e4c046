"""How well the shipped generator does what it is asked, by number of hints.

    python benchmarks/generator_quality.py val    # as often as you like
    python benchmarks/generator_quality.py test   # once, when everything is chosen

For every photo of the split a clean sketch (no roughening) with 0, 5, 15 or 250 hints is painted, and:

- *ring*: colour difference (CIE76) between the asked colour and the picture 3 to 8 px outside each hint;
- *region*: the same between picture and photo, averaged over 16 x 16 px cells inside the garment;
- *bare*: share of the garment (3 px inside its edge) that is left nearly white though the photo is not.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from machine import machine
from tqdm.auto import tqdm

from s2f_helpers import Sketch
from s2f_helpers.data import load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.sketch import draw_edges, scatter_hints

COUNTS = (0, 5, 15, 250)
PHOTOS = 200


def lab(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) ``float32`` CIELAB."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def ring_error(picture: np.ndarray, sketch: Sketch, mask: np.ndarray) -> float:
    """Mean colour difference around the hints; NaN without any."""
    near = cv2.dilate(sketch.hint_mask.astype(np.uint8), np.ones((7, 7)))
    far = cv2.dilate(near, np.ones((11, 11)))
    ring = (far > near) & (cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0)
    count, labels = cv2.connectedComponents(far)
    asked, shown, errors = lab(sketch.hints), lab(picture), []
    for label in range(1, count):
        inside, around = sketch.hint_mask & (labels == label), ring & (labels == label)
        if inside.any() and around.any():
            errors.append(np.linalg.norm(asked[inside].mean(0) - shown[around].mean(0)))
    return float(np.mean(errors)) if errors else float("nan")


def region_error(picture: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    weight = cv2.resize(mask.astype(np.float32), (16, 16), interpolation=cv2.INTER_AREA)
    cells = [lab(cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA)) for image in (picture, photo)]
    return float(np.average(np.linalg.norm(cells[0] - cells[1], axis=2), weights=weight * (weight > 0.9) + 1e-9))


def bare_share(picture: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0
    return float(((picture.min(2) > 235) & (photo.min(2) < 215))[inner].mean()) if inner.any() else 0.0


def main(split: str = "val") -> None:
    cutouts, generator = load_cutouts(split), Generator.load()
    chosen = np.random.default_rng(0).permutation(len(cutouts))[:PHOTOS]
    print(f"{machine()}\n{len(chosen)} photos of {split}; mean over photos")
    print("hints   ring ΔE  region ΔE   bare")
    for count in COUNTS:
        rows = []
        for index in tqdm(chosen, desc=f"{count} hints"):
            photo, mask = cutouts.image(index), cutouts.mask(index)
            hints, hint_mask = scatter_hints(photo, mask, count, np.random.default_rng(int(index)))
            sketch = Sketch(cv2.dilate(draw_edges(photo, mask, 80, 160), np.ones((2, 2), np.uint8)), hints, hint_mask)
            picture = generator(sketch, cutouts.categories[index])
            rows.append((ring_error(picture, sketch, mask), region_error(picture, photo, mask),
                         bare_share(picture, photo, mask)))  # fmt: skip
        table = np.array(rows)
        ring = f"{np.nanmean(table[:, 0]):7.1f}" if np.isfinite(table[:, 0]).any() else "      –"
        print(f"{count:5d}   {ring}  {table[:, 1].mean():9.1f}  {table[:, 2].mean():6.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
