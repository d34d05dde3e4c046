"""How good a generator's pictures of one split are, by number of hints: shared by the benchmarks beside it.

Each photo's sketch has clean lines and so many 3 × 3 points of its colours, the baseline's own kind of hint, so that
every generator is given the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from torch import nn

from s2f_helpers import Sketch
from s2f_helpers.data import category_index
from s2f_helpers.gan.baseline import scatter_points
from s2f_helpers.gan.judge import paint
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
from s2f_helpers.sketch import draw_edges, resize_picture

COUNTS = (0, 5, 15, 250)
PHOTOS = 200
BY_PHOTO = ("ring ΔE", "region ΔE", "masked SSIM", "line recall", "line precision", "bare, %")


@dataclass(frozen=True, eq=False)
class Exam:
    """Photos of a split, ready to be asked for."""

    photos: list[np.ndarray]
    masks: list[np.ndarray]
    categories: list[str]
    lines: list[np.ndarray]
    features: object

    def sketches(self, count: int) -> list[Sketch]:
        return [
            Sketch(lines, *scatter_points(photo, mask, count, np.random.default_rng([count, index])))
            for index, (lines, photo, mask) in enumerate(zip(self.lines, self.photos, self.masks, strict=True))
        ]


def make_exam(cutouts, side: int, photos: int = PHOTOS) -> Exam:
    chosen = np.random.default_rng(0).permutation(len(cutouts))[:photos]
    pairs = [resize_picture(cutouts.image(index), cutouts.mask(index), side) for index in chosen]
    images, masks = ([pair[place] for pair in pairs] for place in (0, 1))
    lines = [cv2.dilate(draw_edges(*pair, 80, 160), np.ones((2, 2), np.uint8)) for pair in pairs]
    categories = [cutouts.categories[index] for index in chosen]
    return Exam(images, masks, categories, lines, lite0_features(images))


def bare_share(picture: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    """Share of the garment, 3 px inside its edge, that is left nearly white though the photo is not; in percent."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0
    return 100 * float(((picture.min(2) > 235) & (photo.min(2) < 215))[inner].mean()) if inner.any() else 0.0


def take(exam: Exam, net: nn.Module, count: int) -> dict[str, tuple[float, float, float]]:
    """Scores by name: (mean, low, high), the 95 % bootstrap interval; KID's is ± two deviations of its subsets."""
    sketches = exam.sketches(count)
    pictures = paint(net, sketches, [category_index(category) for category in exam.categories])
    rows = [
        (ring_error(picture, sketch, mask), region_error(picture, photo, mask), masked_ssim(picture, photo, mask),
         *line_fidelity(picture, sketch), bare_share(picture, photo, mask))
        for picture, photo, mask, sketch in zip(pictures, exam.photos, exam.masks, sketches, strict=True)
    ]  # fmt: skip
    scores = {name: interval(values) for name, values in zip(BY_PHOTO, np.array(rows).T, strict=True)}
    painted = lite0_features(pictures)
    mean, deviation = (1000 * value for value in kid(painted, exam.features))
    distance = fid(painted, exam.features)
    return scores | {
        "Lite0-KID × 1000": (mean, mean - 2 * deviation, mean + 2 * deviation),
        "Lite0-FID": (distance, distance, distance),
    }


def show(title: str, scores: dict[str, tuple[float, float, float]], say: Callable[[str], None] = print) -> None:
    say(title)
    for name, (mean, low, high) in scores.items():
        say(f"  {name:20}{mean:9.3f}  [{low:.3f}, {high:.3f}]")
