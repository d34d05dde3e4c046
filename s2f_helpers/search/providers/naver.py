"""Naver Shopping: Korean shops, asked in words. The picture stays here; its category and colour go, in Korean."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import cv2
import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.data import categories
from s2f_helpers.search.providers.reply import check_limit, expect_object, listed, plain, price, rows
from s2f_helpers.search.providers.web import Limits, Secret, ask, cut_out

__all__ = ["COLORS", "Naver", "color_word", "parse", "query_words"]

# K-Fashion's words for plain colours (black, white, grey, red, ...), each with the sRGB shade we take for it.
COLORS = {
    "블랙": (25, 25, 28), "화이트": (240, 240, 238), "그레이": (140, 140, 142),
    "레드": (195, 30, 40), "와인": (105, 25, 45), "핑크": (238, 150, 180),
    "오렌지": (240, 130, 40), "베이지": (218, 200, 168), "브라운": (110, 70, 45),
    "옐로우": (245, 215, 60), "그린": (45, 135, 70), "카키": (105, 105, 65),
    "민트": (160, 225, 200), "블루": (40, 90, 195), "네이비": (28, 38, 80),
    "스카이블루": (150, 200, 235), "퍼플": (120, 60, 155), "라벤더": (200, 180, 230),
}  # fmt: skip


@dataclass(frozen=True)
class Naver:
    """Asks with the words of :func:`query_words`; sends no picture."""

    name: ClassVar[str] = "naver"
    endpoint: str = "https://openapi.naver.com/v1/search/shop.json"
    client_id: Secret = field(default_factory=partial(Secret.find, "S2F_NAVER_ID"))
    client_secret: Secret = field(default_factory=partial(Secret.find, "S2F_NAVER_SECRET"))
    limits: Limits = field(default_factory=Limits)

    def search(self, image: np.ndarray, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """See :class:`s2f_helpers.search.providers.Provider`; without a ``hint`` there are no words to ask with."""
        words = query_words(image, hint)
        params = {"query": words, "display": check_limit(limit), "start": 1, "sort": "sim"}
        headers = {"X-Naver-Client-Id": self.client_id, "X-Naver-Client-Secret": self.client_secret}
        return parse(ask(self, "GET", self.endpoint, headers, params))[:limit]


def query_words(image: np.ndarray, hint: Garment | None) -> str:
    """Colour and category in Korean, such as ``레드 티셔츠`` for a red T-shirt; an S2FError where one is unknown."""
    if hint is None or not hint.mask.any():
        raise S2FError("naver searches by words, so it needs the detected garment: pass it as hint")
    cut_out(image, hint)
    korean = next((category.korean for category in categories() if category.id == hint.category), None)
    if korean is None:
        raise S2FError(f"naver: unknown category {hint.category!r}, so there is no word to search for")
    # "코트·점퍼" is two words for one category; a shop's search wants one.
    return f"{color_word(image[hint.mask])} {korean.partition('·')[0]}"


def color_word(pixels: np.ndarray) -> str:
    """The word for the colour that most of the pixels are nearest to, in CIELAB.

    Args:
        pixels: (N, 3) ``uint8`` RGB.

    >>> color_word(np.array([(190, 20, 30), (200, 40, 40), (255, 255, 255)], np.uint8))
    '레드'
    """

    def lab(colors: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(colors[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]

    shades = np.array(list(COLORS.values()))
    distances = np.linalg.norm(lab(pixels)[:, None] - lab(shades), axis=2)
    return list(COLORS)[np.bincount(distances.argmin(axis=1)).argmax()]


def parse(reply: object) -> list[Product]:
    """Products of a reply. Prices are won as text; "0" and "" stand for none. Titles mark the query in ``<b>``."""
    return listed("naver", map(_product, rows(expect_object("naver", reply), "items")))


def _product(item: dict) -> Product:
    lowest = item.get("lprice")
    return Product(
        title=plain(item.get("title")),
        url=item.get("link"),
        shop=plain(item.get("mallName")) or None,
        thumbnail_url=item.get("image"),
        **price(None if lowest in ("0", 0) else lowest, "KRW"),
    )
