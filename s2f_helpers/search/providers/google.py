"""Google Cloud Vision, web detection: pages and pictures on the web, without any price."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import numpy as np

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.providers.reply import check_limit, dig, expect_object, listed, plain, rows
from s2f_helpers.search.providers.web import Limits, Secret, ask, jpeg_text

__all__ = ["Google", "parse"]


@dataclass(frozen=True)
class Google:
    """Sends the garment's part of the picture."""

    name: ClassVar[str] = "google"
    endpoint: str = "https://vision.googleapis.com/v1/images:annotate"
    key: Secret = field(default_factory=partial(Secret.find, "S2F_GOOGLE_KEY"))
    limits: Limits = field(default_factory=Limits)

    def search(self, image: np.ndarray, limit: int = 8, hint: Garment | None = None) -> list[Product]:
        """See :class:`s2f_helpers.search.providers.Provider`."""
        features = [{"type": "WEB_DETECTION", "maxResults": check_limit(limit)}]
        wanted = {"requests": [{"image": {"content": jpeg_text(image, hint)}, "features": features}]}
        return parse(ask(self, "POST", self.endpoint, params={"key": self.key}, json=wanted))[:limit]


def parse(reply: object) -> list[Product]:
    """Pages that show the picture, then similar pictures, which link to themselves: Google names no page for them."""
    answer = dig(expect_object("google", reply), "responses", 0)
    if said := dig(answer, "error"):
        raise S2FError(f"google: {plain(dig(said, 'message')) or 'it reports an error'}")
    found = dig(answer, "webDetection")
    guess = plain(dig(found, "bestGuessLabels", 0, "label"))
    title = f"similar picture: {guess}" if guess else "similar picture"
    similar = [
        Product(title, picture.get("url"), thumbnail_url=picture.get("url"))
        for picture in rows(found, "visuallySimilarImages")
        # "x-raw-image:///..." stands where Google may not show a picture; it leads nowhere.
        if str(picture.get("url")).startswith("http")
    ]
    return listed("google", [*map(_page, rows(found, "pagesWithMatchingImages")), *similar])


def _page(page: dict) -> Product:
    pictures = rows(page, "fullMatchingImages") + rows(page, "partialMatchingImages")
    return Product(plain(page.get("pageTitle")), page.get("url"), thumbnail_url=dig(pictures, 0, "url"))
