"""The self-checks of notebook 06; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from s2f_helpers.common.checks import NotYet, check, choice
from s2f_helpers.common.pictures import read
from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.search.fake_shops import KEY, FakeShops
from s2f_helpers.search.index import Item
from s2f_helpers.search.providers import Provider, Secret

__all__ = ["check_fair", "check_hub", "check_items", "check_name_tag", "check_wardrobe"]

HITS = [("me", "dress"), ("ann", "dress"), ("me", "dress"), ("bo", "coat"), ("cy", "dress"), ("me", "dress"),
        ("di", "hat"), ("eva", "dress"), ("fay", "dress"), ("gil", "dress")]  # fmt: skip
LIST, TIMES = 5, 2


@check("the query's own sender gone, and still k hits judged.")
def check_fair(function: Callable[[Sequence[tuple[str, str]], str, str, int], float]) -> None:
    """``function(hits, sender, category, k)``: P@k among the hits, (sender, category) each, by other senders."""
    for sender, category, k in (("me", "dress", 5), ("me", "dress", 3), ("ann", "coat", 3)):
        fair = [kind == category for who, kind in HITS if who != sender][:k]
        leaky = [kind == category for _, kind in HITS[:k]]
        short = [kind == category for who, kind in HITS[:k] if who != sender]
        answer = float(function(list(HITS), sender, category, k))
        if abs(answer - np.mean(fair)) < 1e-9:
            continue
        if abs(answer - np.mean(leaky)) < 1e-9:
            raise NotYet(f"P@{k} comes out as if the query's own sender still counted")
        if min(abs(answer - np.mean(short)), abs(answer - sum(short) / k)) < 1e-9:
            raise NotYet(f"of the first {k} hits some were left out, and nobody took their places")
        right, most = int(np.sum(fair)), len(fair)
        raise NotYet(f"{right} of the {most} hits that count have the category, and your P@{k} is {answer:.2f}")


@check("nobody has ever worn it, and half of the shop's customers are shown it.")
def check_hub(vector: np.ndarray, shapes: np.ndarray) -> None:
    """``vector`` (D,), of length 1: nearer to many rows of ``shapes`` (N, D) than their own fifth neighbour is."""
    vector = np.asarray(vector, float)
    if vector.shape != shapes.shape[1:]:
        raise NotYet(f"expected {shapes.shape[1]:,} numbers of shape, got an array of shape {vector.shape}")
    if abs(np.linalg.norm(vector) - 1) > 1e-3:
        raise NotYet(f"its length is {np.linalg.norm(vector):.2f}: an index of directions takes those of length 1")
    cosines = shapes @ shapes.T
    np.fill_diagonal(cosines, -1)
    shown = np.bincount(np.argsort(-cosines, axis=1)[:, :LIST].ravel(), minlength=len(shapes)).max()
    mine = int((shapes @ vector > np.sort(cosines, axis=1)[:, -LIST]).sum())
    if mine <= TIMES * shown:
        raise NotYet(
            f"it gets into the first {LIST} of {mine} garments of {len(shapes)}; the best placed real one is in "
            f"{shown} lists, and you need more than {TIMES} times as many"
        )


@check("it can be named in search_all, beside all the others.")
def check_wardrobe(provider_class: Callable[[str, Secret], Provider]) -> None:
    """``provider_class(url, key)``: a provider for the fake server's wardrobe."""
    with FakeShops() as shops:
        provider = provider_class(shops.url, Secret("S2F_WARDROBE_KEY", KEY))
        large = make_garment("coat", 1, 1024, background="floor")
        try:
            two, many = provider.search(large.photo, 2, large), provider.search(large.photo, 50, large)
        except S2FError as error:
            raise NotYet(f"the wardrobe refuses. {error}") from None
        sent = Image.open(io.BytesIO(shops.asked[0].body)).size if shops.asked else (0, 0)
    if not all(isinstance(product, Product) for product in [*two, *many]):
        raise NotYet("expected a list of Product")
    if len(two) != 2 or len(many) != 3:
        raise NotYet(f"asked for 2 and for 50, expected 2 and 3 products, got {len(two)} and {len(many)}")
    if [product.price for product in many] != [19.9, 45000, None]:
        raise NotYet(f"expected 19.90 EUR, 45,000 KRW and no price, got {[product.price for product in many]}")
    if many[0].title != "Striped shirt" or many[2].url is not None:
        raise NotYet("a title still has HTML in it, or a link that is not http(s) got through")
    if sent[0] == sent[1]:
        raise NotYet("the whole square picture was sent, not the garment's part")


@check("put ten photos into MY_FOLDER, and run this cell again.")
def check_items(
    function: Callable[[Path, Callable], Iterable[Item]], segmenter: Callable[[np.ndarray], list[Garment]]
) -> None:
    """``function(folder, segmenter)``: an Item for each picture of a folder, whose load finds the garment's mask."""
    wanted = {f"my {kind}": make_garment(kind, 3, background="floor") for kind in ("dress", "hoodie", "pants")}
    with TemporaryDirectory() as name:
        for title, garment in wanted.items():
            Image.fromarray(garment.photo).save(Path(name) / f"{title}.png")
        items = list(function(Path(name), segmenter))
        if not all(isinstance(item, Item) for item in items):
            raise NotYet("expected a list of Item")
        loaded = {item.product.title: item.load() for item in items}
        pictures = {title: read(Path(name) / f"{title}.png") for title in wanted}
        seen = {title: segmenter(picture) for title, picture in pictures.items()}
    if set(loaded) != set(wanted):
        raise NotYet(f"expected the titles {', '.join(wanted)}; got {', '.join(sorted(loaded))}")
    for title, (picture, mask) in loaded.items():
        if not np.array_equal(picture, pictures[title]):
            raise NotYet(f"{title!r} loads another picture: does each load know its own path?")
        if seen[title] and (mask is None or not np.array_equal(mask, seen[title][0].mask)):
            raise NotYet(f"{title!r} comes without the mask of the best garment in it")
        if not seen[title] and mask is not None:
            raise NotYet(f"the segmenter finds nothing in {title!r}, and yet it comes with a mask")


check_name_tag = choice(
    "d",
    "what finds the garment again, names it.",
    {
        "a": "people cannot read them; but what does an index do with them?",
        "b": "which of the 256 numbers have you left out?",
        "c": "look at R@1 once more, for those who have a photo",
    },
)
