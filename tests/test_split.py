"""The split: never leaks, does not depend on the order of the rows, and stays when photos are added."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.data.dataset import Dataset, make_dataset

SPLITS = ("train", "val", "test")
OUTLINE = (np.array([(1, 1), (5, 1), (5, 5), (1, 5)], np.float64),)


def dataset(groups: list[str], categories: list[str | None], splits: list[str] | None = None) -> Dataset:
    """One photo for each entry, with one garment or, for None, without."""
    ids = [f"photo {number}" for number in range(len(groups))]
    photos = {
        "id": ids,
        "width": [8] * len(ids),
        "height": [8] * len(ids),
        "group": groups,
        "split": splits or [""] * len(ids),
    }
    worn = [(photo, category) for photo, category in zip(ids, categories, strict=True) if category]
    garments = {"photo": [photo for photo, _ in worn], "category": [category for _, category in worn],
                "outline": [OUTLINE] * len(worn)}  # fmt: skip
    return make_dataset(photos, garments)


def splits_of(dataset: Dataset) -> dict[str, str]:
    return dict(zip(dataset.photos["id"], dataset.photos["split"], strict=True))


def shuffled(dataset: Dataset, seed: int) -> Dataset:
    tables = {name: getattr(dataset, name).sample(frac=1, random_state=seed) for name in ("photos", "garments")}
    return replace(dataset, **{name: table.reset_index(drop=True) for name, table in tables.items()})


entries = st.lists(
    st.tuples(st.sampled_from(["", *"abcdefghij"]), st.sampled_from([None, "hat", "coat", "dress"])),
    min_size=1, max_size=40,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(entries, st.integers(0, 3))
def test_no_group_is_in_two_splits(rows, seed):
    photos = dataset(*map(list, zip(*rows, strict=True))).split(seed=seed).photos
    found = defaultdict(set)
    for group, split in zip(photos["group"], photos["split"], strict=True):
        found[group].add(split)
    assert all(len(splits) == 1 for group, splits in found.items() if group)
    assert set(photos["split"]) <= set(SPLITS)


@settings(max_examples=40, deadline=None)
@given(entries, st.integers(0, 3), st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(rows, seed, order):
    data = dataset(*map(list, zip(*rows, strict=True)))
    assert splits_of(shuffled(data, order).split(seed=seed)) == splits_of(data.split(seed=seed))


@settings(max_examples=40, deadline=None)
@given(entries, entries)
def test_adding_photos_moves_none(rows, more):
    before = splits_of(dataset(*map(list, zip(*rows, strict=True))).split())
    grown = dataset(*map(list, zip(*rows, *more, strict=True)), [*before.values(), *[""] * len(more)]).split()
    after = splits_of(grown)
    assert before.items() <= after.items() and "" not in after.values()
    assert grown.audit()["same photo in two splits"].count == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(1, 30), min_size=3, max_size=12), min_size=1, max_size=6), st.integers(0, 3))
def test_every_class_with_a_group_for_each_split_is_in_every_split(sizes, seed):
    rows = [(f"{category}/{number}", category)
            for category, groups in zip(category_ids(), sizes, strict=False)
            for number, size in enumerate(groups) for _ in range(size)]  # fmt: skip
    counts = dataset(*map(list, zip(*rows, strict=True))).split(seed=seed).counts()
    assert (counts.loc[list(category_ids()[: len(sizes)]), list(SPLITS)] > 0).all(axis=None)


def mixed(groups: int, seed: int = 0) -> Dataset:
    """Groups of very different sizes, each with photos of several categories, as senders have them."""
    rng = np.random.default_rng(seed)
    rows = [(str(group), category) for group in range(groups)
            for category in rng.choice(category_ids(), int(rng.lognormal(1.5, 1)) + 1)]  # fmt: skip
    return dataset(*map(list, zip(*rows, strict=True)))


def test_classes_come_near_their_shares():
    counts = mixed(400).split().counts()
    shares = counts.div(counts.sum(axis=1), axis=0)
    assert np.abs(shares["train"] - 0.75).max() < 0.03
    assert np.abs(shares["val"] - 0.10).max() < 0.03 and np.abs(shares["test"] - 0.15).max() < 0.03


def test_the_seed_decides_between_groups_of_one_size():
    data = dataset(list("abcdefghijklmnopqrst"), ["hat"] * 20)
    assert splits_of(data.split(seed=0)) == splits_of(data.split(seed=0))
    assert splits_of(data.split(seed=0)) != splits_of(data.split(seed=1))


def test_other_names_and_shares():
    data = dataset([str(number) for number in range(40)], ["hat"] * 40)
    assert data.split(ratios={"fit": 0.5, "check": 0.5}).photos["split"].value_counts().to_dict() == {
        "fit": 20,
        "check": 20,
    }


def test_photos_of_one_source_stay_together():
    data = mixed(30)
    data = replace(data, photos=data.photos.assign(source=[f"s{number % 7}" for number in range(len(data))]))
    assert (data.split(by="source").photos.groupby("source")["split"].nunique() == 1).all()


def test_a_column_of_the_photos_can_be_balanced():
    data = dataset([str(number) for number in range(40)], [None] * 40)
    data = replace(data, photos=data.photos.assign(style=["street", "formal"] * 20))
    photos = data.split(ratios={"train": 0.8, "test": 0.2}, stratify="style").photos
    assert photos[photos["split"] == "test"]["style"].value_counts().to_dict() == {"street": 4, "formal": 4}


def test_a_group_in_two_splits_is_refused_with_the_way_out():
    torn = dataset(["a", "a", "b"], ["hat"] * 3, ["train", "val", ""])
    with pytest.raises(S2FError, match=r"1 groups are in two splits, such as 'a'.*assign\(split=''\)"):
        torn.split()
    assert replace(torn, photos=torn.photos.assign(split="")).split().photos["split"].nunique() == 2


def test_a_split_that_ratios_do_not_name_is_refused():
    with pytest.raises(S2FError, match="split 'dev', but ratios name train, test, val"):
        dataset(["a", "b"], ["hat"] * 2, ["dev", ""]).split()


@pytest.mark.parametrize("ratios", [{"train": 0.5, "val": 0.4}, {"train": 1.1, "val": -0.1}, {"": 1.0}])
def test_ratios_must_be_shares(ratios):
    with pytest.raises(S2FError, match="sum to 1"):
        dataset(["a"], ["hat"]).split(ratios=ratios)


@pytest.mark.parametrize("columns", [{"by": "sender"}, {"stratify": "colour"}])
def test_a_column_that_is_not_there_is_named(columns):
    with pytest.raises(S2FError, match="no such column"):
        dataset(["a"], ["hat"]).split(**columns)
