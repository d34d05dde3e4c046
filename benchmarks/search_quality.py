"""How good is the visual search? Queries come from senders whose photos nothing was trained on.

    python benchmarks/search_quality.py         # val: for choices, as often as you like
    python benchmarks/search_quality.py test    # once, when everything is chosen; writes the JSON

Each query photo's sketch (its clean lines) gets 0 to 250 dots, the generator paints it without being told the
category, and the painting is looked up among all open photos, without filter or hint.

*P@k*: share of the first k photos that are of the query's category, those of the query's own sender left out. *color
error*: mean CIE76 distance between the mean colours of query photo and result, over the first 5. *R@k*: share of
queries whose very own photo is among the first k of all photos. Brackets: 95 % bootstrap intervals.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from machine import machine

from s2f_helpers import Sketch
from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import DATA
from s2f_helpers.data import Cutouts, category_ids, load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.gan.metrics import interval
from s2f_helpers.search import COLOR_WEIGHT, Crop, Embedder, crop_garment, project
from s2f_helpers.search.embed import AXES, KIND_WEIGHT, KINDS, PARTS, weigh
from s2f_helpers.sketch import draw_edges, make_sketch, scatter_hints
from s2f_helpers.studio import Drawing

RESULT = Path(__file__).parent / "results" / "search_quality.json"
CHUNK, KS, RECALL_KS, FIRST = 64, (1, 5, 10), (1, 10, 100), 5
DOTS = (0, 5, 15, 250)
COLOR_WEIGHTS = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)
KIND_WEIGHTS = (0.0, 0.25, 0.5, 0.6, 0.75, 1.0)
CLOSE_COLOR = 20.0
LAST, MIDDLE = PARTS["last layer"], PARTS["middle layer"]
OWN = "the photo itself"


@dataclass(frozen=True, eq=False)
class Gallery:
    """Pictures and their vectors: the (N, 7368) that the network sees, and what else is known of them.

    Attributes:
        colors: (N, 3) mean CIELAB of the garment in the photo.
        own: (N,) row of each one's own photo among all photos; -1 for none.
    """

    vectors: np.ndarray
    categories: np.ndarray
    senders: np.ndarray
    colors: np.ndarray
    own: np.ndarray

    def take(self, places: np.ndarray) -> Gallery:
        return Gallery(*(getattr(self, field.name)[places] for field in fields(self)))

    @cached_property
    def kept(self) -> np.ndarray:
        """(N, 256): what an index keeps of them."""
        return project(self.vectors)


def embed_all(crops: Iterable[Crop]) -> np.ndarray:
    embed, rows, waiting = Embedder.load(), [], []
    for crop in crops:
        waiting.append(crop)
        if len(waiting) == CHUNK:
            rows.append(embed(waiting))
            waiting = []
    return np.concatenate([*rows, embed(waiting)] if waiting else rows)


def mean_color(crop: Crop) -> np.ndarray:
    """(3,) CIELAB."""
    return cv2.cvtColor(crop.image[crop.mask][None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0].mean(axis=0)


def photo_gallery(cutouts: Cutouts) -> Gallery:
    colors = []

    def crops():
        for place in range(len(cutouts)):
            crop = crop_garment(cutouts.image(place), cutouts.mask(place))
            colors.append(mean_color(crop))
            yield crop

    vectors = embed_all(crops())
    senders = np.array([photo.group for photo in cutouts.photos])
    return Gallery(vectors, np.array(cutouts.categories), senders, np.array(colors), np.arange(len(vectors)))


def clean_sketch(image: np.ndarray, mask: np.ndarray, dots: int, rng: np.random.Generator) -> Sketch:
    lines = cv2.dilate(draw_edges(image, mask, 80, 160), np.ones((2, 2), np.uint8))
    return Sketch(lines, *scatter_hints(image, mask, dots, rng))


def ask(photos: Gallery, cutouts: Cutouts, places: np.ndarray) -> dict[str, Gallery]:
    """The same garments asked for in several ways."""
    paint = Generator.load()
    some = photos.take(places)

    def made(picture: Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]) -> Gallery:
        def crops():
            for place in places:
                rng = np.random.default_rng([1, place])
                yield crop_garment(picture(cutouts.image(place), cutouts.mask(place), rng))

        return replace(some, vectors=embed_all(crops()))

    asked = {OWN: some, "its lines": made(lambda *photo: clean_sketch(*photo[:2], 0, photo[2]).preview())}
    for dots in DOTS:
        asked[f"painted, {dots} dots"] = made(lambda i, m, rng, dots=dots: paint(clean_sketch(i, m, dots, rng)))
    asked["painted, a hand's lines, 15 dots"] = made(lambda i, m, rng: paint(make_sketch(i, m, 15, rng)))
    return asked


def hand_drawings() -> Gallery:
    """The drawings of ``data/drawings``, painted; they have no photo, so no colour error and no recall."""
    paint = Generator.load()
    files = [(kind, DATA / "drawings" / f"{kind}-{number}.json") for kind in category_ids() for number in (1, 2, 3)]
    vectors = embed_all(crop_garment(paint(Drawing.load(file).to_sketch())) for _, file in files)
    kinds, nobody, nothing = np.array([kind for kind, _ in files]), np.full(len(files), ""), np.full(len(files), -1)
    return Gallery(vectors, kinds, nobody, np.full((len(files), 3), np.nan), nothing)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def shipped(query: Gallery, items: Gallery, color_weight: float = COLOR_WEIGHT) -> np.ndarray:
    """(Q, N) similarities as the index computes them."""
    return np.stack([weigh(vector, color_weight) for vector in query.kept]) @ items.kept.T


def mixed(query: Gallery, items: Gallery, kind_weight: float) -> np.ndarray:
    """The same with another share of the kinds in the shape."""
    parts = [np.split(side.kept, [KINDS, AXES["shape"]], axis=1) for side in (query, items)]
    kinds, looks, colors = (one @ other.T for one, other in zip(*parts, strict=True))
    shape = kind_weight / KIND_WEIGHT * kinds + (1 - kind_weight) / (1 - KIND_WEIGHT) * looks
    return (1 - COLOR_WEIGHT) * shape + COLOR_WEIGHT * colors


def unlearnt(query: Gallery, items: Gallery, columns: slice, centered: bool) -> np.ndarray:
    """Cosines of what the network sees, without the projection; each side may lose its own mean."""
    sides = [side.vectors[:, columns] for side in (query, items)]
    sides = [unit(side - side.mean(axis=0) if centered else side) for side in sides]
    colors = [side.vectors[:, -PARTS["color"] :] for side in (query, items)]
    return (1 - COLOR_WEIGHT) * sides[0] @ sides[1].T + COLOR_WEIGHT * colors[0] @ colors[1].T


@dataclass(frozen=True, eq=False)
class Scores:
    """One value a query each: P@k and R@k by k, colour error, and share of the first 5 of like kind *and* colour."""

    precision: dict[int, np.ndarray]
    recall: dict[int, np.ndarray]
    color_error: np.ndarray
    both: np.ndarray


def score(similarity: np.ndarray, query: Gallery, items: Gallery) -> Scores:
    own = np.take_along_axis(similarity, np.maximum(query.own, 0)[:, None], axis=1)
    place = np.where(query.own < 0, np.nan, (similarity > own).sum(axis=1))
    others = np.where(items.senders == query.senders[:, None], -np.inf, similarity)
    best = np.argsort(-others, axis=1)[:, : max(KS)]
    hits = items.categories[best] == query.categories[:, None]
    errors = np.linalg.norm(query.colors[:, None] - items.colors[best[:, :FIRST]], axis=2)
    return Scores(
        {k: hits[:, :k].mean(axis=1) for k in KS},
        {k: np.where(np.isnan(place), np.nan, place < k) for k in RECALL_KS},
        errors.mean(axis=1),
        (hits[:, :FIRST] & (errors < CLOSE_COLOR)).mean(axis=1),
    )


def told(values: np.ndarray, digits: int = 2) -> str:
    mean, low, high = interval(values)
    return "" if np.isnan(mean) else f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def row(name: str, scores: Scores) -> dict[str, str]:
    cells = {f"P@{k}": told(values) for k, values in scores.precision.items()}
    cells["color error"] = told(scores.color_error, 1)
    return {"query": name} | cells | {f"R@{k}": told(values) for k, values in scores.recall.items()}


def short_row(name: str, similar: Callable, asked: dict[str, Gallery], items: Gallery) -> dict[str, object]:
    """One line of the ablation: photos by category, paintings by their own photo too."""
    cells = {"search": name}
    for query, what in ((OWN, "photo"), ("painted, 15 dots", "15 dots"), ("painted, 250 dots", "250 dots")):
        scores = score(similar(asked[query], items), asked[query], items)
        cells[f"P@5, {what}"] = round(float(scores.precision[5].mean()), 3)
        if query != OWN:
            cells[f"R@1, {what}"], cells[f"R@10, {what}"] = (round(float(scores.recall[k].mean()), 3) for k in (1, 10))
    return cells


def ablation(asked: dict[str, Gallery], items: Gallery) -> list[dict]:
    last, middle, shape = slice(LAST), slice(LAST, LAST + MIDDLE), slice(LAST + MIDDLE)
    variants = {
        "as it is": shipped,
        "last layer, as the network gives it": lambda q, i: unlearnt(q, i, last, False),
        "last layer, each side centred": lambda q, i: unlearnt(q, i, last, True),
        "middle layer, as the network gives it": lambda q, i: unlearnt(q, i, middle, False),
        "middle layer, each side centred": lambda q, i: unlearnt(q, i, middle, True),
        "both layers, each side centred": lambda q, i: unlearnt(q, i, shape, True),
        "learnt kinds alone": lambda q, i: mixed(q, i, 1.0),
        "learnt looks alone": lambda q, i: mixed(q, i, 0.0),
        "shape alone": lambda q, i: shipped(q, i, 0.0),
        "colour alone": lambda q, i: shipped(q, i, 1.0),
    }
    return [short_row(name, similar, asked, items) for name, similar in variants.items()]


def weights(asked: dict[str, Gallery], items: Gallery) -> dict[str, list[dict]]:
    """What the two weights were chosen by."""
    by_kind = [short_row(f"kinds {w:g}", lambda q, i, w=w: mixed(q, i, w), asked, items) for w in KIND_WEIGHTS]
    by_color = []
    for weight in COLOR_WEIGHTS:
        cells = {"colour weight": weight}
        for name in (OWN, "painted, 15 dots"):
            scores = score(shipped(asked[name], items, weight), asked[name], items)
            values = {"P@5": scores.precision[5], "color error": scores.color_error, "both": scores.both}
            cells |= {f"{key}, {name}": round(float(value.mean()), 3) for key, value in values.items()}
        by_color.append(cells)
    return {"share of the kinds in the shape": by_kind, "weight of colour": by_color}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("split", nargs="?", default="val", choices=("val", "test"))
    parser.add_argument("--queries", type=int, default=320)
    options = parser.parse_args()
    cutouts = load_cutouts()
    photos = photo_gallery(cutouts)
    here = np.flatnonzero([photo.split == options.split for photo in cutouts.photos])
    asked = ask(photos, cutouts, np.random.default_rng(0).permutation(here)[: options.queries])
    main_table = [row(name, score(shipped(q, photos), q, photos)) for name, q in asked.items()]
    drawn = hand_drawings()
    main_table.append(row("39 hand drawings, painted", score(shipped(drawn, photos), drawn, photos)))
    unseen = np.flatnonzero([photo.split != "train" for photo in cutouts.photos])
    fewer = photos.take(unseen)
    query = replace(asked[OWN], own=np.full(len(asked[OWN].own), -1))
    table = score(shipped(query, fewer), query, fewer)
    main_table.append(row("the photo itself, among photos that nothing was trained on", table))
    result = {
        "machine": machine(),
        "queries": f"{options.queries} photos of {options.split} senders; {len(photos.vectors)} photos to find",
        "Found, by what is asked with": main_table,
        "What helps": ablation(asked, photos),
        **weights(asked, photos),
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    if options.split == "test":
        atomic_write(RESULT, json.dumps(result, indent=1, ensure_ascii=False).encode() + b"\n")


if __name__ == "__main__":
    main()
