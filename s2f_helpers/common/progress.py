"""A progress bar that appears once something takes over a second."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tqdm.auto import tqdm

__all__ = ["progress"]


def progress(items: Iterable | None = None, *, what: str, unit: str, total: int | None = None, start: int = 0) -> tqdm:
    """``items``, counted on a bar; without items a bar to ``update()`` by hand. ``start`` of them were done before.

    ``TQDM_DISABLE=1`` hides it; tqdm itself does not look at that in a notebook.

    >>> sum(progress(range(4), what="adding", unit="number"))
    6
    """
    hidden = os.environ.get("TQDM_DISABLE", "0") not in ("", "0")
    return tqdm(items, desc=what, unit=unit, total=total, initial=start, delay=1, disable=hidden)
