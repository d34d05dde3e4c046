"""Draw, generate, find: the studio (notebook 07)."""

from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.panel import Studio
from s2f_helpers.studio.strokes import Page, Stroke

__all__ = ["Drawing", "Page", "Stroke", "Studio"]
