"""Where things lie. Everything hangs off the checkout; ``S2F_HOME`` moves it (Colab, shared labs)."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["CATEGORIES_CSV", "DATA", "ROOT", "SPLITS_CSV", "WEIGHTS", "cache_dir"]

ROOT = Path(os.environ.get("S2F_HOME") or Path(__file__).resolve().parents[2])
DATA = ROOT / "data"
WEIGHTS = ROOT / "weights"
CATEGORIES_CSV = DATA / "categories.csv"
SPLITS_CSV = DATA / "splits.csv"


def cache_dir(name: str) -> Path:
    """A folder for what can be made again; git ignores it. Created if missing.

    >>> cache_dir("doctest").name
    'doctest'
    """
    folder = Path(os.environ.get("S2F_CACHE") or DATA / "cache") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
