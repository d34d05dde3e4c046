"""One question to the local index and to every service a person names; what fails is a line, not the end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import numpy as np
from markupsafe import Markup

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.display import cards_html, notes_html
from s2f_helpers.search.pictures import http_link
from s2f_helpers.search.providers import Provider
from s2f_helpers.search.providers.reply import check_limit

__all__ = ["LOCAL", "Results", "search_all"]

LOCAL = "local"
# What shops and advertisers append to tell where a visitor came from; the page is the same without.
TRACKING = re.compile(r"utm_\w+|ref|gclid|fbclid|msclkid|srsltid|mkevt|mkcid|mkrid|campid", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Results:
    """What was found, and what went wrong.

    Attributes:
        products: the local ones first, then each service's in the order in which they were named. A link that
            several found stands once, at its first place, with all of them in ``sources``.
        failures: one sentence for each that failed.
    """

    products: tuple[Product, ...]
    failures: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products)

    def __len__(self) -> int:
        return len(self.products)

    def _repr_html_(self) -> str:
        return Markup("{}{}").format(cards_html(self.products), notes_html(self.failures))


def search_all(
    image: np.ndarray,
    local: Callable[..., list[Product]] | None = None,
    providers: Sequence[Provider] = (),
    limit: int = 8,
    hint: Garment | None = None,
    deadline_s: float = 30.0,
) -> Results:
    """Search here and, beside it in threads, at the named services. Nothing is sent to one that is not named.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        local: a :class:`LocalIndex`, or anything called like one; None asks only the services.
        providers: see :class:`s2f_helpers.search.providers.Provider`.
        limit: how many from each, 1 to 100.
        hint: the garment found in ``image``.
        deadline_s: a service that has not answered by then is a line in ``failures``.

    Raises:
        S2FError: for a limit out of bounds, or a provider that is none.
    """
    check_limit(limit)
    for provider in providers:
        if isinstance(provider, type) or not callable(getattr(provider, "search", None)):
            raise S2FError(f"expected providers such as Shopify(), got {provider!r}")
    # A service that does not answer in time stays with this sentence.
    found = [f"{_name(provider)}: no answer within {deadline_s:g} s" for provider in providers]

    def ask(place: int, provider: Provider) -> None:
        found[place] = _attempt(_name(provider), lambda: list(provider.search(image, limit, hint))[:limit])

    deadline = time.monotonic() + deadline_s
    # Daemons, so that one that never ends does not keep Python from ending.
    threads = [Thread(target=ask, args=asked, daemon=True) for asked in enumerate(providers)]
    for thread in threads:
        thread.start()
    mask = None if hint is None else hint.mask
    here = [] if local is None else [_attempt(LOCAL, lambda: local(image, limit, mask))]
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    answers = [*here, *found]
    products = [product for answer in answers if not isinstance(answer, str) for product in answer]
    return Results(_merged(products), tuple(answer for answer in answers if isinstance(answer, str)))


def _name(provider: Provider) -> str:
    return str(getattr(provider, "name", type(provider).__name__))


def _attempt(name: str, search: Callable[[], list[Product]]) -> list[Product] | str:
    """The products, with their source; or, whatever went wrong, one sentence that begins with the name."""
    try:
        products = list(search())
        if not all(isinstance(product, Product) for product in products):
            raise S2FError("expected a list of Product")
        return [product if product.sources else replace(product, sources=(name,)) for product in products]
    except S2FError as error:
        text = str(error)
    except Exception as error:
        # Addresses in the messages of other people's code may hold keys.
        safe = re.sub(r"\?\S*", "?…", str(error))[:200]
        text = f"{type(error).__name__}: {safe}"
    return text if text.startswith(name) else f"{name}: {text}"


def _merged(products: list[Product]) -> tuple[Product, ...]:
    kept: dict[object, Product] = {}
    for number, product in enumerate(products):
        page = _page(product.url) or number
        kept[page] = _joined(kept[page], product) if page in kept else product
    return tuple(kept.values())


def _joined(first: Product, second: Product) -> Product:
    """The first, with what only the second knows about the same page."""
    cost = second if first.price is None else first
    return replace(
        first,
        price=cost.price,
        currency=cost.currency,
        shop=first.shop or second.shop,
        thumbnail_url=first.thumbnail_url or second.thumbnail_url,
        sources=tuple(dict.fromkeys(first.sources + second.sources)),
    )


def _page(url: str | None) -> tuple | None:
    """The same for two addresses of one page: scheme, ``www.``, fragment, order and tracking do not count.

    >>> _page("http://www.Shop.example/a/?b=1&utm_source=x#top") == _page("https://shop.example/a?b=1")
    True
    """
    if http_link(url) is None:
        return None
    parts = urlsplit(url)
    query = sorted(pair for pair in parse_qsl(parts.query, True) if not TRACKING.fullmatch(pair[0]))
    port = None if parts.port in (80, 443) else parts.port
    return parts.hostname.removeprefix("www."), port, parts.path.rstrip("/"), tuple(query)
