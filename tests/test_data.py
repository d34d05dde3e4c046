"""Categories, the split, the photos, the cut-outs, and downloads that go wrong."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import zipfile
from collections import defaultdict

import numpy as np
import pytest

from s2f_helpers.common.download import atomic_write, fetch_archive, unpack_verified
from s2f_helpers.common.paths import DATA, SPLITS_CSV
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import (
    categories,
    category_ids,
    category_index,
    corrected_photos,
    cut_out,
    from_label,
    load_cutouts,
    load_photos,
)

TEAM = ("onepiece(dress) onepiece(jumpsuite) outer_cardigan outer_coat outer_jacket outer_jumper pants skirt "
        "top_blouse top_shirt top_sweater top_t-shirt").split()  # fmt: skip
K_FASHION = ("탑 블라우스 티셔츠 니트웨어 셔츠 브라탑 후드티 청바지 팬츠 스커트 래깅스 조거팬츠 코트 재킷 점퍼 패딩 "
             "베스트 가디건 짚업 드레스 점프수트").split()  # fmt: skip


@pytest.mark.parametrize(("source", "labels"), [("original_team", TEAM), ("k_fashion", K_FASHION)])
def test_every_foreign_label_has_exactly_one_category(source, labels):
    for label in labels:
        assert sum(label in category.labels[source] for category in categories()) == 1, label
        assert from_label(source, label) in category_ids()


def test_unknown_category_lists_the_known_ones():
    with pytest.raises(S2FError, match=r"unknown category 'sock'.*t-shirt"):
        category_index("sock")


def rows():
    with open(SPLITS_CSV, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_no_sender_is_in_two_splits():
    splits = defaultdict(set)
    for row in rows():
        splits[row["group"]].add(row["split"])
    assert all(len(found) == 1 for found in splits.values())


def test_every_category_is_in_every_split():
    found = {(row["category"], row["split"]) for row in rows()}
    assert found == {(category, split) for category in category_ids() for split in ("train", "val", "test")}


def test_rejected_photos_are_not_used():
    with open(DATA / "rejected.csv", newline="", encoding="utf-8") as file:
        rejected = {row["image"] for row in csv.DictReader(file)}
    assert rejected and not rejected & {row["image"] for row in rows()}


def test_unknown_split_is_refused():
    with pytest.raises(S2FError, match="unknown split 'dev'"):
        load_photos("dev")


def test_photo_and_mask_belong_together(photos):
    photo = photos[0]
    image, mask = photo.image(), photo.mask()
    assert image.shape == (photo.height, photo.width, 3) and image.dtype == np.uint8
    assert mask.shape == image.shape[:2] and 0.1 < mask.mean() < 1


def test_corrected_masks_belong_to_test_photos(photos):
    with gzip.open(DATA / "masks_corrected.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    silver = {photo.id: photo for photo in load_photos("test")}
    corrected = corrected_photos()
    assert len({row["image"] for row in rows}) == 200
    assert [photo.id for photo in corrected] == [row["image"] for row in rows]
    for photo, row in zip(corrected, rows, strict=True):
        was, now = silver[photo.id].mask(), photo.mask()
        assert now.shape == (row["height"], row["width"]) and now.any() and photo.sha256 == row["sha256"]
        assert row["iou"] == pytest.approx((was & now).sum() / (was | now).sum(), abs=1e-4)
        assert row["changed"] == (row["iou"] < 1) == bool(row["fault"]) == (photo.rle != silver[photo.id].rle)


def test_cutouts_stand_on_white(photos):
    cutouts = load_cutouts("val")
    assert len(cutouts) == len(photos)
    image, mask = cutouts.image(0), cutouts.mask(0)
    assert image.shape == (256, 256, 3) and mask.shape == (256, 256)
    assert image[:4].min() > 245 and image[:, :4].min() > 245


def test_cut_out_centres_the_garment():
    image = np.full((100, 60, 3), 200, np.uint8)
    mask = np.zeros((100, 60), bool)
    mask[10:50, 5:25] = True
    image[mask] = (10, 200, 30)
    picture, shape = cut_out(image, mask, 112)
    ys, xs = np.nonzero(shape)
    assert abs(ys.mean() - 55.5) < 1.5 and abs(xs.mean() - 55.5) < 1.5
    assert np.abs(picture[56, 56].astype(int) - (10, 200, 30)).max() < 3
    assert (picture[0] == 255).all()


def test_cut_out_of_nothing_is_refused():
    with pytest.raises(S2FError, match="mask is empty"):
        cut_out(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), bool))


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "set.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("set/a.txt", "alpha")
        bundle.writestr("set/../../evil.txt", "escape")
    return path


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_unpack_takes_only_what_was_promised(archive, tmp_path):
    unpack_verified(archive, "set/", {"a.txt": sha("alpha")}, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    assert not list(tmp_path.parent.glob("evil.txt"))


def test_wrong_checksum_leaves_no_folder_that_looks_whole(archive, tmp_path):
    with pytest.raises(S2FError, match=r"wrong checksum .*delete"):
        unpack_verified(archive, "set/", {"a.txt": sha("beta")}, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_interrupted_unpacking_goes_on(archive, tmp_path):
    with pytest.raises(S2FError, match="holds no set/b.txt"):
        unpack_verified(archive, "set/", {"a.txt": sha("alpha"), "b.txt": sha("beta")}, tmp_path / "out")
    with zipfile.ZipFile(archive, "a") as bundle:
        bundle.writestr("set/b.txt", "beta")
    unpack_verified(archive, "set/", {"a.txt": sha("alpha"), "b.txt": sha("beta")}, tmp_path / "out")
    assert (tmp_path / "out" / "b.txt").read_text() == "beta"


def test_half_an_archive_is_named(tmp_path, archive):
    archive.write_bytes(archive.read_bytes()[:40])
    with pytest.raises(S2FError, match="not a readable zip"):
        unpack_verified(archive, "set/", {"a.txt": sha("alpha")}, tmp_path / "out")


def test_no_network_and_no_mirror_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("S2F_MIRROR", str(tmp_path))
    with pytest.raises(S2FError, match="set S2F_MIRROR"):
        fetch_archive("http://127.0.0.1:9/nothing.zip", "nothing.zip", tmp_path / "downloads")
    assert not list((tmp_path / "downloads").glob("*"))


def test_full_disk_says_so_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(S2FError, match="disk is full"):
        atomic_write(tmp_path / "file", b"x")
    assert not list(tmp_path.iterdir())
