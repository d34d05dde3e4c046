"""Shops and search services, one a file, all behind one method; nothing is sent to one that nobody named.

A provider is an object with a ``name`` and ``search(image, limit, hint) -> list[Product]``. Each file also has the pure
function ``parse(reply)``; it raises an S2FError for what is no JSON object, reports an error or has another format.
"""

from typing import Protocol

import numpy as np

from s2f_helpers.common.types import Garment, Product
from s2f_helpers.search.providers.azure import Azure
from s2f_helpers.search.providers.bing import Bing
from s2f_helpers.search.providers.ebay import EBay
from s2f_helpers.search.providers.google import Google
from s2f_helpers.search.providers.naver import Naver
from s2f_helpers.search.providers.serpapi import SerpApi
from s2f_helpers.search.providers.shopify import Shopify
from s2f_helpers.search.providers.web import Limits, Secret

__all__ = ["Azure", "Bing", "EBay", "Google", "Limits", "Naver", "Provider", "Secret", "SerpApi", "Shopify"]


class Provider(Protocol):
    """What :func:`s2f_helpers.search.search_all` asks; write your own."""

    name: str

    def search(self, image: np.ndarray, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """At most ``limit`` products like ``image`` ((H, W, 3) ``uint8`` RGB), best first.

        Args:
            hint: the garment found in ``image``, of the same size, for services that want a crop or words.

        Raises:
            S2FError: for whatever goes wrong, in a sentence.
        """
