"""COCO in and out: exports whose numbers clash, files nobody should trust, and nothing lost on the way."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids, load_coco, load_cvat, load_kfashion, make_dataset, wardrobe_dataset
from s2f_helpers.data.formats.exports import write_cvat, write_kfashion
from s2f_helpers.data.outlines import run_lengths, to_mask, to_rle

IN_TMP = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_same(first, second):
    pd.testing.assert_frame_equal(first.photos, second.photos)
    pd.testing.assert_frame_equal(first.garments.drop(columns="outline"), second.garments.drop(columns="outline"))
    for one, other in zip(first.garments["outline"], second.garments["outline"], strict=True):
        assert type(one) is type(other)
        if isinstance(one, bytes):
            assert one == other
        else:
            assert [ring.tolist() for ring in one] == [ring.tolist() for ring in other]


def png(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image[..., ::-1])


def export(folder, images, annotations, label="top_shirt"):
    path = folder / "annotations" / "instances_default.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": label}]}
    path.write_text(json.dumps(record), encoding="utf-8")
    return folder


def square(x=2, y=2, side=8):
    return [x, y, x + side, y, x + side, y + side, x, y + side]


def entry(number=1, name="a.png"):
    return {"id": number, "file_name": name, "width": 32, "height": 32}


def note(number=1, image=1, **more):
    return {"id": number, "image_id": image, "category_id": 1, "segmentation": [square()]} | more


# Many exports, one data set


@st.composite
def exports(draw):
    """Exports that all number as they like, so that every number clashes with every other export's."""
    plan, color = [], 0
    for _ in range(draw(st.integers(1, 4))):
        ids = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4, unique=True))
        shown = []
        for image in ids:
            squares = []
            for _ in range(draw(st.integers(0, 3))):
                color += 1
                squares.append((image, color, draw(st.integers(0, 3)), draw(st.integers(0, 3))))
            shown.append(squares)
        notes = draw(st.permutations([one for squares in shown for one in squares]))
        plan.append((draw(st.permutations(ids)), notes, draw(st.integers(1, 3))))
    return plan


