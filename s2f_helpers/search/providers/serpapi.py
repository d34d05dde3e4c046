"""Google Lens through SerpApi, which fetches the picture from a public address: it cannot take a drawing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.pictures import http_link
from s2f_helpers.search.providers.reply import check_limit, dig, expect_object, listed, plain, price, rows
from s2f_helpers.search.providers.web import Limits, Secret, ask

__all__ = ["SerpApi", "parse"]

NEEDS_ADDRESS = (
    "serpapi cannot take a picture: it fetches one from a public web address. If yours may be public and is "
    "online, name its address: SerpApi(picture_url=...). For a drawing use Shopify or the local index."
)


def _no_address() -> str:
    raise S2FError(NEEDS_ADDRESS)


@dataclass(frozen=True)
class SerpApi:
    """Looks for what is at ``picture_url``; the picture given to :meth:`search` stays here and is not looked at.

    Attributes:
        picture_url: public address of the picture to look for.
        country, language: of the results.
    """

    name: ClassVar[str] = "serpapi"
    picture_url: str = field(default_factory=_no_address)
    endpoint: str = "https://serpapi.com/search.json"
    country: str = "us"
    language: str = "en"
    key: Secret = field(default_factory=partial(Secret.find, "S2F_SERPAPI_KEY"))
    limits: Limits = field(default_factory=Limits)

    def search(self, image: np.ndarray | None = None, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """See :class:`s2f_helpers.search.providers.Provider`; ``image`` and ``hint`` are not used."""
        if http_link(self.picture_url) is None:
            raise S2FError(NEEDS_ADDRESS)
        wanted = {"engine": "google_lens", "type": "products", "url": self.picture_url, "hl": self.language}
        check_limit(limit)
        params = {**wanted, "country": self.country, "api_key": self.key}
        return parse(ask(self, "GET", self.endpoint, params=params))[:limit]


def parse(reply: object) -> list[Product]:
    """Products of a reply. Currencies come as signs: "€" is clear, "$" is not and stays None."""
    reply = expect_object("serpapi", reply)
    said = plain(reply.get("error"))
    # "Google Lens hasn't returned any results for this query." is no failure.
    if said and "returned any results" not in said and "visual_matches" not in reply:
        raise S2FError(f"serpapi: {said}")
    return listed("serpapi", map(_product, rows(reply, "visual_matches")))


def _product(match: dict) -> Product:
    stated = plain(dig(match, "price", "value"))
    return Product(
        title=plain(match.get("title")),
        url=match.get("link"),
        shop=plain(match.get("source")) or None,
        thumbnail_url=match.get("thumbnail"),
        extra={"price as stated": stated} if stated else {},
        **price(dig(match, "price", "extracted_value"), dig(match, "price", "currency")),
    )
