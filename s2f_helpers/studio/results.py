"""The generated garment, and what the detector saw in it, as HTML."""

from __future__ import annotations

import cv2
import numpy as np
from markupsafe import Markup

from s2f_helpers.common.types import Garment
from s2f_helpers.data import categories
from s2f_helpers.search.display import data_uri

__all__ = ["mask_overlay", "pictures_html"]

OUTLINE = np.array([255, 64, 129], dtype=np.uint8)
FADE = 0.7

FIGURE = Markup(
    '<figure class="s2f-figure {role}"><img alt="{alt}" src="{source}"><figcaption>{caption}</figcaption></figure>'
)


def pictures_html(image: np.ndarray, garments: list[Garment]) -> str:
    """The picture, and beside it the best detection's mask, category and score.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        garments: best first, found in ``image``; may be empty.
    """
    made = FIGURE.format(role="s2f-made", alt="generated garment", source=data_uri(image), caption="Generated garment")
    return Markup('<div class="s2f-pictures">{}{}</div>').format(made, _detection(image, garments))


def mask_overlay(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """``image`` with everything outside ``mask`` faded to grey and the mask's outline drawn; same shape and dtype."""
    grey = image.mean(axis=2, keepdims=True)
    faded = (grey * (1 - FADE) + 200 * FADE).astype(np.uint8)
    overlay = np.where(mask[..., None], image, faded)
    binary = mask.astype(np.uint8)
    outline = cv2.dilate(binary, np.ones((3, 3), np.uint8)) != cv2.erode(binary, np.ones((3, 3), np.uint8))
    overlay[outline] = OUTLINE
    return overlay


def _detection(image: np.ndarray, garments: list[Garment]) -> Markup:
    if not garments:
        return Markup('<p class="s2f-note">The detector found no garment in this picture.</p>')
    best = garments[0]
    names = {category.id: category.english for category in categories()}
    caption = f"{names.get(best.category, best.category)}, {best.score:.0%} sure"
    source = data_uri(mask_overlay(image, best.mask))
    return FIGURE.format(role="s2f-found", alt=f"detected garment: {caption}", source=source, caption=caption)