@IN_TMP
@given(plan=exports())
def test_every_annotation_stays_on_its_own_photo(tmp_path, plan):
    """Seen by content: each square has a colour of its own, drawn in one photo of one export."""
    shutil.rmtree(tmp_path / "exports", ignore_errors=True)
    for place, (ids, notes, first) in enumerate(plan):
        folder = tmp_path / "exports" / f"{place:02d}. class"
        pictures = {image: np.full((32, 32, 3), 255, np.uint8) for image in ids}
        last: dict = {}
        for image, color, column, row in notes:
            last[(image, column, row)] = color
            pictures[image][row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = (color, 255 - color, 7)
        for image, picture in pictures.items():
            png(folder / "images" / f"{image}.png", picture)
        annotations = [
            note(first + number, image, segmentation=[square(column * 8, row * 8)])
            for number, (image, color, column, row) in enumerate(notes)
            if last[(image, column, row)] == color
        ]
        export(folder, [entry(image, f"{image}.png") for image in ids], annotations)
    dataset = load_cvat(tmp_path / "exports")
    assert dataset.photos["id"].is_unique
    seen = []
    for photo in dataset.photos["id"]:
        for mask in dataset.masks(photo):
            colors = np.unique(dataset.image(photo)[mask], axis=0)
            assert len(colors) == 1 and colors[0, 2] == 7
            seen.append(int(colors[0, 0]))
    assert len(seen) == len(set(seen)) == len(dataset.garments)


def test_file_names_may_carry_a_path_and_a_prefix(tmp_path):
    png(tmp_path / "images" / "01_sou_0031.png", np.zeros((32, 32, 3), np.uint8))
    names = [
        "01_sou_0031.png",
        "/data/upload/images/수정됨_01_sou_0031.png",
        "C:\\upload\\images\\01_sou_0031.png",
        "other.png",
    ]
    export(tmp_path, [entry(number, name) for number, name in enumerate(names, 1)], [])
    photos = load_cvat(tmp_path).photos
    assert [bool(file) for file in photos["file"]] == [True, True, True, False]
    assert photos["group"].tolist() == ["cvat/01_sou_0031"] * 3 + ["cvat/other"]


def test_zipped_exports_are_read_where_they_lie(tmp_path):
    export(tmp_path / "plain", [entry()], [note()])
    png(tmp_path / "plain" / "images" / "a.png", np.full((32, 32, 3), 90, np.uint8))
    for name in ("01. skirt_01", "01. skirt_02"):
        shutil.make_archive(str(tmp_path / "zips" / name), "zip", tmp_path / "plain")
    dataset = load_cvat([tmp_path / "zips" / "01. skirt_01.zip", tmp_path / "zips" / "01. skirt_02.zip"])
    assert dataset.photos["id"].tolist() == ["01. skirt_01/1", "01. skirt_02/1"]
    assert all((dataset.image(photo) == 90).all() for photo in dataset.photos["id"])


def test_photos_of_one_name_in_two_exports_are_not_mixed_up(tmp_path):
    for place, grey in enumerate((10, 200)):
        export(tmp_path / str(place), [entry()], [note()])
        png(tmp_path / str(place) / "images" / "a.png", np.full((32, 32, 3), grey, np.uint8))
    dataset = load_cvat([tmp_path / "0", tmp_path / "1"])
    assert [int(dataset.image(photo).mean()) for photo in dataset.photos["id"]] == [10, 200]


def test_labels_of_the_team_become_course_categories(tmp_path):
    export(tmp_path / "a", [entry()], [note()], "onepiece(jumpsuite)")
    export(tmp_path / "b", [entry()], [note()], "07. outer_jumper")
    export(tmp_path / "c", [entry()], [note()], "sofa")
    dataset = load_cvat(tmp_path)
    assert dataset.garments["category"].tolist() == ["bodysuit", "coat"]
    assert dataset.problems["reason"].tolist() == ["label without a course category: sofa"]


def test_attributes_are_text_columns(tmp_path):
    export(tmp_path, [entry()], [note(attributes={"occluded": False, "color": "red", "turn": 1.5, "nested": {}})])
    row = load_cvat(tmp_path).garments.iloc[0]
    assert (row["occluded"], row["color"], row["turn"]) == ("false", "red", "1.5")
    assert "nested" not in row


def test_faults_of_a_merge_stay_for_the_audit_to_find(tmp_path):
    images = [entry(1), entry(1, "b.png")]
    export(tmp_path, images, [note(1, 1), note(1, 9), note(2, 1, segmentation=[[1, 2, 3, 4]])])
    audit = load_coco(tmp_path).audit()
    counts = {
        name: audit[name].count for name in ("duplicate photo ids", "dangling garments", "polygon under 3 points")
    }
    assert all(counts.values()), counts


def test_no_export_is_named(tmp_path):
    with pytest.raises(S2FError, match="no JSON file"):
        load_cvat(tmp_path)
    with pytest.raises(S2FError, match="no such folder"):
        load_coco(tmp_path / "nowhere.json")


# Files nobody should trust


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ([], "garment without an outline"),
        ([[1, 2, 3]], "annotation entry left out"),
        ([["a", "b"]], "annotation entry left out"),
        ([[1, None, 2, 3]], "annotation entry left out"),
        ("text", "annotation entry left out"),
        ({"size": [32, 32], "counts": [5]}, "annotation entry left out"),
        ({"size": [32, 32], "counts": [-5, 1029]}, "annotation entry left out"),
        ({"size": [32, 32], "counts": "zzzz"}, "annotation entry left out"),
        ({"size": [32, 32], "counts": ""}, "annotation entry left out"),
        ({"size": [10**9, 10**9], "counts": "0"}, "mask of another size than its photo"),
        ({"size": [16, 32], "counts": "PP"}, "mask of another size than its photo"),
    ],
)
def test_an_outline_that_is_none_is_left_out_and_told(tmp_path, segmentation, reason):
    export(tmp_path, [entry()], [note(1, segmentation=segmentation), note(2)])
    dataset = load_coco(tmp_path)
    assert len(dataset.garments) == 1
    assert dataset.problems["reason"].tolist() == [reason]


def test_plain_run_lengths_are_packed(tmp_path):
    export(tmp_path, [entry()], [note(segmentation={"size": [32, 32], "counts": [100, 24, 900]}, iscrowd=1)])
    dataset = load_coco(tmp_path)
    assert run_lengths(dataset.garments["outline"][0]) == [100, 24, 900]
    assert dataset.garments["area"][0] == 24


def test_a_mask_of_a_photo_that_is_not_listed_does_no_harm(tmp_path):
    counts = to_rle((np.array([[1, 1], [9, 1], [9, 9.0]]),), 32, 32)["counts"].decode()
    export(tmp_path, [entry()], [note(image=5, segmentation={"size": [32, 32], "counts": counts})])
    assert load_coco(tmp_path).audit()["dangling garments"].count == 1


KEYS = ["id", "image_id", "category_id", "file_name", "width", "height", "segmentation", "name", "bbox", "area",
        "attributes", ""]  # fmt: skip
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["size", "counts"]), inner),
    max_leaves=8,
)


