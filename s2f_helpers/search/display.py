"""Search results to look at: a grid of cards, or a table."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable

import numpy as np
import pandas as pd
from IPython.display import HTML
from markupsafe import Markup
from PIL import Image

from s2f_helpers.common.types import Product
from s2f_helpers.search.pictures import http_link
from s2f_helpers.search.providers.reply import decimals

__all__ = ["cards", "cards_html", "data_uri", "frame", "notes_html"]

THUMBNAIL = 192
NOT_FOR_SALE = "not for sale — a similar photo"
NO_PRICE = "no price given"

# JupyterLab's own variables, so that light and dark themes both fit; the fallbacks serve other hosts.
STYLE = Markup("""<style>
.s2f-cards {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); gap: 8px;
  margin: 0; padding: 0; list-style: none; font-family: var(--jp-ui-font-family, system-ui, sans-serif);
}
.s2f-card {
  overflow: hidden; margin: 0; border-radius: 6px; color: var(--jp-ui-font-color1, #222);
  background: var(--jp-layout-color2, #f3f3f3); border: 1px solid var(--jp-border-color2, #d0d0d0);
}
.s2f-thumb { height: 100px; background: #fff; }
.s2f-thumb img {
  display: block; width: 100%; height: 100%; margin: 0; object-fit: contain; color: #666; font-size: 11px;
}
.s2f-card-title { padding: 6px 8px 0; font-size: 13px; line-height: 1.3; overflow-wrap: anywhere; }
.s2f-card-title a { color: var(--jp-content-link-color, #1565c0); text-decoration: underline; }
.s2f-card-line { padding: 0 8px; font-size: 12px; overflow-wrap: anywhere; color: var(--jp-ui-font-color2, #666); }
.s2f-card-line:last-child { padding-bottom: 7px; }
.s2f-note { margin: 4px 0 0; color: var(--jp-ui-font-color2, #666); }
</style>""")
CARD = Markup(
    '<li class="s2f-card"><div class="s2f-thumb">{thumbnail}</div><div class="s2f-card-title">{title}</div>'
    '<div class="s2f-card-line">{price}</div><div class="s2f-card-line">{shop}</div></li>'
)
LINK = Markup('<a href="{url}" target="_blank" rel="noopener noreferrer">{title}</a>')
# The title beside it says what it is, so a screen reader need not stop at a picture that is surely there.
EMBEDDED = Markup('<img alt="" src="{}">')
REMOTE = Markup('<img alt="{}" src="{}" loading="lazy" referrerpolicy="no-referrer">')


def cards(products: Iterable[Product]) -> HTML:
    """A grid of cards for a notebook, with its own style; see :func:`cards_html`."""
    return HTML(cards_html(products))


def cards_html(products: Iterable[Product]) -> str:
    """A list of cards, in the order given. Every text is escaped; only http(s) addresses become links.

    Pictures on a shop's server are loaded by the browser, over https only and without saying from where.

    >>> cards_html([Product("<b>Shirt</b>", price=19.9, currency="EUR", url="javascript:alert(1)")]).count("<a ")
    0
    """
    shown = Markup("").join(_card(product) for product in products)
    if not shown:
        return notes_html(["Nothing similar was found."])
    return STYLE + Markup('<ul class="s2f-cards">{}</ul>').format(shown)


def notes_html(sentences: Iterable[str]) -> str:
    """Each sentence as a quiet paragraph, escaped."""
    return Markup("").join(Markup('<p class="s2f-note">{}</p>').format(sentence) for sentence in sentences)


def frame(products: Iterable[Product]) -> pd.DataFrame:
    """The same as a table, one row a product: rank, title, price, currency, shop, link, similarity, found_by."""
    rows = [
        {
            "rank": product.rank,
            "title": product.title,
            "price": product.price,
            "currency": product.currency,
            "shop": product.shop,
            "link": http_link(product.url),
            "similarity": product.similarity,
            "found_by": ", ".join(product.sources),
        }
        for product in products
    ]
    columns = ["rank", "title", "price", "currency", "shop", "link", "similarity", "found_by"]
    return pd.DataFrame(rows, columns=columns).astype({"price": float, "similarity": float})


def data_uri(image: np.ndarray, kind: str = "PNG") -> str:
    """(H, W, 3) ``uint8`` RGB as an address that holds the picture itself; ``kind`` is PNG or JPEG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, quality=85, compress_level=3)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _card(product: Product) -> Markup:
    title = product.title.strip() or "(no title)"
    url = http_link(product.url)
    return CARD.format(
        thumbnail=_thumbnail(product, title),
        title=LINK.format(url=url, title=title) if url else title,
        price=_price(product),
        shop=_origin(product),
    )


def _price(product: Product) -> str:
    if product.price is None:
        return NO_PRICE if _is_remote(product) else NOT_FOR_SALE
    digits = 0 if float(product.price).is_integer() else decimals(product.currency) or 2
    return f"{product.price:,.{digits}f} {product.currency or ''}".strip()


def _origin(product: Product) -> str:
    """The shop, and the services that found it."""
    return " · ".join(filter(None, [product.shop, ", ".join(product.sources) if _is_remote(product) else ""]))


def _is_remote(product: Product) -> bool:
    return product.sources not in ((), ("local",))


def _thumbnail(product: Product, title: str) -> Markup:
    if product.thumbnail is not None:
        small = Image.fromarray(product.thumbnail)
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        return EMBEDDED.format(data_uri(np.asarray(small), "JPEG"))
    address = http_link(product.thumbnail_url) or ""
    return REMOTE.format(title, address) if address.lower().startswith("https://") else Markup("")
