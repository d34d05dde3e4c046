"""How well the shipped generator does what it is asked, by number of hints.

    python benchmarks/generator_quality.py val    # as often as you like
    python benchmarks/generator_quality.py test   # once, when everything is chosen

For every photo of the split a clean sketch (no roughening) with 0, 5, 15 or 250 hints is painted, and:

ring and region ΔE, masked SSIM, line fidelity, Lite0-KID and Lite0-FID are told (``s2f_helpers.gan.metrics``), and
*bare*: the share of the garment (3 px inside its edge) that is left nearly white though the photo is not.
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
from s2f_helpers.gan.metrics import (
    fid,
    interval,
    kid,
    line_fidelity,
    lite0_features,
    masked_ssim,
    region_error,
    ring_error,
)
from s2f_helpers.sketch import draw_edges, scatter_hints

COUNTS = (0, 5, 15, 250)
PHOTOS = 200
NAMES = ("ring ΔE", "region ΔE", "masked SSIM", "line recall", "line precision", "bare, %")


def bare_share(picture: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0
    return float(((picture.min(2) > 235) & (photo.min(2) < 215))[inner].mean()) if inner.any() else 0.0


def main(split: str = "val") -> None:
    cutouts, generator = load_cutouts(split), Generator.load()
    chosen = np.random.default_rng(0).permutation(len(cutouts))[:PHOTOS]
    print(f"{machine()}\n{len(chosen)} photos of {split}; mean over photos, 95 % interval in brackets")
    photos = [cutouts.image(index) for index in chosen]
    real = lite0_features(photos)
    for count in COUNTS:
        rows, pictures = [], []
        for index, photo in zip(tqdm(chosen, desc=f"{count} hints"), photos, strict=True):
            mask = cutouts.mask(index)
            hints, hint_mask = scatter_hints(photo, mask, count, np.random.default_rng(int(index)))
            sketch = Sketch(cv2.dilate(draw_edges(photo, mask, 80, 160), np.ones((2, 2), np.uint8)), hints, hint_mask)
            picture = generator(sketch, cutouts.categories[index])
            pictures.append(picture)
            rows.append((ring_error(picture, sketch, mask), region_error(picture, photo, mask),
                         masked_ssim(picture, photo, mask), *line_fidelity(picture, sketch),
                         100 * bare_share(picture, photo, mask)))  # fmt: skip
        print(f"{count} hints")
        for name, values in zip(NAMES, np.array(rows).T, strict=True):
            mean, low, high = interval(values)
            print(f"  {name:28}{mean:8.2f}  [{low:.2f}, {high:.2f}]")
        painted = lite0_features(pictures)
        mean, deviation = kid(painted, real)
        print(f"  {'Lite0-KID × 1000':28}{1000 * mean:8.1f}  (subsets ± {1000 * deviation:.1f})")
        print(f"  {'Lite0-FID':28}{fid(painted, real):8.1f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
