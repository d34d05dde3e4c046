"""What came of a drawing, as HTML: the garment, its mask, the candidates, the cards, the history."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from markupsafe import Markup

from s2f_helpers.common.types import Garment, Product
from s2f_helpers.data import categories
from s2f_helpers.search.display import cards_html, data_uri
from s2f_helpers.studio.browser import pick_button

__all__ = ["candidates_html", "history_html", "mask_overlay", "pictures_html", "results_html"]

OUTLINE = np.array([255, 64, 129], dtype=np.uint8)
FADE = 0.7
THUMBNAIL = 96

FIGURE = Markup(
    '<figure class="s2f-figure {role}"><img alt="{alt}" src="{source}"><figcaption>{caption}</figcaption></figure>'
)
HEADING = Markup('<h4 class="s2f-heading">{}</h4>')
STRIP = Markup('<div class="s2f-strip" role="group" aria-label="{name}">{buttons}</div>')
PICTURE = Markup('<img alt="" src="{source}">{text}')


def pictures_html(image: np.ndarray, garments: Sequence[Garment] | None) -> str:
    """The picture, and beside it the best detection's mask, category and score.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        garments: best first, found in ``image``; may be empty, and None where nobody has looked yet.
    """
    made = FIGURE.format(role="s2f-made", alt="generated garment", source=data_uri(image), caption="Generated garment")
    return Markup('<div class="s2f-pictures">{}{}</div>').format(made, _detection(image, garments))


def candidates_html(pictures: Sequence[np.ndarray], chosen: tuple[int, int]) -> str:
    """Pictures to choose from; ``chosen`` are the ones at the blend slider's left and right end."""
    ends = {chosen[0]: " · left", chosen[1]: " · right"}
    buttons = (
        pick_button(
            "candidate", number, _thumbnail(picture, f"{number + 1}{ends.get(number, '')}"), number == chosen[1]
        )
        for number, picture in enumerate(pictures)
    )
    return _strip("Candidates", buttons)


def history_html(pictures: Sequence[np.ndarray], shown: int) -> str:
    """Earlier results, oldest first, to go back to."""
    buttons = (
        pick_button("history", number, _thumbnail(picture, f"{number + 1}"), number == shown)
        for number, picture in enumerate(pictures)
    )
    return _strip("Earlier results", buttons)


def results_html(products: Sequence[Product], heading: str) -> str:
    """The cards; those with a picture at hand have a button to search on from there."""
    more = [
        Markup("") if product.thumbnail is None else pick_button("more", number, "More like this", kind="s2f-more")
        for number, product in enumerate(products)
    ]
    return HEADING.format(heading) + cards_html(products, more)


def mask_overlay(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """``image`` with everything outside ``mask`` faded to grey and the mask's outline drawn; same shape and dtype."""
    grey = image.mean(axis=2, keepdims=True)
    faded = (grey * (1 - FADE) + 200 * FADE).astype(np.uint8)
    overlay = np.where(mask[..., None], image, faded)
    binary = mask.astype(np.uint8)
    outline = cv2.dilate(binary, np.ones((3, 3), np.uint8)) != cv2.erode(binary, np.ones((3, 3), np.uint8))
    overlay[outline] = OUTLINE
    return overlay


def _detection(image: np.ndarray, garments: Sequence[Garment] | None) -> Markup:
    if garments is None:
        return Markup('<p class="s2f-note">Press Generate to have it found, and similar ones.</p>')
    if not garments:
        return Markup('<p class="s2f-note">The detector found no garment in this picture.</p>')
    best = garments[0]
    names = {category.id: category.english for category in categories()}
    caption = f"{names.get(best.category, best.category)}, {best.score:.0%} sure"
    source = data_uri(mask_overlay(image, best.mask))
    return FIGURE.format(role="s2f-found", alt=f"detected garment: {caption}", source=source, caption=caption)


def _thumbnail(picture: np.ndarray, text: str) -> Markup:
    small = cv2.resize(picture, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    return PICTURE.format(source=data_uri(small, "JPEG"), text=text)


def _strip(name: str, buttons) -> str:
    return HEADING.format(name) + STRIP.format(name=name, buttons=Markup("").join(buttons))
