"""Search results as cards: a grid of thumbnails with titles, prices and links."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable

import numpy as np
from markupsafe import Markup
from PIL import Image

from s2f_helpers.common.types import Product
from s2f_helpers.search.pictures import http_link

__all__ = ["cards_html", "data_uri"]

THUMBNAIL = 192
NOT_FOR_SALE = "not for sale — a similar photo"

CARD = Markup(
    '<li class="s2f-card"><div class="s2f-thumb">{thumbnail}</div><div class="s2f-card-title">{title}</div>'
    '<div class="s2f-card-line">{price}</div><div class="s2f-card-line">{shop}</div></li>'
)
LINK = Markup('<a href="{url}" target="_blank" rel="noopener noreferrer">{title}</a>')


def cards_html(products: Iterable[Product]) -> str:
    """A list of cards, in the order given. Every text is escaped; only http(s) addresses become links.

    >>> cards_html([Product("<b>Shirt</b>", price=19.9, currency="EUR", url="javascript:alert(1)")]).count("<a ")
    0
    """
    cards = Markup("").join(_card(product) for product in products)
    if not cards:
        return '<p class="s2f-note">Nothing similar was found.</p>'
    return Markup('<ul class="s2f-cards">{}</ul>').format(cards)


def data_uri(image: np.ndarray, kind: str = "PNG") -> str:
    """(H, W, 3) ``uint8`` RGB as an address that holds the picture itself; ``kind`` is PNG or JPEG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, quality=85, compress_level=3)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _card(product: Product) -> Markup:
    title = product.title.strip() or "(no title)"
    url = http_link(product.url)
    return CARD.format(
        thumbnail=_thumbnail(product.thumbnail),
        title=LINK.format(url=url, title=title) if url else title,
        price=_price(product),
        shop=product.shop or "",
    )


def _price(product: Product) -> str:
    if product.price is None:
        return NOT_FOR_SALE
    decimals = 0 if float(product.price).is_integer() else 2
    return f"{product.price:,.{decimals}f} {product.currency or ''}".strip()


def _thumbnail(image: np.ndarray | None) -> Markup:
    if image is None:
        return Markup("")
    small = Image.fromarray(image)
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    # The title beside it says what it is, so a screen reader need not stop at the picture.
    return Markup('<img alt="" src="{}">').format(data_uri(np.asarray(small), "JPEG"))
