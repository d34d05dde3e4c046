"""What a person asks of the pipeline, and the answer. Runs beside the panel and knows no widget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError, Sketch
from s2f_helpers.search import Results, search_all
from s2f_helpers.search.providers import Provider
from s2f_helpers.studio.advice import Question, tidied

__all__ = ["GUESS", "Answer", "Filters", "Wish", "fulfil"]

GUESS = "guess"
LIMIT = 8
Tell = Callable[[str, float], None]


@dataclass(frozen=True)
class Filters:
    """What to search for beside the picture.

    Attributes:
        color_weight: 0 compares shapes alone, 1 colours alone.
        category: a category id, or None for all; services know no categories and are not held to it.
        price: lowest and highest, in ``currency``; None leaves an end open.
        currency: such as ``"EUR"``; needed with a price. None takes things without a price too.
    """

    color_weight: float
    category: str | None = None
    price: tuple[float | None, float | None] = (None, None)
    currency: str | None = None

    def search(self, index, image: np.ndarray, garments: Sequence[Garment], providers: Sequence[Provider]) -> Results:
        """The index's products and the services', filtered.

        Raises:
            S2FError: for a price without a currency, or a service that is none.
        """
        if self.price != (None, None) and self.currency is None:
            raise S2FError("Choose the price's currency too: 10 EUR and 10 KRW are not the same.")
        weighed = index.weighed(self.color_weight)

        def local(image, limit, mask):
            return weighed(image, limit, mask, category=self.category, price=self.price, currency=self.currency)

        found = search_all(image, local, providers, LIMIT, garments[0] if garments else None)
        return Results(tuple(filter(self._admits, found.products)), found.failures)

    def _admits(self, product: Product) -> bool:
        if self.currency is None:
            return True
        low, high = self.price
        amount = product.price if product.currency == self.currency else None
        return amount is not None and (low is None or amount >= low) and (high is None or amount <= high)


@dataclass(frozen=True, eq=False)
class Wish:
    """One order for the pipeline.

    Attributes:
        sketch: what to paint.
        category: a category id, ``GUESS``, or None to let the drawing speak.
        styles: one picture each is painted; None is the usual one.
        tidy: how far the drawing is tidied first, in [0, 1].
        picture: search for this, (H, W, 3) ``uint8`` RGB, and paint nothing.
        filters: None to paint only.
        providers: services to ask as well.
        title: what to call what is found.
    """

    sketch: Sketch
    category: str | None = None
    styles: tuple[np.ndarray | None, ...] = (None,)
    tidy: float = 0.0
    picture: np.ndarray | None = None
    filters: Filters | None = None
    providers: tuple[Provider, ...] = ()
    title: str = "Similar garments"


@dataclass(frozen=True, eq=False)
class Answer:
    """What came of a wish.

    Attributes:
        pictures: (H, W, 3) ``uint8`` RGB, one a style, or the one that was searched for.
        garments: found in the first picture; None where nothing was searched for.
        products, failures: as :class:`s2f_helpers.search.Results` has them.
        category: what was painted; with ``sure``, the detector's score, where it was guessed.
    """

    wish: Wish
    pictures: tuple[np.ndarray, ...]
    garments: tuple[Garment, ...] | None
    products: tuple[Product, ...]
    failures: tuple[str, ...]
    category: str | None
    sure: float | None
    seconds: float


def fulfil(pipeline, wish: Wish, tell: Tell) -> Answer:
    """Guess, paint, find and search, as far as wished.

    Args:
        pipeline: has a ``generator``, a ``segmenter`` and a ``search``, as :class:`s2f_helpers.Pipeline`.
        tell: called with a sentence and the share that is done, before each part.

    Raises:
        S2FError: what the parts raise; a service that fails is a line in ``failures``.
    """
    start = time.perf_counter()
    category, sure = wish.category, None
    if wish.picture is not None:
        pictures = (wish.picture,)
    else:
        tell("Painting…", 0.1)
        if category == GUESS:
            category, sure = _guess(pipeline, wish.sketch)
        sketch = tidied(Question(wish.sketch, category, False, wish.tidy))
        pictures = tuple(pipeline.generator(sketch, category, style) for style in wish.styles)
    garments, found = None, Results(())
    if wish.filters is not None:
        tell("Looking for the garment in the picture…", 0.4)
        garments = tuple(pipeline.segmenter(pictures[0]))
        tell("Searching…", 0.7)
        found = wish.filters.search(pipeline.search, pictures[0], garments, wish.providers)
    seconds = time.perf_counter() - start
    return Answer(wish, pictures, garments, found.products, found.failures, category, sure, seconds)


def _guess(pipeline, sketch: Sketch) -> tuple[str | None, float | None]:
    """The detector's name for the drawing, painted as nothing in particular.

    Of what was tried it was right most often (``benchmarks/guess_category.py``), more often than the nearest outlines.
    """
    found = pipeline.segmenter(pipeline.generator(sketch, None, None))
    return (found[0].category, found[0].score) if found else (None, None)