@settings(IN_TMP, max_examples=120)
@given(
    table=st.sampled_from(["images", "annotations", "categories"]),
    key=st.sampled_from(KEYS),
    junk=JUNK,
)
def test_any_value_anywhere_is_read_or_told_but_never_raises(tmp_path, table, key, junk):
    """The clean export beside it is read as if the mangled one were not there."""
    export(tmp_path / "good", [entry()], [note()])
    folder = export(tmp_path / "bad", [entry()], [note()])
    path = folder / "annotations" / "instances_default.json"
    record = json.loads(path.read_text())
    if key:
        record[table][0][key] = junk
    else:
        record[table] = junk
    path.write_text(json.dumps(record))
    dataset = load_cvat([tmp_path / "good", tmp_path / "bad"])
    assert (dataset.garments["photo"] == "good/1").sum() == 1
    dataset.audit()


# Our own files come back as they were

WORD = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
POINT = st.floats(-5, 70, allow_nan=False)
RING = st.lists(st.tuples(POINT, POINT), min_size=1, max_size=6).map(lambda points: np.array(points, float))
OUTLINE = st.lists(RING, min_size=1, max_size=3).map(tuple) | st.integers(0, 2**32).map(
    lambda seed: to_rle_of(np.random.default_rng(seed).random((40, 60)) > 0.5)
)


def to_rle_of(mask):
    return coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]


@st.composite
def datasets(draw):
    ids = draw(st.lists(WORD, min_size=1, max_size=5, unique=True))
    count = draw(st.integers(0, 6))
    text = st.lists(WORD | st.just(""), min_size=len(ids), max_size=len(ids))
    photos = {"id": ids, "width": [60] * len(ids), "height": [40] * len(ids), "source": draw(text), "group": draw(text),
              "split": draw(st.lists(st.sampled_from(["", "train", "val"]), min_size=len(ids), max_size=len(ids))),
              "style": draw(text)}  # fmt: skip
    garments = {
        "photo": [draw(st.sampled_from(ids)) for _ in range(count)],
        "category": [draw(st.sampled_from(category_ids())) for _ in range(count)],
        "label": [draw(WORD) for _ in range(count)],
        "outline": [draw(OUTLINE) for _ in range(count)],
        "color": [draw(WORD | st.just("")) for _ in range(count)],
    }
    return make_dataset(photos, garments)


@IN_TMP
@given(dataset=datasets())
def test_nothing_is_lost_on_the_way_through_a_file(tmp_path, dataset):
    assert_same(dataset, load_coco(dataset.to_coco(tmp_path)))


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory):
    return wardrobe_dataset(tmp_path_factory.mktemp("wardrobe"), 20, size=96)


def test_pycocotools_sees_the_same_masks(tmp_path, wardrobe):
    dataset = wardrobe.split(ratios={"train": 0.6, "val": 0.4}).copy_photos(tmp_path)
    dataset.to_coco(tmp_path)
    seen = 0
    for split in ("train", "val"):
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO(tmp_path / "annotations" / f"instances_{split}.json")
        for image in coco.loadImgs(coco.getImgIds()):
            assert (tmp_path / "images" / image["file_name"]).is_file()
            masks = [coco.annToMask(one) for one in coco.loadAnns(coco.getAnnIds(image["id"]))]
            for mine, theirs in zip(dataset.masks(image["photo"]), masks, strict=True):
                assert (mine == theirs).all()
                seen += 1
    assert seen == len(dataset.garments)


def test_ids_count_from_one_through_all_splits(tmp_path, wardrobe):
    wardrobe.split().to_coco(tmp_path)
    records = [json.loads(path.read_text()) for path in (tmp_path / "annotations").glob("*.json")]
    assert len(records) == 3
    for table, count in (("images", len(wardrobe)), ("annotations", len(wardrobe.garments))):
        assert sorted(one["id"] for record in records for one in record[table]) == list(range(1, count + 1))
    assert [one["name"] for one in records[0]["categories"]] == list(category_ids())


def test_splits_of_an_earlier_write_do_not_linger(tmp_path, wardrobe):
    others = tmp_path / "annotations" / "instances_val2017.json"
    others.parent.mkdir()
    others.write_text('{"images":[],"annotations":[],"categories":[]}')
    wardrobe.split().to_coco(tmp_path)
    wardrobe.to_coco(tmp_path)
    assert sorted(path.name for path in others.parent.iterdir()) == ["instances_default.json", others.name]


def test_a_data_set_that_would_mislead_is_not_written(tmp_path):
    ring = (np.array([[1, 1], [9, 1], [9, 9.0]]),)
    twice = make_dataset({"id": ["a", "a"]}, {"photo": ["b"], "category": ["hat"], "outline": [ring]})
    with pytest.raises(S2FError, match=r"1 photo ids occur twice and 1 garments have no photo: audit\(\)"):
        twice.to_coco(tmp_path)
    assert not list(tmp_path.iterdir())


