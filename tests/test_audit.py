"""Every fault an audit looks for, one at a time and with a known truth; and what repair makes of it."""

from __future__ import annotations

import io
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco_mask

from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.data.dataset import Dataset, make_dataset
from s2f_helpers.data.outlines import to_mask
from s2f_helpers.data.quality.duplicates import first_of_each, near_pairs
from s2f_helpers.data.quality.shapes import mend

WIDTH, HEIGHT = 60, 40
NAMES = ["a", "b", "c", "d"]
UPSIDE_DOWN = 3


def ring(*points) -> np.ndarray:
    return np.array(points, np.float64)


def square(x: float = 10, y: float = 10, side: float = 20) -> np.ndarray:
    return ring((x, y), (x + side, y), (x + side, y + side), (x, y + side))


def picture(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A blurred patchwork: no two seeds look alike."""
    patches = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    return Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def clean(tmp_path) -> Dataset:
    """Four photos on disk with a garment each, all different, every one its own group."""
    for seed, name in enumerate(NAMES):
        picture(seed).save(tmp_path / f"{name}.jpg", quality=95)
    photos = {"id": NAMES, "file": [str(tmp_path / f"{name}.jpg") for name in NAMES], "width": [WIDTH] * 4,
              "height": [HEIGHT] * 4, "group": NAMES}  # fmt: skip
    garments = {"id": ["1", "2", "3", "4"], "photo": NAMES, "category": ["hat", "hat", "dress", "dress"],
                "outline": [(square(side=10 + number),) for number in range(4)]}  # fmt: skip
    return make_dataset(photos, garments)


def with_photos(dataset: Dataset, **columns) -> Dataset:
    return replace(dataset, photos=dataset.photos.assign(**columns))


def with_garments(dataset: Dataset, **columns) -> Dataset:
    return replace(dataset, garments=dataset.garments.assign(**columns))


def with_outline(dataset: Dataset, outline) -> Dataset:
    """The first garment's outline is another, and its box is not stated."""
    outlines = dataset.garments["outline"].copy()
    outlines.iat[0] = outline
    box = {name: dataset.garments[name].where(dataset.garments["id"] != "1") for name in "xywh"}
    return with_garments(dataset, outline=outlines, **box)


def again(dataset: Dataset, table: str, row: int = 0, **columns) -> Dataset:
    """One row once more, with other values."""
    rows = getattr(dataset, table)
    return replace(dataset, **{table: pd.concat([rows, rows.iloc[[row]].assign(**columns)], ignore_index=True)})


def rewrite(dataset: Dataset, name: str, content: bytes) -> Dataset:
    with open(dataset.photos.set_index("id").loc[name, "file"], "wb") as file:
        file.write(content)
    return dataset


def jpeg(image: Image.Image, **options) -> bytes:
    memory = io.BytesIO()
    image.save(memory, "JPEG", **options)
    return memory.getvalue()


def rotated(dataset: Dataset) -> Dataset:
    exif = Image.Exif()
    exif[0x0112] = UPSIDE_DOWN
    return rewrite(dataset, "a", jpeg(picture(0), exif=exif))


def cut_off(dataset: Dataset) -> Dataset:
    content = jpeg(picture(0))
    return rewrite(dataset, "a", content[: len(content) * 2 // 3])


def gone(dataset: Dataset) -> Dataset:
    return with_photos(dataset, file=dataset.photos["file"].str.replace("a.jpg", "lost.jpg"))


def saved_twice(dataset: Dataset) -> Dataset:
    """Photo d is photo a, saved at another quality."""
    return rewrite(dataset, "d", jpeg(picture(0), quality=60))


def copied(dataset: Dataset) -> Dataset:
    """Photo d is photo a's file."""
    with open(dataset.photos["file"].iloc[0], "rb") as file:
        return rewrite(dataset, "d", file.read())


BOW_TIE = ring((10, 10), (30, 30), (30, 10), (10, 30))
FAULTS = {
    "duplicate photo ids": (lambda ds: again(ds, "photos", 1, id="a"), ("a", "a")),
    "duplicate garment ids": (lambda ds: again(ds, "garments", photo="b"), ("1", "1")),
    "dangling garments": (lambda ds: again(ds, "garments", id="5", photo="nowhere"), ("5",)),
    "photos without a garment": (lambda ds: with_garments(ds, photo=["b", "b", "c", "d"]), ("a",)),
    "photo file missing": (gone, ("a",)),
    "photo unreadable": (cut_off, ("a",)),
    "size mismatch": (lambda ds: with_photos(ds, width=[61, 60, 60, 60]), ("a",)),
    "EXIF rotation": (rotated, ("a",)),
    "polygon under 3 points": (lambda ds: with_outline(ds, (square(), ring((12, 12), (14, 14)))), ("1",)),
    "polygon outside the photo": (lambda ds: with_outline(ds, (square(x=50),)), ("1",)),
    "self-crossing polygon": (lambda ds: with_outline(ds, (BOW_TIE,)), ("1",)),
    "empty mask": (lambda ds: with_outline(ds, (square(side=1),)), ("1",)),
    "box differs from mask": (lambda ds: with_garments(ds, w=ds.garments["w"] + [2.5, 2, -2, 0]), ("1",)),
    "exact duplicate photos": (copied, ("a", "d")),
    "near-duplicate photos": (saved_twice, ("a", "d")),
    "same photo in two splits": (
        lambda ds: with_photos(ds, group=["g", "b", "c", "g"], split=["train", "", "", "val"]), ("a", "d")),
}  # fmt: skip


def test_clean_data_have_no_finding(clean):
    audit = clean.audit()
    assert audit.clean
    assert {finding.name for finding in audit.findings if finding.count} == {"empty category"}
    assert audit["empty category"].count == len(category_ids()) - 2


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_alone(clean, name):
    spoil, examples = FAULTS[name]
    audit = spoil(clean).audit()
    assert not audit.clean
    assert {one.name: one.count for one in audit.findings if one.count and not one.advisory} == {name: 1}
    assert audit[name].examples == examples


@pytest.mark.parametrize("name", FAULTS)
def test_repair_mends_what_is_called_safe_and_says_so(clean, name):
    broken = FAULTS[name][0](clean)
    mended, changes = broken.repair()
    assert bool(changes) == broken.audit()[name].safe
    assert bool(mended.audit()[name].count) != broken.audit()[name].safe
    assert not mended.repair()[1]


def test_repair_leaves_clean_data_alone(clean):
    same, changes = clean.repair()
    assert not changes and str(changes) == "nothing to mend"
    pd.testing.assert_frame_equal(same.photos, clean.photos)
    pd.testing.assert_frame_equal(same.garments, clean.garments)


def test_checks_pass_over_what_is_not_here(clean):
    audit = with_photos(clean, file=["", *clean.photos["file"][1:]]).audit()
    assert audit.clean
    assert audit["photo unreadable"].of == 3 and audit["duplicate photo ids"].of == 4


def test_a_box_that_is_not_stated_is_not_compared(clean):
    audit = with_garments(clean, x=[np.nan, *clean.garments["x"][1:]]).audit()
    assert audit["box differs from mask"].of == 3 and audit.clean


def test_size_mismatch_says_both_sizes(clean):
    audit = with_photos(clean, width=[61, 60, 60, 60]).audit()
    assert audit["size mismatch"].details == ("stated 61 × 40, file 60 × 40",)


def test_classes_of_under_a_tenth_of_the_largest_are_named(clean):
    many = 22
    garments = {"photo": ["a"] * (many + 3), "category": ["dress"] * many + ["hat"] * 2 + ["coat"],
                "outline": [(square(),)] * (many + 3)}  # fmt: skip
    finding = make_dataset(clean.photos, garments).audit()["class imbalance"]
    assert finding.count == 2 and set(finding.details) == {"2 of 22", "1 of 22"}


def test_run_length_masks_are_measured(clean):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order="F")
    mask[5, 7] = 1
    audit = with_outline(clean, coco_mask.encode(mask)["counts"]).audit()
    assert audit["empty mask"].examples == ("1",)


def test_a_run_length_mask_without_a_photo_is_not_decoded(clean):
    counts = coco_mask.encode(np.ones((HEIGHT, WIDTH), np.uint8, order="F"))["counts"]
    audit = with_garments(with_outline(clean, counts), photo=["nowhere", "b", "c", "d"]).audit()
    assert audit["empty mask"].of == 3


def test_a_file_that_is_no_picture_is_unreadable(clean):
    assert rewrite(clean, "a", b"<script>").audit()["photo unreadable"].count == 1


def test_near_duplicates_of_one_group_are_no_fault(clean):
    assert with_photos(saved_twice(clean), group=["g", "b", "c", "g"]).audit().clean


def test_the_same_photo_under_two_names_leaks_without_a_group(clean):
    broken = with_photos(copied(clean), split=["train", "train", "val", "test"])
    assert broken.audit()["same photo in two splits"].details == ("train", "test")


def test_identical_rows_are_safe_and_clashing_ones_are_not(clean):
    assert again(clean, "photos").audit()["duplicate photo ids"].safe
    assert not again(clean, "photos", 1, id="a").audit()["duplicate photo ids"].safe


def test_no_finding_of_another_name(clean):
    with pytest.raises(S2FError, match=r"no finding 'typo'.*duplicate photo ids"):
        clean.audit()["typo"]


def test_printing_names_count_example_and_advice(clean):
    text = str(gone(clean).audit())
    assert "        1 of         4  photo file missing" in text and "such as a (" in text and "Put the files" in text


HOSTILE = "<script>alert('$x_{')</script>"


@pytest.mark.parametrize("table", ["photos", "garments"])
def test_html_shows_a_hostile_id_as_text(clean, table):
    broken = again(clean, table, id=HOSTILE)
    broken = with_garments(broken, photo=broken.garments["photo"].where(broken.garments["id"] != HOSTILE, "nowhere"))
    shown = broken.audit()._repr_html_() + again(again(broken, table, id=HOSTILE), table).repair()[1]._repr_html_()
    assert "&lt;script&gt;" in shown and "<script" not in shown


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were shown, each as the titles of its pictures."""
    plt.switch_backend("Agg")
    figures = []

    def keep() -> None:
        plt.gcf().canvas.draw()
        figures.append([axis.get_title() for axis in plt.gcf().axes if axis.has_data()])

    monkeypatch.setattr(plt, "show", keep)
    return figures


def test_draw_puts_pairs_side_by_side(clean, drawn):
    copied(clean).audit().draw("exact duplicate photos", columns=1)
    assert drawn == [["a", "d"]]


def test_draw_without_a_name_shows_all_that_was_found(clean, drawn, capsys):
    again(FAULTS["polygon outside the photo"][0](clean), "garments", 1, id=HOSTILE, w=99.0).audit().draw()
    assert len(drawn) == 3
    printed = capsys.readouterr().out
    assert [line.split(":")[0] for line in printed.splitlines()] == [
        "polygon outside the photo", "box differs from mask", "empty category"]  # fmt: skip


def test_draw_names_what_cannot_be_shown(clean, drawn, capsys):
    gone(clean).audit().draw("photo file missing")
    assert not drawn and "cannot be shown: a (" in capsys.readouterr().out


def test_draw_shows_run_length_masks(clean, drawn):
    counts = coco_mask.encode(np.asfortranarray(np.eye(HEIGHT, WIDTH, dtype=np.uint8)))["counts"]
    broken = with_garments(with_outline(clean, counts), x=[30.0, 10, 10, 10], w=1.0)
    broken.audit().draw("box differs from mask")
    assert len(drawn[0]) == 4


# What repair keeps


def test_garments_of_a_copy_move_to_the_first_photo(clean):
    mended, _ = copied(clean).repair()
    assert mended.photos["id"].tolist() == ["a", "b", "c"]
    assert mended.garments["photo"].tolist() == ["a", "b", "c", "a"]


def test_a_copy_brings_no_garment_twice(clean):
    broken = copied(clean)
    outlines = broken.garments["outline"].copy()
    outlines.iat[3] = (square(side=10.2),)
    broken = with_garments(broken, outline=outlines, category=["hat", "hat", "dress", "hat"])
    assert broken.repair()[0].garments["id"].tolist() == ["1", "2", "3"]


def test_near_duplicates_bring_their_whole_groups_together(clean):
    mended, _ = with_photos(saved_twice(clean), group=["one", "one", "two", "two"]).repair()
    assert mended.photos["group"].tolist() == ["one"] * 4


def test_clipping_keeps_the_pixels_and_all_pieces(clean):
    comb = ring((50, 5), (70, 5), (70, 30), (50, 30), (50, 25), (65, 25), (65, 10), (50, 10))
    broken = with_outline(clean, (comb,))
    mended, _ = broken.repair()
    assert len(mended.garments["outline"].iloc[0]) == 2
    assert (mended.masks("a")[0] == broken.masks("a")[0]).all()
    assert mended.garments[["x", "y", "w", "h", "area"]].iloc[0].tolist() == [50, 5, 10, 25, 100]


def test_a_hole_of_a_crossing_polygon_stays_open():
    """A square run round twice, the second time smaller, is empty inside by COCO's even-odd rule."""
    frame = ring((5, 5), (35, 5), (35, 35), (5, 35), (5, 5), (15, 15), (15, 25), (25, 25), (25, 15), (15, 15))
    (mended,) = mend([(frame,)], np.array([[WIDTH, HEIGHT]]))
    assert len(mended) == 2
    assert (to_mask(mended, HEIGHT, WIDTH) == to_mask((frame,), HEIGHT, WIDTH)).all()


def test_renumbered_garments_take_no_id_that_is_taken(clean):
    broken = with_garments(clean, id=["1", "1", "1-2", "1"])
    assert broken.repair()[0].garments["id"].tolist() == ["1", "1-3", "1-2", "1-4"]


def test_a_lost_photo_takes_its_garments_along(clean):
    mended, changes = gone(clean).repair()
    assert "a" not in set(mended.photos["id"]) | set(mended.garments["photo"])
    assert [(one.count, one.examples) for one in changes] == [(1, ("a",)), (1, ("1",))]


# Anything at all

FILES = {
    "one.jpg": jpeg(picture(0)),
    "copy.jpg": jpeg(picture(0)),
    "resaved.jpg": jpeg(picture(0), quality=60),
    "two.jpg": jpeg(picture(1)),
    "cut.jpg": jpeg(picture(2))[:700],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("photos")
    for file, content in FILES.items():
        (place / file).write_bytes(content)
    return place


number = st.floats(-200, 200) | st.integers(-80, 80).map(float) | st.sampled_from([np.nan, 1e12])
polygon = st.lists(st.tuples(number, number), max_size=7).map(lambda points: np.array(points, float).reshape(-1, 2))
name = st.sampled_from(["a", "b", "c", "d"])
photo = st.fixed_dictionaries(
    {
        "id": name,
        "file": st.sampled_from(["", *FILES, "missing.jpg"]),
        "width": st.sampled_from([0, 40, WIDTH]),
        "height": st.sampled_from([0, HEIGHT]),
        "group": st.sampled_from(["", "g", "h"]),
        "split": st.sampled_from(["", "train", "val"]),
    }
)
garment = st.fixed_dictionaries(
    {
        "id": st.sampled_from("123"),
        "photo": name,
        "category": st.sampled_from(["hat", "coat"]),
        "outline": st.lists(polygon, max_size=2).map(tuple),
        "x": number,
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(photo, max_size=6), st.lists(garment, max_size=6))
def test_no_safe_finding_outlives_repair(folder, photos, garments):
    named = [row | {"file": row["file"] and str(folder / row["file"])} for row in photos]
    dataset = make_dataset(
        {key: [row[key] for row in named] for key in ("id", "file", "width", "height", "group", "split")},
        {key: [row[key] for row in garments] for key in ("id", "photo", "category", "outline", "x")},
    )
    mended, _ = dataset.repair()
    assert [one.name for one in mended.audit().findings if one.safe and one.count] == []
    assert not mended.repair()[1]


@settings(max_examples=60, deadline=None)
@given(st.lists(polygon, max_size=3), st.integers(20, 60))
def test_mending_keeps_the_pixels(rings, side):
    rings = tuple(ring[(np.abs(ring) < 1e6).all(axis=1)] for ring in rings)
    if sum(len(ring) > 2 for ring in rings) == 0:
        assert mend([rings], np.array([[side, side]])) == [()]
        return
    before, after = (to_mask(outline, side, side) for outline in (rings, mend([rings], np.array([[side, side]]))[0]))
    around = sum(np.hypot(*(ring - np.roll(ring, 1, axis=0)).T).sum() for ring in rings)
    assert (before != after).sum() <= around


@given(
    st.lists(st.integers(0, 2**64 - 1), max_size=12), st.lists(st.lists(st.integers(0, 63), max_size=5), max_size=12)
)
def test_near_pairs_are_those_of_comparing_all_with_all(values, flips):
    values = sorted({*values, *(sum({1 << bit for bit in bits}) ^ values[0] for bits in flips if values)})
    hashes = np.array(values, np.uint64)
    close = np.bitwise_count(hashes[:, None] ^ hashes[None, :]) <= 3
    assert near_pairs(hashes).tolist() == np.argwhere(np.triu(close, 1)).tolist()


def test_repeats_of_a_hash_hang_on_its_first():
    hashes = np.array([5, 9, 5, 5], np.uint64) << np.uint64(20)
    assert first_of_each(4, near_pairs(hashes)).tolist() == [0, 0, 0, 0]
    assert first_of_each(4, near_pairs(hashes, bits=1)).tolist() == [0, 1, 0, 0]
