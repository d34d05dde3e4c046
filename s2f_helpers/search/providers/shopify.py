"""Shopify's Global Catalog: a picture goes in, products with price and shop come out, and no key is needed.

It speaks MCP over HTTP: JSON-RPC 2.0, one call of the tool ``search_catalog``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.providers.reply import check_limit, dig, expect_object, listed, plain, price, rows
from s2f_helpers.search.providers.web import Limits, ask, jpeg_text

__all__ = ["Shopify", "parse"]

MOST = 50


@dataclass(frozen=True)
class Shopify:
    """Sends the garment's part of the picture.

    Attributes:
        profile: address of the agent profile; it must declare ``dev.ucp.shopping.catalog.search``,
            else the reply is "-32602 Tool not found".
        country: where the buyer is, ISO 3166.
    """

    name: ClassVar[str] = "shopify"
    endpoint: str = "https://catalog.shopify.com/api/ucp/mcp"
    profile: str = "https://shopify.dev/ucp/agent-profiles/2026-04-08/valid-with-capabilities.json"
    country: str = "US"
    limits: Limits = field(default_factory=Limits)

    def search(self, image: np.ndarray, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """See :class:`s2f_helpers.search.providers.Provider`."""
        catalog = {
            "like": [{"image": {"content_type": "image/jpeg", "data": jpeg_text(image, hint)}}],
            "context": {"address_country": self.country},
            "pagination": {"limit": min(check_limit(limit), MOST)},
        }
        arguments = {"meta": {"ucp-agent": {"profile": self.profile}}, "catalog": catalog}
        call = {"name": "search_catalog", "arguments": arguments}
        headers = {"Accept": "application/json, text/event-stream"}
        message = {"jsonrpc": "2.0", "method": "tools/call", "id": 1, "params": call}
        return parse(ask(self, "POST", self.endpoint, headers, json=message))[:limit]


def parse(reply: object) -> list[Product]:
    """Products of a reply; amounts are in minor units (12000 is 120.00 USD, 29000 is 29,000 KRW)."""
    reply = expect_object("shopify", reply)
    if "error" in reply:
        raise S2FError(f"shopify: {plain(dig(reply, 'error', 'message')) or 'an error'}. Check the agent profile.")
    content = dig(reply, "result", "structuredContent")
    if not isinstance(content, dict):
        raise S2FError("shopify: expected result.structuredContent, got none. Its format may have changed.")
    if dig(content, "ucp", "status") == "error":
        said = [plain(message.get("content")) for message in rows(content, "messages")]
        raise S2FError(f"shopify: {'; '.join(filter(None, said))[:300] or 'the catalogue reports an error'}")
    return listed("shopify", map(_product, rows(content, "products")))


def _product(product: dict) -> Product:
    variant = next(iter(rows(product, "variants")), {})
    cost = dig(variant, "price") or dig(product, "price_range", "min")
    pictures = [medium for medium in rows(product, "media") if medium.get("type") == "image"]
    return Product(
        title=plain(product.get("title")),
        # The product's own url is in the standard, but the global catalogue leaves it out.
        url=variant.get("url") or variant.get("checkout_url") or product.get("url"),
        shop=plain(dig(variant, "seller", "name")) or None,
        thumbnail_url=dig(pictures, 0, "url"),
        **price(dig(cost, "amount"), dig(cost, "currency"), minor_units=True),
    )
