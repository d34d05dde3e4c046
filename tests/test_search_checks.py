"""The self-checks of notebook 06 against their solutions and the wrong answers that learners plausibly give."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from s2f_helpers.common.pictures import read
from s2f_helpers.common.types import Garment, Product
from s2f_helpers.search import Item
from s2f_helpers.search.checks import check_fair, check_hub, check_items, check_wardrobe
from s2f_helpers.search.providers import Limits, Secret
from s2f_helpers.search.providers.reply import listed, plain, price, rows
from s2f_helpers.search.providers.web import ask, cut_out, jpeg


def others(hits, sender):
    return [kind for who, kind in hits if who != sender]


FAIR = {
    "right": (lambda hits, who, kind, k: np.mean([seen == kind for seen in others(hits, who)[:k]]), "Right:"),
    "nobody left out": (lambda hits, who, kind, k: np.mean([seen == kind for _, seen in hits[:k]]), "still counted"),
    "cut first": (lambda hits, who, kind, k: np.mean([s == kind for s in others(hits[:k], who)]), "took their places"),
    "own as misses": (lambda hits, who, kind, k: others(hits[:k], who).count(kind) / k, "took their places"),
    "all hits": (
        lambda hits, who, kind, k: others(hits, who).count(kind) / k,
        "have the category, and your P@5 is 1.00",
    ),
    "a count": (lambda hits, who, kind, k: others(hits, who)[:k].count(kind), "your P@5 is 3.00"),
}


@pytest.mark.parametrize("name", FAIR)
def test_fair(name, capsys):
    function, said = FAIR[name]
    assert check_fair(function) is (name == "right")
    assert said in capsys.readouterr().out


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


SHAPES = unit(np.random.default_rng(1).normal(size=(80, 300)) + 1)  # as with real ones, no cosine is near 0
HUBS = {
    "right": (unit(SHAPES.mean(0)), "Right:"),
    "copied from a real one": (SHAPES[0], "the best placed real one"),
    "chance": (unit(np.random.default_rng(2).normal(size=300)), "of 0 garments of 80"),
    "as long as can be": (100 * SHAPES.mean(0), "of length 1"),
    "a mean that lost its length": (SHAPES.mean(0), "of length 1"),
    "a mean a garment": (unit(SHAPES.mean(1)), "array of shape (80,)"),
}


@pytest.mark.parametrize("name", HUBS)
def test_hub(name, capsys):
    vector, said = HUBS[name]
    assert check_hub(vector, SHAPES) is (name == "right")
    assert said in capsys.readouterr().out


@dataclass(frozen=True)
class Wardrobe:
    """Right as it stands; each class below errs in one thing."""

    url: str
    key: Secret
    limits: Limits = field(default_factory=Limits)
    name = "wardrobe"

    def shown(self, image, hint):
        return cut_out(image, hint)

    def cost(self, hit):
        return price(hit.get("cents"), hit.get("money"), minor_units=True)

    def finish(self, products):
        return listed("wardrobe", products)

    def search(self, image, limit=8, hint=None):
        picture = jpeg(self.shown(image, hint), 512, 200_000)
        headers = {"X-Wardrobe-Key": self.key, "Content-Type": "image/jpeg"}
        place, count = f"{self.url}/wardrobe/similar", {"count": self.count(limit)}
        hits = rows(ask(self, "POST", place, headers, count, data=picture), "hits")
        found = [Product(plain(hit.get("label")), hit.get("page"), **self.cost(hit)) for hit in hits]
        return self.finish(found)[:limit]

    def count(self, limit):
        return min(limit, 20)


class Whole(Wardrobe):
    def shown(self, image, hint):
        return image


class Cents(Wardrobe):
    def cost(self, hit):
        return price(hit.get("cents"), hit.get("money"))


class Greedy(Wardrobe):
    def count(self, limit):
        return limit


class Trusting(Wardrobe):
    def finish(self, products):
        return products


class Unwritten(Wardrobe):
    def search(self, image, limit=8, hint=None):
        raise NotImplementedError


@pytest.mark.parametrize(
    "provider, said",
    [
        (Wardrobe, "Right:"),
        (Whole, "the whole square picture was sent"),
        (Cents, "expected 19.90 EUR"),
        (Greedy, "the wardrobe refuses"),
        (Trusting, "not http(s) got through"),
        (Unwritten, "still raises NotImplementedError"),
    ],
)
def test_wardrobe(provider, said, capsys):
    assert check_wardrobe(provider) is (said == "Right:")
    assert said in capsys.readouterr().out


def segmenter(picture):
    """A stand-in that finds nothing in a picture that is dark, and two garments in any other."""
    light = picture.mean(2) > 128
    return [] if light.mean() < 0.2 else [Garment(picture, mask, "dress") for mask in (light, ~light)]


def items(load, folder, title=lambda path: path.stem):
    paths = sorted(folder.glob("*.png"))
    return [Item(path.name, Product(title(path)), lambda path=path: load(path)) for path in paths]


def load_best(path):
    found = segmenter(read(path))
    return read(path), found[0].mask if found else None


ITEMS = {
    "right": (lambda folder, segmenter: items(load_best, folder), "Right:"),
    "all load the last": (
        lambda folder, segmenter: items(lambda path: load_best(sorted(folder.glob("*.png"))[-1]), folder),
        "loads another picture",
    ),
    "no mask": (lambda folder, segmenter: items(lambda path: (read(path), None), folder), "without the mask"),
    "the second best": (
        lambda folder, segmenter: items(lambda path: (read(path), segmenter(read(path))[-1].mask), folder),
        "without the mask",
    ),
    "the file's name as title": (
        lambda folder, segmenter: items(load_best, folder, title=lambda path: path.name),
        "got my dress.png",
    ),
    "pictures, not items": (lambda folder, segmenter: [read(path) for path in folder.iterdir()], "a list of Item"),
}


@pytest.mark.parametrize("name", ITEMS)
def test_items(name, capsys):
    function, said = ITEMS[name]
    assert check_items(function, segmenter) is (name == "right")
    assert said in capsys.readouterr().out
