"""Sketch2Fashion: from a hand drawing to a garment, its mask, and things that look like it."""

from s2f_helpers.common.types import Garment, Product, S2FError, Sketch

__all__ = ["Garment", "Pipeline", "Product", "Result", "S2FError", "Sketch"]


def __getattr__(name: str):
    """Load the pipeline's networks only when they are asked for: drawing needs none of them."""
    if name in ("Pipeline", "Result"):
        from s2f_helpers import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
