"""How ``weights/compression.safetensors`` was made: ``python tools/compress.py`` (a few minutes, needs the photos)."""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import save

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.data import load_cutouts
from s2f_helpers.search.embed import AXES, SHAPE_DIMENSIONS, Embedder, crop_garment

CHUNK = 256
ABOUT = {
    "source": "principal axes of the embeddings of clothing-dataset's train photos (data/splits.csv)",
    "license": "MIT",
    "changes": "float16",
}


def embed_photos() -> np.ndarray:
    """(N, 1880) ``float32`` of the train photos."""
    cutouts, embed = load_cutouts("train"), Embedder.load()
    parts = []
    for start in range(0, len(cutouts), CHUNK):
        places = range(start, min(start + CHUNK, len(cutouts)))
        parts.append(embed([crop_garment(cutouts.image(place), cutouts.mask(place)) for place in places]))
    return np.concatenate(parts)


def main_axes(vectors: np.ndarray, count: int) -> np.ndarray:
    """(D, count): the directions that keep most of the dot products; not centred, for those are not either."""
    _, directions = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    return np.ascontiguousarray(directions[:, ::-1][:, :count])


def main() -> None:
    parts = np.split(embed_photos(), [SHAPE_DIMENSIONS], axis=1)
    axes = {
        name: main_axes(part, count).astype(np.float16) for part, (name, count) in zip(parts, AXES.items(), strict=True)
    }
    atomic_write(WEIGHTS / "compression.safetensors", save(axes, {"about": json.dumps(ABOUT)}))


if __name__ == "__main__":
    main()
