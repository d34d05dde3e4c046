"""Lines, colour hints, and training pairs made of both (notebook 02)."""

from s2f_helpers.sketch.hints import draw_hints, fill_hints, scatter_hints
from s2f_helpers.sketch.lines import EDGE_METHODS, draw_contour, draw_edges, roughen
from s2f_helpers.sketch.pairs import (
    PairedDataset,
    draw_by_hand,
    make_sketch,
    photo_to_tensor,
    resize_picture,
    sketch_to_tensor,
)
from s2f_helpers.sketch.read import open_picture, read_sketch
from s2f_helpers.sketch.regions import colorize, fill_regions, silhouette

__all__ = ["EDGE_METHODS", "PairedDataset", "colorize", "draw_by_hand", "draw_contour", "draw_edges",
           "draw_hints", "fill_hints", "fill_regions", "make_sketch",
           "open_picture", "photo_to_tensor", "read_sketch", "resize_picture", "roughen", "scatter_hints",
           "silhouette", "sketch_to_tensor"]  # fmt: skip
