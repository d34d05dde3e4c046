"""Outlines to draw along, and the drawing tidied: what real garments have to say about a drawing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from s2f_helpers.common.types import Sketch
from s2f_helpers.studio.shapes import Shapes, longest_contour, outline_of
from s2f_helpers.studio.tidy import tidy

__all__ = ["Question", "outlines", "tidied"]

SHADOWS = 3


@dataclass(frozen=True, eq=False)
class Question:
    """What a person wants to be helped with.

    Attributes:
        sketch: (256, 256), finished or not.
        category: look only at garments of this category id; None looks at all.
        shadows: outlines of the garments that the lines lie on best.
        tidy: how far the drawing's own outline is bent to the most similar garment's, in [0, 1].
    """

    sketch: Sketch
    category: str | None
    shadows: bool
    tidy: float


def outlines(question: Question) -> list[np.ndarray]:
    """(M, 2) outlines in page units to show below the drawing."""
    found = []
    if question.shadows and question.sketch.lines.any():
        shapes = Shapes.load()
        found += map(shapes.contour, shapes.around(question.sketch.lines, SHADOWS, question.category))
    if question.tidy:
        mask = outline_of(tidied(question).lines)
        found += [] if mask is None else [longest_contour(mask)]
    return [contour for contour in found if len(contour)]


def tidied(question: Question) -> Sketch:
    """The drawing, bent as far as asked."""
    if not question.tidy or not question.sketch.lines.any():
        return question.sketch
    shapes = Shapes.load()
    nearest = shapes.alike(question.sketch.lines, 1, question.category)[0]
    return tidy(question.sketch, shapes.contour(nearest), question.tidy)