def test_kfashion_to_dataset_to_coco_and_back(tmp_path, wardrobe):
    write_kfashion(wardrobe, tmp_path / "kfashion")
    dataset = load_kfashion(tmp_path / "kfashion")
    assert_same(dataset, load_coco(dataset.to_coco(tmp_path / "coco")))


def test_cvat_to_dataset_to_coco_and_back(tmp_path, wardrobe):
    write_cvat(wardrobe, tmp_path / "cvat", per_export=3)
    dataset = load_cvat(tmp_path / "cvat")
    assert len(dataset.garments) > 10 and not len(dataset.problems)
    assert_same(dataset, load_coco(dataset.to_coco(tmp_path / "coco")))


def test_cvat_exports_hold_the_wardrobes_masks(tmp_path, wardrobe):
    write_cvat(wardrobe, tmp_path, per_export=3)
    dataset = load_cvat(tmp_path)
    masks = [to_mask(outline, 96, 96) for outline in wardrobe.garments["outline"]]
    for outline in dataset.garments["outline"]:
        mine = to_mask(outline, 96, 96)
        assert max((mine & mask).sum() / (mine | mask).sum() for mask in masks) > 0.9


# The Dataset itself


def test_copies_of_photos_are_upright(tmp_path):
    picture = Image.fromarray(np.full((20, 40, 3), 120, np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    picture.save(tmp_path / "plain.jpg")
    files = [str(tmp_path / name) for name in ("turned.jpg", "plain.jpg")]
    photos = {"id": ["a/turned", "b/plain"], "file": files, "width": [20, 40], "height": [40, 20]}
    dataset = make_dataset(photos, {"photo": [], "category": [], "outline": []})
    copies = dataset.copy_photos(tmp_path / "out")
    sizes = [Image.open(file).size for file in copies.photos["file"]]
    assert sizes == [(20, 40), (40, 20)]
    assert not copies.audit()["EXIF rotation"].count and dataset.audit()["EXIF rotation"].count == 1


def test_copies_come_out_of_archives(tmp_path):
    stream = io.BytesIO()
    Image.fromarray(np.full((20, 40, 3), 120, np.uint8)).save(stream, "JPEG")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as bundle:
        bundle.writestr("모던/1.jpg", stream.getvalue())
    photos = {"id": ["k/1"], "file": [f"{tmp_path / 'photos.zip'}!/모던/1.jpg"], "width": [40], "height": [20]}
    copies = make_dataset(photos, {"photo": [], "category": [], "outline": []}).copy_photos(tmp_path / "out")
    assert (tmp_path / "out" / "images" / "k_1.jpg").read_bytes() == stream.getvalue()
    assert copies.image("k/1").shape == (20, 40, 3)


def test_adding_the_same_photos_twice_is_refused(wardrobe):
    with pytest.raises(S2FError, match="20 photo ids are in both data sets"):
        wardrobe + wardrobe


def test_where_keeps_the_photos_and_their_garments(wardrobe):
    some = wardrobe.where(np.arange(len(wardrobe)) < 4)
    assert len(some) == 4 and set(some.garments["photo"]) <= set(some.photos["id"])
    assert some.photos.index.tolist() == [0, 1, 2, 3]


def test_unknown_and_absent_photos_are_named(wardrobe):
    with pytest.raises(S2FError, match="no photo 'nobody'"):
        wardrobe.image("nobody")
    label_only = make_dataset({"id": ["a"]}, {"photo": [], "category": [], "outline": []})
    with pytest.raises(S2FError, match="only its label is here"):
        label_only.image("a")


def test_summary_counts_by_category_and_escapes_what_it_shows():
    ring = (np.array([[1, 1], [9, 1], [9, 9.0]]),)
    dataset = make_dataset(
        {"id": ["a"], "width": [10], "height": [10]},
        {"photo": ["a"], "category": ["hat"], "outline": [ring]},
        [("x.json", "<script>", "")],
    )
    assert dataset.counts()["all"]["hat"] == 1 and dataset.categories == ("hat",)
    assert "<script>" not in dataset._repr_html_()
    assert "1  <script>" in repr(dataset)


def test_open_photos_as_a_dataset(photos):
    from s2f_helpers.data import load_clothing

    dataset = load_clothing()
    val = dataset.where(dataset.photos["split"] == "val")
    assert len(val) == len(photos)
    assert (val.masks(f"clothing/{photos[0].id}")[0] == photos[0].mask()).all()
    assert dataset.photos.groupby("group")["split"].nunique().max() == 1
