"""Lines, colour hints, and training pairs made of both (notebook 02)."""

from s2f_helpers.sketch.hints import scatter_hints
from s2f_helpers.sketch.lines import EDGE_METHODS, draw_contour, draw_edges, roughen
from s2f_helpers.sketch.pairs import PairedDataset, make_sketch, photo_to_tensor, sketch_to_tensor
from s2f_helpers.sketch.read import open_picture, read_sketch
from s2f_helpers.sketch.regions import colorize, fill_regions

__all__ = ["EDGE_METHODS", "PairedDataset", "colorize", "draw_contour", "draw_edges", "fill_regions", "make_sketch",
           "open_picture", "photo_to_tensor", "read_sketch", "roughen", "scatter_hints",
           "sketch_to_tensor"]  # fmt: skip
