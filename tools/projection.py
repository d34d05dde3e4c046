"""How ``weights/projection.safetensors`` was made: ``python tools/projection.py`` (minutes, needs the photos).

Run it again when the generator's weights change: what the generator paints is half of what is learnt from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import torch
from safetensors.numpy import save
from torch.nn import functional

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.progress import progress
from s2f_helpers.data import Cutouts, category_ids, category_index, load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.search.embed import AXES, GRID, KINDS, PARTS, Crop, Embedder, crop_garment
from s2f_helpers.sketch import make_sketch

CHUNK = 64
PAIRS = 1400
DOTS = (0, 5, 15, 50, 250)
LAYER_WEIGHTS = {"last layer": 1.0, "middle layer": 2.0}
DECAY, SMOOTHING, STEPS = 3e-5, 0.05, 80
MAIN_AXES, SHRINKAGE = 512, 0.3
"""Chosen on val, as the layers, the grid and the two layers' weights were: benchmarks/search_quality.py val."""
ABOUT = {
    "source": "clothing-dataset's train photos (data/splits.csv) and what the generator paints from their sketches",
    "license": "MIT",
    "changes": "float16",
}


def embed_all(crop: Callable[[int], Crop], places: Sequence[int], what: str) -> np.ndarray:
    """(N, 7368) ``float32``, a row for each place."""
    chunks = [places[start : start + CHUNK] for start in range(0, len(places), CHUNK)]
    embed, chunks = Embedder.load(), progress(chunks, what=what, unit="chunk")
    return np.concatenate([embed([crop(place) for place in chunk]) for chunk in chunks])


def embed_paintings(cutouts: Cutouts, places: Sequence[int]) -> np.ndarray:
    """What the generator makes of hand-like sketches of these photos, with 0 to 250 dots and no category."""
    generator = Generator.load()

    def crop(place: int) -> Crop:
        rng = np.random.default_rng([5, place])
        dots = int(rng.choice(DOTS))
        sketch = make_sketch(cutouts.image(place), cutouts.mask(place), dots, rng)
        return crop_garment(generator(sketch))

    return embed_all(crop, places, "paintings")


def mirrored(shapes: np.ndarray) -> np.ndarray:
    """About what the mirrored pictures would give: the middle layer's places change sides."""
    last, middle = np.split(shapes, [PARTS["last layer"]], axis=1)
    places = middle.reshape(len(middle), -1, GRID, GRID)[..., ::-1]
    return np.concatenate([last, places.reshape(middle.shape)], axis=1)


def fit_kinds(shapes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(D + 1, 13): logistic regression of the category, the offsets last."""
    rows = torch.tensor(np.pad(shapes, ((0, 0), (0, 1)), constant_values=1.0), dtype=torch.float32)
    weights = torch.zeros(rows.shape[1], KINDS, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        wrong = functional.cross_entropy(rows @ weights, torch.tensor(labels), label_smoothing=SMOOTHING)
        total = wrong + DECAY * weights[:-1].square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    return weights.detach().numpy()


def fit_looks(photos: np.ndarray, own: np.ndarray, paintings: np.ndarray) -> np.ndarray:
    """(D + 1, 179): the directions in which garments differ much, and a photo and its painting little.

    Linear discriminant analysis in which each garment is a class of its own.

    Args:
        photos: (N, D) all of them.
        own: (P, D) those that were painted.
        paintings: (P, D), in the same order.
    """
    rows = np.concatenate([photos, paintings])
    middle = (photos.mean(axis=0) + paintings.mean(axis=0)) / 2
    torch.manual_seed(0)
    basis = torch.pca_lowrank(torch.tensor(rows - middle, dtype=torch.float32), MAIN_AXES, center=False)[2].numpy()
    spread = np.cov((rows - middle) @ basis, rowvar=False)
    apart = (paintings - own) @ basis
    within = apart.T @ apart / len(apart) / 2
    within += SHRINKAGE * np.trace(spread) / MAIN_AXES * np.eye(MAIN_AXES)
    sizes, turned = np.linalg.eigh(within)
    whiten = turned / np.sqrt(sizes)
    best = np.linalg.eigh(whiten.T @ spread @ whiten)[1][:, ::-1][:, : AXES["shape"] - KINDS]
    directions = basis @ whiten @ best
    return np.vstack([directions, -middle @ directions])


def main_axes(vectors: np.ndarray, count: int) -> np.ndarray:
    """(D, count): the directions that keep most of the dot products; not centred, for those are not either."""
    _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return np.ascontiguousarray(directions[:, ::-1][:, :count])


def learn(photos: np.ndarray, paintings: np.ndarray, own: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """The projection's tensors from vectors of :class:`Embedder`.

    Args:
        photos: (N, 7368).
        paintings: (P, 7368).
        own: (P,) places of their photos.
        labels: (N,) the photos' categories.
    """
    shapes, painted = (rows[:, : -PARTS["color"]] for rows in (photos, paintings))
    center = shapes.mean(axis=0)
    scale = np.concatenate([
        weight / np.sqrt(PARTS[layer]) / (part.std(axis=0) + 0.1 * part.std())
        for (layer, weight), part in zip(LAYER_WEIGHTS.items(), np.split(shapes, [PARTS["last layer"]], 1), strict=True)
    ])  # fmt: skip
    even, turned, drawn = ((rows - center) * scale for rows in (shapes, mirrored(shapes), painted))
    kinds = fit_kinds(np.concatenate([even, turned, drawn]), np.concatenate([labels, labels, labels[own]]))
    learnt = np.hstack([kinds, fit_looks(even, even[own], drawn)])
    shape = (learnt[:-1] * scale[:, None]).astype(np.float16)
    offset = learnt[-1] - center @ shape.astype(np.float32)
    axes = main_axes(photos[:, -PARTS["color"] :], AXES["color"])
    return {"shape": shape, "offset": offset.astype(np.float32), "color": axes.astype(np.float16)}


def main() -> None:
    assert len(category_ids()) == KINDS
    cutouts = load_cutouts("train")
    labels = np.array([category_index(category) for category in cutouts.categories])
    own = np.random.default_rng(0).permutation(len(cutouts))[:PAIRS]
    photos = embed_all(lambda at: crop_garment(cutouts.image(at), cutouts.mask(at)), range(len(cutouts)), "photos")
    tensors = learn(photos, embed_paintings(cutouts, own), own, labels)
    atomic_write(WEIGHTS / "projection.safetensors", save(tensors, {"about": json.dumps(ABOUT)}))


if __name__ == "__main__":
    main()
