"""How well the shipped generator does what it is asked, by number of hints.

    python benchmarks/generator_quality.py val    # as often as you like
    python benchmarks/generator_quality.py test   # once, when everything is chosen

Clean lines, so many 3 × 3 points; the scores are ``s2f_helpers.gan.metrics``', and *bare* is the share of the garment
that is left white. Then perceptual distance at 15 points, masked SSIM per garment type at 250, and how far five
candidates differ.
"""

from __future__ import annotations

import sys

import numpy as np
from machine import machine
from scores import COUNTS, Exam, make_exam, show, take

from s2f_helpers.data import category_ids, load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.gan.metrics import diversity, interval, masked_ssim, perceptual_distance

CANDIDATES, DRAWN = 5, 24


def perceptual(generator: Generator, exam: Exam) -> None:
    """HED's eyes are slow, so on fewer photos."""
    asked = list(zip(exam.sketches(15), exam.photos, exam.categories, strict=True))[: 2 * DRAWN]
    distances = [perceptual_distance(generator(sketch, category), photo) for sketch, photo, category in asked]
    mean, low, high = interval(distances)
    print(f"perceptual distance to the photo, 15 points, n = {len(distances)}: {mean:.3f} [{low:.3f}, {high:.3f}]")


def by_type(generator: Generator, exam: Exam) -> None:
    print("masked SSIM by type, 250 points")
    found = {category: [] for category in category_ids()}
    for sketch, photo, mask, category in zip(exam.sketches(250), exam.photos, exam.masks, exam.categories, strict=True):
        found[category].append(masked_ssim(generator(sketch, category), photo, mask))
    for category, values in found.items():
        mean, low, high = interval(values)
        print(f"  {category:12} n = {len(values):3}  {mean:.3f}  [{low:.3f}, {high:.3f}]")


def candidates(generator: Generator, exam: Exam, count: int) -> None:
    styles = generator.styles(CANDIDATES)
    sketches = exam.sketches(count)[:DRAWN]
    spread = [
        diversity([generator(sketch, category, style) for style in styles])
        for sketch, category in zip(sketches, exam.categories, strict=False)
    ]
    mean, low, high = interval(spread)
    print(
        f"diversity of {CANDIDATES} candidates, {count} points, n = {len(spread)}: {mean:.3f} [{low:.3f}, {high:.3f}]"
    )


def main(split: str = "val") -> None:
    generator, exam = Generator.load(), make_exam(load_cutouts(split), 256)
    print(f"{machine()}\n{len(exam.photos)} photos of {split}; mean over photos, 95 % interval in brackets")
    for count in COUNTS:
        show(f"{count} points", take(exam, generator.net, count))
    perceptual(generator, exam)
    by_type(generator, exam)
    for count in (0, 5):
        candidates(generator, exam, count)
    pairs = np.random.default_rng(0).permutation(len(exam.photos))[: 2 * DRAWN].reshape(-1, 2)
    mean, low, high = interval([diversity([exam.photos[one], exam.photos[other]]) for one, other in pairs])
    print(f"for scale: two different photos {mean:.3f} [{low:.3f}, {high:.3f}]")


if __name__ == "__main__":
    main(*sys.argv[1:2])
