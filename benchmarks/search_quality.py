"""How good and how fast is the visual search? Queries and index come from different senders.

    python benchmarks/search_quality.py [--queries 400] [--items 1500]

Category P@1 and P@5: share of the first 1 or 5 results of the query's category. Colour error: mean CIE76
distance in CIELAB between the mean garment colours of query and result, over the first 5. Both: share of
the first 5 with the query's category and a colour error under 20. All on the validation split against the
training split; nothing here looks at test.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import time

import cv2
import numpy as np
import torch

from s2f_helpers.data import Cutouts, load_cutouts
from s2f_helpers.search import COLOR_WEIGHT, Crop, Embedder, color_histogram, compress, crop_garment
from s2f_helpers.search.embed import weigh

WEIGHTS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)
CLOSE_COLOR = 20.0
POOLINGS = {"mean": 1.0, "GeM 3": 3.0}
SIDES = (160, 192, 224)


def sample(cutouts: Cutouts, count: int) -> tuple[list[int], np.ndarray]:
    """Places of a fixed random sample, and the categories there."""
    chosen = np.random.default_rng(0).permutation(len(cutouts))[:count]
    return chosen.tolist(), np.array(cutouts.categories)[chosen]


def crops_of(cutouts: Cutouts, places: list[int], side: int) -> list[Crop]:
    return [crop_garment(cutouts.image(place), cutouts.mask(place), side) for place in places]


def mean_color(crop: Crop) -> np.ndarray:
    """(3,) CIELAB."""
    pixels = crop.image[crop.mask].astype(np.float32)[None] / 255
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0].mean(axis=0)


def score(similarity: np.ndarray, query_labels, item_labels, query_colors, item_colors) -> str:
    """One table cell group: P@1, P@5, colour error, both."""
    best = np.argsort(-similarity, axis=1)[:, :5]
    hits = item_labels[best] == query_labels[:, None]
    errors = np.linalg.norm(query_colors[:, None] - item_colors[best], axis=2)
    both = (hits & (errors < CLOSE_COLOR)).mean()
    return f"{hits[:, 0].mean():6.3f} {hits.mean():6.3f} {errors.mean():13.1f} {both:6.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--items", type=int, default=1500)
    options = parser.parse_args()

    validation, training = load_cutouts("val"), load_cutouts("train")
    queries, query_labels = sample(validation, options.queries)
    items, item_labels = sample(training, options.items)
    print(f"{datetime.date.today()}, {platform.machine()}, {torch.get_num_threads()} thread(s)")
    print(f"torch {torch.__version__}; {len(queries)} val queries against {len(items)} train items")
    print(f"{'variant':28s}    P@1    P@5  colour error   both   crops/s")
    for side in SIDES:
        query_crops, item_crops = crops_of(validation, queries, side), crops_of(training, items, side)
        labels = query_labels, item_labels
        colors = [np.stack([mean_color(crop) for crop in crops]) for crops in (query_crops, item_crops)]
        for pooling, power in POOLINGS.items():
            embedder = Embedder(power)
            start = time.perf_counter()
            shapes = [embedder.shapes(crops) for crops in (query_crops, item_crops)]
            speed = (len(query_crops) + len(item_crops)) / (time.perf_counter() - start)
            shape_similarity = shapes[0] @ shapes[1].T
            name = f"shape, {pooling}, {side} px"
            print(f"{name:28s} {score(shape_similarity, *labels, *colors)} {speed:9.1f}")
    # The last round is the default: 224 px, GeM.
    histograms = [np.stack([color_histogram(crop) for crop in crops]) for crops in (query_crops, item_crops)]
    color_similarity = histograms[0] @ histograms[1].T
    for weight in WEIGHTS:
        both = (1 - weight) * shape_similarity + weight * color_similarity
        name = f"colour weight {weight}" + (" (default)" if weight == COLOR_WEIGHT else "")
        print(f"{name:28s} {score(both, *labels, *colors)}")
    pairs = zip(shapes, histograms, strict=True)
    short = [compress(np.concatenate(pair, axis=1)) for pair in pairs]  # what an index keeps
    both = np.stack([weigh(vector) for vector in short[0]]) @ short[1].T
    print(f"{'256 numbers, default weight':28s} {score(both, *labels, *colors)}")


if __name__ == "__main__":
    main()
