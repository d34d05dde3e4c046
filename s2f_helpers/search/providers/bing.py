"""Bing Visual Search v7, as the original team used it. Microsoft retired it on 11 August 2025.

Kept because its format is the fullest of all and good to learn on: many kinds of results in one reply.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.providers.reply import check_limit, dig, expect_object, listed, plain, price, rows
from s2f_helpers.search.providers.web import Limits, Secret, ask, cut_out, jpeg

__all__ = ["Bing", "crop_area", "parse"]

MAX_SIDE, MAX_BYTES = 1500, 1_000_000
# Which results are wanted, the most useful first, and where they lie. Their order in a reply means nothing and changes.
ACTIONS = {
    "ProductVisualSearch": "value", "ShoppingSources": "offers", "VisualSearch": "value", "PagesIncluding": "value",
}  # fmt: skip


def _retired() -> str:
    raise S2FError(
        "bing: Microsoft retired Bing Visual Search on 11 August 2025, and none of its services replaces it. Name a "
        "server that still speaks its format, such as the fake shops: Bing(endpoint=...). Or use Shopify."
    )


@dataclass(frozen=True)
class Bing:
    """Sends the whole picture, with the garment's box as ``cropArea``.

    Attributes:
        endpoint: full address of ``images/visualsearch``. There is no default: the service is gone.
        market: such as ``en-US``.
    """

    name: ClassVar[str] = "bing"
    endpoint: str = field(default_factory=_retired)
    market: str = "en-US"
    key: Secret = field(default_factory=partial(Secret.find, "S2F_BING_KEY"))
    limits: Limits = field(default_factory=Limits)

    def search(self, image: np.ndarray, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """See :class:`s2f_helpers.search.providers.Provider`."""
        cut_out(image, hint)
        wanted = {"knowledgeRequest": {"offset": 0, "count": check_limit(limit)}}
        if area := crop_area(hint):
            wanted["imageInfo"] = {"cropArea": area}
        headers = {"Ocp-Apim-Subscription-Key": self.key}
        picture = ("image", jpeg(image, MAX_SIDE, MAX_BYTES), "image/jpeg")
        form = {"knowledgeRequest": (None, json.dumps(wanted)), "image": picture}
        return parse(ask(self, "POST", self.endpoint, headers, {"mkt": self.market}, files=form))[:limit]


def crop_area(hint: Garment | None) -> dict[str, float] | None:
    """The garment's box as fractions of the picture's sides, or None without one.

    >>> crop_area(Garment(np.zeros((4, 4, 3), np.uint8), np.eye(4, dtype=bool)[:, ::2], "hat"))
    {'left': 0.0, 'top': 0.0, 'right': 1.0, 'bottom': 0.75}
    """
    if hint is None or not hint.mask.any():
        return None
    (x0, y0, x1, y1), (height, width) = hint.box, hint.mask.shape
    return {"left": x0 / width, "top": y0 / height, "right": x1 / width, "bottom": y1 / height}


def parse(reply: object) -> list[Product]:
    """Products of a reply (``ImageKnowledge``), those with offers first. Actions are chosen by ``actionType``."""
    reply = expect_object("bing", reply)
    if reply.get("_type") == "ErrorResponse":
        raise S2FError(f"bing: {plain(dig(reply, 'errors', 0, 'message')) or 'it reports an error'}")
    # The tag without a name speaks of the picture as a whole, the others of single things in it.
    tags = [tag for tag in rows(reply, "tags") if tag.get("displayName") == ""]
    actions = [action for tag in tags for action in rows(tag, "actions")]
    found = [
        (kind, row)
        for kind, place in ACTIONS.items()
        for action in actions
        if action.get("actionType") == kind
        for row in rows(action, "data", place)
    ]
    return listed("bing", [_offer(row) if kind == "ShoppingSources" else _image(row) for kind, row in found])


def _offer(offer: dict) -> Product:
    """An offer has no picture: ``seller.image`` is the shop's sign."""
    return Product(
        title=plain(offer.get("name")),
        url=offer.get("url"),
        shop=plain(dig(offer, "seller", "name")) or None,
        **price(offer.get("price"), offer.get("priceCurrency")),
    )


def _image(image: dict) -> Product:
    """A picture on a page; "not all images in the list include offers"."""
    total = dig(image, "insightsMetadata", "aggregateOffer")
    offer = next(iter(rows(total, "offers")), {})
    cost = price(offer.get("price"), offer.get("priceCurrency"))
    if cost["price"] is None:
        cost = price(dig(total, "lowPrice"), dig(total, "priceCurrency"))
    return Product(
        title=plain(image.get("name")),
        url=offer.get("url") or image.get("hostPageUrl"),
        shop=plain(dig(offer, "seller", "name")) or None,
        thumbnail_url=image.get("thumbnailUrl"),
        **cost,
    )
