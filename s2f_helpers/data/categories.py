"""The course's garment categories, and how other people's labels map on them (``data/categories.csv``)."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from s2f_helpers.common.paths import CATEGORIES_CSV
from s2f_helpers.common.types import S2FError

__all__ = ["SOURCES", "Category", "categories", "category_ids", "category_index", "course_category", "from_label"]

SOURCES = ("clothing_dataset", "original_team", "k_fashion")


@dataclass(frozen=True)
class Category:
    """One row of the table: its names, the part of the body, and each source's labels for it."""

    id: str
    english: str
    korean: str
    part: str
    labels: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def categories() -> tuple[Category, ...]:
    """All categories, in the table's order: the order of every class index in the course."""
    with open(CATEGORIES_CSV, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    words = [{source: tuple(filter(None, row.pop(source).split(";"))) for source in SOURCES} for row in rows]
    names = ("id", "english", "korean", "part")
    return tuple(Category(*map(row.get, names), labels) for row, labels in zip(rows, words, strict=True))


@lru_cache(maxsize=1)
def category_ids() -> tuple[str, ...]:
    """Category ids in class-index order: ``('t-shirt', 'longsleeve', …)``."""
    return tuple(category.id for category in categories())


def category_index(category: str) -> int:
    """Class index of a category id.

    >>> category_index("longsleeve")
    1
    """
    if category not in category_ids():
        raise S2FError(f"unknown category {category!r}: expected one of {', '.join(category_ids())}")
    return category_ids().index(category)


def from_label(source: str, label: str) -> str | None:
    """The course category of another data set's label, or None where the course has none.

    >>> from_label("clothing_dataset", "Polo"), from_label("k_fashion", "드레스")
    ('t-shirt', 'dress')
    >>> from_label("clothing_dataset", "Shoes") is None
    True
    """
    if source not in SOURCES:
        raise S2FError(f"unknown label source {source!r}: expected one of {', '.join(SOURCES)}")
    return _labels(source).get(_plain(label))


def course_category(label: str) -> str | None:
    """The course category of a label of any source, or of the course itself; a leading ``NN.`` is passed over.

    >>> course_category("01. onepiece(dress)"), course_category("후드티"), course_category("sofa")
    ('dress', 'hoodie', None)
    """
    label = _plain(label)
    if label in category_ids():
        return label
    return next((_labels(source)[label] for source in SOURCES if label in _labels(source)), None)


@lru_cache(maxsize=len(SOURCES))
def _labels(source: str) -> dict[str, str]:
    return {label: category.id for category in categories() for label in category.labels[source]}


def _plain(label: str) -> str:
    """Composed Hangul, plain spaces, no number before it: labels pass through many hands."""
    return re.sub(r"^\d+\.\s*", "", unicodedata.normalize("NFC", label).replace("\u00a0", " ").strip())
