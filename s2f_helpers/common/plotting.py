"""Pictures side by side, for the notebooks."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

__all__ = ["show"]

TITLE_INCHES = 0.24


def show(
    images: Sequence[np.ndarray], titles: Sequence[str] | None = None, columns: int | None = None, inches: float = 1.6
) -> None:
    """Draw a grid of pictures, row by row.

    Args:
        images: (H, W, 3) ``uint8`` RGB, or (H, W) ``uint8`` or ``bool`` shown in grey (0 black, 255 or True white).
        titles: one for each picture.
        columns: pictures a row; default all, at most six.
        inches: width and height of one picture's place.

    Raises:
        ValueError: for no pictures, or another number of titles than of pictures.

    >>> show([], columns=2)
    Traceback (most recent call last):
    ValueError: show: expected at least one picture, got none
    """
    if not len(images):
        raise ValueError("show: expected at least one picture, got none")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"show: expected {len(images)} titles, one for each picture; got {len(titles)}")
    columns = columns or min(len(images), 6)
    rows = -(-len(images) // columns)
    size = (columns * inches, rows * (inches + (TITLE_INCHES if titles else 0)))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="compressed")
    for axis in axes.flat:
        axis.axis("off")
    for place, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image, cmap="gray", vmin=0, vmax=1 if image.dtype == bool else 255)
        axis.set_title(titles[place] if titles else "")
    plt.show()
    plt.close(figure)
