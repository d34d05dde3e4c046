"""eBay's Browse API, ``search_by_image``: needs an application that eBay has approved for production."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.providers.reply import check_limit, dig, expect_object, listed, plain, price, rows
from s2f_helpers.search.providers.web import Limits, Secret, ask, jpeg_text

__all__ = ["EBay", "parse"]

SCOPE = "https://api.ebay.com/oauth/api_scope"
EARLY_S = 60


@dataclass(frozen=True)
class EBay:
    """Sends the garment's part of the picture, after fetching an application token (kept while it is valid).

    Attributes:
        endpoint: the address before ``/identity`` and ``/buy``.
        marketplace: such as ``EBAY_US`` or ``EBAY_DE``.
    """

    name: ClassVar[str] = "ebay"
    endpoint: str = "https://api.ebay.com"
    marketplace: str = "EBAY_US"
    client_id: Secret = field(default_factory=partial(Secret.find, "S2F_EBAY_ID"))
    client_secret: Secret = field(default_factory=partial(Secret.find, "S2F_EBAY_SECRET"))
    limits: Limits = field(default_factory=Limits)
    _token: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def search(self, image: np.ndarray, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """See :class:`s2f_helpers.search.providers.Provider`."""
        params, picture = {"limit": check_limit(limit)}, {"image": jpeg_text(image, hint)}
        headers = {"Authorization": self._bearer(), "X-EBAY-C-MARKETPLACE-ID": self.marketplace}
        url = f"{self.endpoint}/buy/browse/v1/item_summary/search_by_image"
        try:
            return parse(ask(self, "POST", url, headers, params, json=picture))[:limit]
        except S2FError:
            self._token.clear()  # it may be the token that is no longer good
            raise

    def _bearer(self) -> Secret:
        if time.monotonic() >= self._token.get("until", 0.0):
            pair = f"{self.client_id.value}:{self.client_secret.value}".encode()
            names = f"{self.client_id.name} and {self.client_secret.name}"
            headers = {"Authorization": Secret(names, f"Basic {base64.b64encode(pair).decode('ascii')}")}
            form = {"grant_type": "client_credentials", "scope": SCOPE}
            reply = ask(self, "POST", f"{self.endpoint}/identity/v1/oauth2/token", headers, data=form)
            token, seconds = dig(reply, "access_token"), dig(reply, "expires_in")
            if not (isinstance(token, str) and token.isascii() and token.isprintable() and isinstance(seconds, int)):
                raise S2FError("ebay: expected an access token, got none. Its format may have changed.")
            bearer = Secret("the application token", f"Bearer {token}")
            self._token.update(bearer=bearer, until=time.monotonic() + min(seconds, 7200) - EARLY_S)
        return self._token["bearer"]


def parse(reply: object) -> list[Product]:
    """Products of a reply. eBay writes amounts as text, in major units; an auction may have none."""
    reply = expect_object("ebay", reply)
    if "itemSummaries" not in reply and (errors := rows(reply, "errors")):
        raise S2FError(f"ebay: {plain(errors[0].get('message')) or 'it reports an error'}")
    return listed("ebay", map(_product, rows(reply, "itemSummaries")))


def _product(item: dict) -> Product:
    return Product(
        title=plain(item.get("title")),
        url=item.get("itemWebUrl"),
        shop=plain(dig(item, "seller", "username")) or None,
        thumbnail_url=dig(item, "thumbnailImages", 0, "imageUrl") or dig(item, "image", "imageUrl"),
        **price(dig(item, "price", "value"), dig(item, "price", "currency")),
    )
