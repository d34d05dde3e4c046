"""The course's garment categories, and how other people's labels map on them (``data/categories.csv``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache

from s2f_helpers.common.paths import CATEGORIES_CSV
from s2f_helpers.common.types import S2FError

__all__ = ["SOURCES", "Category", "categories", "category_ids", "category_index", "from_label"]

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
        return tuple(
            Category(
                id=row["id"],
                english=row["english"],
                korean=row["korean"],
                part=row["part"],
                labels={source: tuple(filter(None, row[source].split(";"))) for source in SOURCES},
            )
            for row in csv.DictReader(file)
        )


def category_ids() -> tuple[str, ...]:
    """Category ids in class-index order.

    >>> category_ids()[:3]
    ('t-shirt', 'longsleeve', 'shirt')
    """
    return tuple(category.id for category in categories())


def category_index(category: str) -> int:
    """Class index of a category id.

    >>> category_index("longsleeve")
    1

    Raises:
        S2FError: for a name that is not in the table.
    """
    try:
        return category_ids().index(category)
    except ValueError:
        raise S2FError(f"unknown category {category!r}: expected one of {', '.join(category_ids())}") from None


def from_label(source: str, label: str) -> str | None:
    """The course category of another data set's label, or None where the course has none.

    >>> from_label("clothing_dataset", "Polo"), from_label("k_fashion", "드레스")
    ('t-shirt', 'dress')
    >>> from_label("clothing_dataset", "Shoes") is None
    True
    """
    if source not in SOURCES:
        raise S2FError(f"unknown label source {source!r}: expected one of {', '.join(SOURCES)}")
    return next((category.id for category in categories() if label in category.labels[source]), None)
