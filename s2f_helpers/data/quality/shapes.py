"""Outlines judged and mended as shapes: too few points, outside the photo, crossing themselves, empty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely

from s2f_helpers.data.dataset import BOX_AND_AREA, Dataset
from s2f_helpers.data.outlines import Outline, measure

__all__ = ["faults", "mend", "sizes_of"]

BOX_PIXELS = 2.0
OUTSIDE_PIXELS = 0.01
EMPTY_AREA = 1.0
UNKNOWN = 1e9  # stands for the side of a photo whose size nobody states
POLYGON = 3  # shapely's type id


def sizes_of(dataset: Dataset) -> np.ndarray:
    """(M, 2) ``float64`` width and height of each garment's photo: NaN where it is not listed, 1e9 where not stated.

    Where photos share an id it is the larger size, so that nothing that may be right is called wrong.
    """
    sizes = dataset.photos.groupby("id")[["width", "height"]].max()
    return sizes.mask(sizes <= 0, UNKNOWN).reindex(dataset.garments["photo"]).to_numpy(np.float64)


def faults(dataset: Dataset) -> pd.DataFrame:
    """Each garment's outline measured and judged, in the order of the table.

    Returns:
        ``x, y, w, h, area`` of the outline in pixels (crossing polygons filled even-odd, as COCO fills them); ``bool``
        ``looked`` (the photo is listed, and its size stated where a run-length mask needs it), ``stated`` (there is
        a box to compare), ``few`` (a polygon under 3 points), ``outside`` the photo, ``crossing``, ``empty``
        (at most one pixel), ``box`` (a side over 2 pixels off). All False where not looked at.
    """
    sizes, garments = sizes_of(dataset), dataset.garments
    packed = garments["outline"].map(lambda outline: isinstance(outline, bytes)).to_numpy(bool)
    looked = ~np.isnan(sizes[:, 0]) & ~(packed & (sizes >= UNKNOWN).any(axis=1))
    outlines = [outline if seen else () for outline, seen in zip(garments["outline"], looked, strict=True)]
    width, height = np.where(looked[:, None], sizes, 1).astype(np.int64).T
    table = pd.DataFrame(measure(outlines, height, width), columns=BOX_AND_AREA, index=garments.index)
    owner, shapes, short = _shapes(outlines)

    def any_of(of: np.ndarray) -> np.ndarray:
        return np.bincount(of, minlength=len(garments)) > 0

    invalid = ~shapely.is_valid(shapes)
    shapes[invalid] = shapely.make_valid(shapes[invalid])
    area = shapely.area(shapes)
    crossing = any_of(owner[invalid & (area > 0)])
    table.loc[crossing, "area"] = np.bincount(owner, area, len(garments))[crossing]
    low, high = table[["x", "y"]].to_numpy(), table[["x", "y"]].to_numpy() + table[["w", "h"]].to_numpy()
    box = garments[["x", "y", "w", "h"]].to_numpy(np.float64)
    off = np.abs(np.hstack([box[:, :2] - low, box[:, :2] + box[:, 2:] - high]))
    return table.assign(
        looked=looked,
        stated=looked & ~np.isnan(box).any(axis=1),
        few=any_of(short),
        outside=looked & ((low < -OUTSIDE_PIXELS) | (high > sizes + OUTSIDE_PIXELS)).any(axis=1),
        crossing=crossing,
        empty=looked & (table["area"].to_numpy() <= EMPTY_AREA),
        box=looked & (off > BOX_PIXELS).any(axis=1),
    )


def mend(outlines: Sequence[Outline], sizes: np.ndarray) -> list[Outline]:
    """Polygons of under 3 points dropped, the rest made plain (even-odd) and clipped to the photo; all pieces stay.

    Args:
        outlines: polygons; a run-length mask comes back as it is.
        sizes: (M, 2) width and height of each one's photo.

    >>> bow_tie = np.array([[0, 0], [4, 4], [4, 0], [0, 4.0]])
    >>> [len(piece) for piece in mend([(bow_tie,)], np.array([[8, 8]]))[0]]
    [3, 3]
    """
    owner, shapes, _ = _shapes(outlines)
    frames = shapely.box(0, 0, *sizes[owner].T)
    owner, shapes = _plain(owner, shapely.intersection(shapely.make_valid(shapes), frames))
    pieces: list[list[np.ndarray]] = [[] for _ in outlines]
    for index, shape in zip(owner, shapes, strict=True):
        pieces[index].append(shapely.get_coordinates(shape)[:-1])
    return [outline if isinstance(outline, bytes) else tuple(pieces[i]) for i, outline in enumerate(outlines)]


def _shapes(outlines: Sequence[Outline]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P,) garment of each polygon and (P,) polygons; then the garments of polygons of under 3 (or of wild) points."""
    owner = np.array([i for i, rings in enumerate(outlines) if not isinstance(rings, bytes) for _ in rings], np.int64)
    rings = [ring for rings in outlines if not isinstance(rings, bytes) for ring in rings]
    rings = [ring[:-1] if len(ring) > 1 and ring[0].tolist() == ring[-1].tolist() else ring for ring in rings]  # open
    whole = np.array([len(ring) > 2 and (np.abs(ring) < UNKNOWN).all() for ring in rings], bool)
    kept = [ring for ring, good in zip(rings, whole, strict=True) if good]
    points = np.concatenate(kept) if kept else np.zeros((0, 2))
    lines = shapely.linearrings(points, indices=np.repeat(np.arange(len(kept)), [len(ring) for ring in kept]))
    return owner[whole], np.atleast_1d(shapely.polygons(lines)), owner[~whole]


def _plain(owner: np.ndarray, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every polygon in the shapes; one with a hole is cut in two through it, as COCO's polygons have no holes."""
    while True:
        for _ in range(2):  # a collection may hold a multipolygon
            shapes, index = shapely.get_parts(shapes, return_index=True)
            owner = owner[index]
        keep = (shapely.get_type_id(shapes) == POLYGON) & (shapely.area(shapes) > 0)
        owner, shapes = owner[keep], shapes[keep]
        holed = shapely.get_num_interior_rings(shapes) > 0
        if not holed.any():
            order = np.argsort(owner, kind="stable")
            return owner[order], shapes[order]
        x0, y0, x1, y1 = shapely.bounds(shapes[holed]).T
        middle = shapely.get_x(shapely.centroid(shapely.get_interior_ring(shapes[holed], 0)))
        halves = [shapely.intersection(shapes[holed], shapely.box(*sides)) for sides in
                  ((x0, y0, middle, y1), (middle, y0, x1, y1))]  # fmt: skip
        shapes = np.concatenate([shapes[~holed], *halves])
        owner = np.concatenate([owner[~holed], owner[holed], owner[holed]])
