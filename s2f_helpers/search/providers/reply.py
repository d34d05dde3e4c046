"""Reading replies nobody has checked: nothing in them can raise, run, or lead anywhere but to a web page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import replace

from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.search.pictures import http_link

__all__ = ["check_limit", "decimals", "dig", "expect_object", "listed", "plain", "price", "rows"]

MAX_LIMIT = 100
LONGEST_TEXT = 500
MOST_MONEY = 1e12
TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
# ISO 4217. Shops that count in minor units count KRW in won and KWD in thousandths.
DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC "
    "CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR "
    "JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
    "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
DECIMALS = {code: digits for digits, codes in DIGITS.items() for code in codes.split()}
# Signs that mean one currency only: "$", "£" and "¥" are each used by several countries.
SIGNS = {"€": "EUR", "₩": "KRW", "₹": "INR", "₫": "VND", "₺": "TRY", "₽": "RUB", "₪": "ILS", "₱": "PHP", "₴": "UAH"}


def check_limit(limit: int) -> int:
    """``limit`` itself; an S2FError unless it is a whole number from 1 to 100."""
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MAX_LIMIT:
        raise S2FError(f"limit: expected a whole number from 1 to {MAX_LIMIT}, got {limit!r}")
    return limit


def expect_object(service: str, reply: object) -> dict:
    """``reply`` itself; an S2FError unless it is a JSON object."""
    if not isinstance(reply, dict):
        raise S2FError(f"{service}: expected a JSON object, got {type(reply).__name__}. Its format may have changed.")
    return reply


def dig(found: object, *path: str | int) -> object:
    """What lies at a path of keys and places, or None where there is no such path.

    >>> reply = {"media": [{"url": "https://shop.example/1.jpg"}]}
    >>> dig(reply, "media", 0, "url"), dig(reply, "media", 1, "url"), dig(reply, "url", "media")
    ('https://shop.example/1.jpg', None, None)
    """
    for step in path:
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return None
    return found


def rows(found: object, *path: str | int) -> list[dict]:
    """The objects in the list at a path; empty where there is none.

    >>> rows({"items": [{"a": 1}, "stray", None]}, "items"), rows("no reply", "items")
    ([{'a': 1}], [])
    """
    found = dig(found, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def plain(text: object) -> str:
    """One line of plain text: tags go, entities become the characters they stand for.

    What then looks like a tag was meant as text; it is escaped where it is shown.

    >>> plain("Red <b>dress</b>&nbsp;&amp; hat\\u202e"), plain("&lt;b&gt;"), plain(None)
    ('Red dress & hat', '<b>', '')
    """
    if not isinstance(text, str):
        return ""
    text = html.unescape(TAG.sub("", text[: 4 * LONGEST_TEXT]))
    # Not printable: controls, invisible signs that turn a line's direction, halves of surrogate pairs.
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_TEXT]


def decimals(currency: str | None) -> int | None:
    """Digits behind the point in a currency, or None for a code that ISO 4217 does not know.

    >>> decimals("KRW"), decimals("EUR"), decimals("KWD"), decimals("XYZ")
    (0, 2, 3, None)
    """
    return DECIMALS.get(currency)


def price(amount: object, currency: object, minor_units: bool = False) -> dict[str, object]:
    """``price`` and ``currency`` for a :class:`Product`, in major units; None for what is not known.

    Args:
        amount: a number, or digits as text.
        currency: an ISO 4217 code, or a sign that means one currency only.
        minor_units: the amount counts cents. Without a known currency it then says nothing.

    >>> price("19.90", "eur"), price(12000, "USD", minor_units=True), price(29000, "KRW", minor_units=True)
    ({'price': 19.9, 'currency': 'EUR'}, {'price': 120.0, 'currency': 'USD'}, {'price': 29000.0, 'currency': 'KRW'})
    >>> price(34.0, "$"), price(3400, "$", minor_units=True), price(None, "EUR")
    ({'price': 34.0, 'currency': None}, {'price': None, 'currency': None}, {'price': None, 'currency': None})
    """
    code = currency.strip().upper() if isinstance(currency, str) else ""
    code = SIGNS.get(code, code)
    digits = decimals(code)
    if isinstance(amount, str) and re.fullmatch(r"[0-9]{1,13}(\.[0-9]{1,9})?", amount.strip()):
        amount = float(amount)
    # The bounds also leave out NaN, which Python's JSON reader lets in.
    known = isinstance(amount, int | float) and not isinstance(amount, bool) and 0 <= amount <= MOST_MONEY
    if not known or (minor_units and digits is None):
        return {"price": None, "currency": None}
    number = round(amount / 10**digits, digits) if minor_units else amount
    return {"price": float(number), "currency": None if digits is None else code}


def listed(service: str, products: Iterable[Product]) -> list[Product]:
    """The products that say anything, with links checked, numbered from 0, and ``service`` as their source."""

    def link(found: object) -> str | None:
        return http_link(found) if isinstance(found, str) else None

    checked = (replace(p, url=link(p.url), thumbnail_url=link(p.thumbnail_url)) for p in products)
    kept = [product for product in checked if product.title or product.url]
    return [replace(product, rank=rank, sources=(service,)) for rank, product in enumerate(kept)]
