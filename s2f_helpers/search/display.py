"""Search results to look at: a grid of cards, or a table."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from itertools import chain, repeat

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

# In the tags: JupyterLab drops <style> from a notebook that was not run here, and from tags what names var() or
# object-fit. So text keeps the page's colour and greys let the page through, which suits light and dark.
CARDS = Markup(
    '<ul class="s2f-cards" style="display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:8px;'
    'margin:0;padding:0;list-style:none">{}</ul>'
)
CARD = Markup(
    '<li class="s2f-card" style="margin:0;padding:0 0 7px;overflow:hidden;border:1px solid rgba(128,128,128,0.4);'
    'border-radius:6px;background:rgba(128,128,128,0.1)">'
    '<div style="display:flex;align-items:center;justify-content:center;height:100px;background:#fff">{thumbnail}</div>'
    '<div style="padding:6px 8px 0;font-size:13px;line-height:1.3;overflow-wrap:break-word">{title}</div>'
    '<div style="padding:0 8px;font-size:12px;line-height:1.4;overflow-wrap:break-word;opacity:0.75">{price}</div>'
    '<div style="padding:0 8px;font-size:12px;line-height:1.4;overflow-wrap:break-word;opacity:0.75">{shop}</div>'
    "{extra}</li>"
)
NOTE = Markup('<p class="s2f-note" style="margin:6px 0 0;opacity:0.75">{}</p>')
LINK = Markup('<a href="{url}" target="_blank" rel="noopener noreferrer" style="text-decoration:underline">{title}</a>')
# The title beside it says what it is, so a screen reader need not stop at a picture that is surely there.
EMBEDDED = Markup('<img alt="" src="{}" style="max-width:100%;max-height:100px;margin:0">')
REMOTE = Markup(
    '<img alt="{}" src="{}" loading="lazy" referrerpolicy="no-referrer" '
    'style="max-width:100%;max-height:100px;margin:0;color:#666;font-size:11px">'
)


def cards(products: Iterable[Product]) -> HTML:
    """A grid of cards for a notebook; see :func:`cards_html`."""
    return HTML(cards_html(products))


def cards_html(products: Iterable[Product], extras: Iterable[Markup] = ()) -> str:
    """A list of cards, in the order given. Every text is escaped; only http(s) addresses become links.

    ``extras`` is HTML of one's own, one for each card, at its lower end. Pictures on a shop's server are loaded by the
    browser, over https only and without saying from where.

    >>> cards_html([Product("<b>Shirt</b>", price=19.9, currency="EUR", url="javascript:alert(1)")]).count("<a ")
    0
    """
    shown = Markup("").join(map(_card, products, chain(extras, repeat(""))))
    return CARDS.format(shown) if shown else notes_html(["Nothing similar was found."])


def notes_html(sentences: Iterable[str]) -> str:
    """Each sentence as a quiet paragraph, escaped."""
    return Markup("").join(map(NOTE.format, sentences))


def frame(products: Iterable[Product]) -> pd.DataFrame:
    """The same as a table, one row a product: rank, title, price, currency, shop, link, similarity, found_by."""
    columns = ["rank", "title", "price", "currency", "shop", "link", "similarity", "found_by"]
    rows = [
        (p.rank, p.title, p.price, p.currency, p.shop, http_link(p.url), p.similarity, ", ".join(p.sources))
        for p in products
    ]
    return pd.DataFrame(rows, columns=columns).astype({"price": float, "similarity": float})


def data_uri(image: np.ndarray, kind: str = "PNG") -> str:
    """(H, W, 3) ``uint8`` RGB as an address that holds the picture itself; ``kind`` is PNG or JPEG."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, quality=85, compress_level=3)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"


def _card(product: Product, extra: str) -> Markup:
    title, url = product.title.strip() or "(no title)", http_link(product.url)
    # Who found it, where that is not this machine alone.
    services = "" if product.sources == ("local",) else ", ".join(product.sources)
    return CARD.format(
        thumbnail=_thumbnail(product, title),
        title=LINK.format(url=url, title=title) if url else title,
        price=_price(product, NO_PRICE if services else NOT_FOR_SALE),
        shop=" · ".join(filter(None, [product.shop, services])),
        extra=extra,
    )


def _price(product: Product, none: str) -> str:
    if product.price is None:
        return none
    digits = 0 if float(product.price).is_integer() else decimals(product.currency) or 2
    return f"{product.price:,.{digits}f} {product.currency or ''}".strip()


def _thumbnail(product: Product, title: str) -> Markup:
    if product.thumbnail is not None:
        small = Image.fromarray(product.thumbnail)
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        return EMBEDDED.format(data_uri(np.asarray(small), "JPEG"))
    address = http_link(product.thumbnail_url) or ""
    return REMOTE.format(title, address) if address.lower().startswith("https://") else Markup("")
