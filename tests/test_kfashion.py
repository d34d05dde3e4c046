"""K-Fashion's files as they really are: every trap of the format, archives, and files nobody should trust."""

from __future__ import annotations

import json
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2f_helpers.common.types import S2FError
from s2f_helpers.data import load_kfashion, wardrobe_dataset
from s2f_helpers.data.formats.exports import TRAPS, write_kfashion
from s2f_helpers.data.outlines import measure, to_mask

PARTS = ("상의", "하의", "아우터", "원피스")


@pytest.fixture(scope="module")
def wardrobe(tmp_path_factory):
    return wardrobe_dataset(tmp_path_factory.mktemp("wardrobe"), 20, size=96)


def polygon(points, order=None):
    order = order or range(len(points))
    return {f"{axis}좌표{i + 1}": points[i][k] for i in order for k, axis in enumerate("XY")}


def rect(points):
    (x, y), (wide, high) = np.min(points, 0), np.ptp(points, 0)
    return {"X좌표": float(x) - 0.5, "Y좌표": float(y) - 0.5, "가로": int(wide), "세로": int(high)}


STAR = [(50 + r * np.cos(a), 50 + r * np.sin(a)) for a, r in zip(np.linspace(0, 6, 24), [40, 25] * 12, strict=True)]
SQUARE = [(10, 10), (60, 10), (60, 50), (10, 50)]


def label(*garments, name="Shop_0001_02.JPG", number=7, style="스트리트"):
    """One photo's JSON from (part, category, points) or (part, category, points, changes to the label)."""
    tables = {table: {part: [] for part in PARTS} for table in ("렉트좌표", "폴리곤좌표", "라벨링")}
    for part, category, points, *more in garments:
        tables["렉트좌표"][part].append(rect(points))
        tables["폴리곤좌표"][part].append(polygon(points))
        tables["라벨링"][part].append(({"카테고리": category} if category else {}) | (more[0] if more else {}))
    for table in tables.values():
        for part in PARTS:
            table[part] = table[part] or [{}]
    tables["라벨링"]["스타일"] = [{"스타일": style}] if style else [{}]
    about = {"이미지 식별자": number, "이미지 높이": 100, "이미지 파일명": name, "이미지 너비": 100}
    return {"이미지 정보": about, "데이터셋 정보": {"데이터셋 상세설명": tables}}


def put(folder: Path, record, number=7, style="스트리트"):
    path = folder / style / f"{number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    return folder


def reasons(dataset) -> dict[str, int]:
    return dataset.problems["reason"].value_counts().to_dict()


# The traps, in the order of the list they come from


def test_trap_1_points_are_put_in_the_order_of_their_numbers(tmp_path):
    record = label(("상의", "셔츠", STAR))
    order = np.random.default_rng(0).permutation(len(STAR)).tolist()
    record["데이터셋 정보"]["데이터셋 상세설명"]["폴리곤좌표"]["상의"] = [polygon(STAR, order)]
    dataset = load_kfashion(put(tmp_path, record))
    np.testing.assert_array_equal(dataset.garments["outline"][0][0], STAR)


def test_trap_1_numbers_with_a_gap_keep_their_order(tmp_path):
    record = label(("상의", "셔츠", STAR))
    points = record["데이터셋 정보"]["데이터셋 상세설명"]["폴리곤좌표"]["상의"][0]
    del points["X좌표5"], points["Y좌표5"]
    dataset = load_kfashion(put(tmp_path, record))
    np.testing.assert_array_equal(dataset.garments["outline"][0][0], STAR[:4] + STAR[5:])


def test_trap_2_a_garment_without_category_is_left_out_and_told(tmp_path):
    dataset = load_kfashion(put(tmp_path, label(("상의", None, SQUARE), ("하의", "팬츠", STAR))))
    assert dataset.garments["category"].tolist() == ["pants"]
    assert reasons(dataset) == {"garment without a category": 1}


def test_trap_2_a_file_without_garments_is_left_out_and_told(tmp_path):
    dataset = load_kfashion(put(tmp_path, label()))
    assert len(dataset) == 0 and reasons(dataset) == {"no usable garment in the file": 1}


def test_trap_2_the_folder_names_a_missing_style(tmp_path):
    dataset = load_kfashion(put(tmp_path, label(("상의", "셔츠", SQUARE), style=None), style="기타"))
    assert dataset.photos["style"][0] == "기타"


def test_trap_3_the_photo_is_the_one_named_after_the_number(tmp_path, wardrobe):
    write_kfashion(wardrobe, tmp_path)
    dataset = load_kfashion(tmp_path)
    assert dataset.photos["file"].map(lambda file: f"k-fashion/{Path(file).stem}").tolist() == [*dataset.photos["id"]]
    assert dataset.photos["original_name"].str.startswith("shop_").all()


def test_trap_4_a_rectangle_without_area_is_told_and_the_outline_counts(tmp_path):
    record = label(("상의", "셔츠", SQUARE))
    record["데이터셋 정보"]["데이터셋 상세설명"]["렉트좌표"]["상의"][0].update({"가로": 0, "세로": 0})
    dataset = load_kfashion(put(tmp_path, record))
    assert dataset.garments[["x", "y", "w", "h"]].iloc[0].tolist() == [10, 10, 50, 40]
    assert reasons(dataset) == {"rectangle does not fit its outline": 1}


def test_trap_4_two_points_are_no_polygon(tmp_path):
    dataset = load_kfashion(put(tmp_path, label(("상의", "셔츠", SQUARE[:2]), ("하의", "팬츠", STAR))))
    assert dataset.garments["category"].tolist() == ["pants"]
    assert reasons(dataset) == {"polygon of fewer than 3 points": 1}


def test_trap_4_outlines_are_clipped_to_the_photo(tmp_path):
    far = [(-20, 10), (130, 10), (130, 90), (-20, 90)]
    dataset = load_kfashion(put(tmp_path, label(("상의", "셔츠", far))))
    assert dataset.garments[["x", "y", "w", "h", "area"]].iloc[0].tolist() == [0, 10, 100, 80, 8000]
    assert reasons(dataset) == {"outline clipped to the photo": 1}


def test_trap_4_what_is_left_without_area_is_dropped(tmp_path):
    outside = [(110, 10), (150, 10), (150, 50)]
    dataset = load_kfashion(put(tmp_path, label(("상의", "셔츠", outside), ("하의", "팬츠", STAR))))
    assert dataset.garments["category"].tolist() == ["pants"]
    assert reasons(dataset) == {"garment of no area": 1}


def test_trap_5_several_garments_of_one_part(tmp_path):
    dataset = load_kfashion(put(tmp_path, label(("상의", "셔츠", SQUARE), ("상의", "후드티", STAR))))
    assert dataset.garments["category"].tolist() == ["shirt", "hoodie"]


def test_trap_6_a_shops_series_is_one_group(tmp_path):
    for number, name in enumerate(["Shop_0001_01.JPG", "Shop_0001_02.jpg", "Shop_0002_01.jpg", "IMG_0001.jpg"]):
        put(tmp_path, label(("상의", "셔츠", SQUARE), name=name), number)
    groups = load_kfashion(tmp_path).photos["group"].tolist()
    assert groups == ["k-fashion/Shop_0001", "k-fashion/Shop_0001", "k-fashion/Shop_0002", "k-fashion/3"]


def test_trap_7_a_partial_download_pairs_what_is_there(tmp_path, wardrobe):
    write_kfashion(wardrobe, tmp_path)
    lost, *_ = sorted(tmp_path.rglob("*.jpg"))
    lost.rename(lost.with_name("999.jpg"))
    dataset = load_kfashion(tmp_path)
    assert dataset.photos.loc[dataset.photos["file"] == "", "id"].tolist() == [f"k-fashion/{lost.stem}"]
    assert reasons(dataset) == {"label without a photo": 1, "photo without a label": 1}


def test_photos_are_optional(tmp_path):
    dataset = load_kfashion(put(tmp_path, label(("상의", "셔츠", SQUARE))))
    assert (dataset.photos["file"] == "").all() and not len(dataset.problems)


@pytest.mark.parametrize(
    ("category", "expected"), [("집업", "coat"), ("짚업", "coat"), ("레깅스", "pants"), ("래깅스", "pants")]
)
def test_trap_8_two_spellings_of_a_category_are_one(tmp_path, category, expected):
    dataset = load_kfashion(put(tmp_path, label(("하의", category, SQUARE))))
    assert dataset.garments["category"].tolist() == [expected]


def test_trap_8_two_spellings_of_an_attribute_are_one(tmp_path):
    said = {"핏": "노말", "칼라": "셔츠칼라", "넥라인": "홀토넥", "프린트": ["하운즈\u00a0투스", "체크"]}
    row = load_kfashion(put(tmp_path, label(("상의", "셔츠", SQUARE, said)))).garments.iloc[0]
    assert (row["fit"], row["collar"], row["neckline"], row["print"]) == (
        "노멀",
        "셔츠칼라",
        "홀터넥",
        "하운즈 투스;체크",
    )


def test_trap_9_imbalance_is_a_finding_of_the_audit(tmp_path):
    for number in range(12):
        put(tmp_path, label(("상의", "셔츠", SQUARE), *([("하의", "팬츠", STAR)] if not number else [])), number)
    assert load_kfashion(tmp_path).audit()["class imbalance"].count == 1


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_the_wardrobe_sets_is_met_where_it_was_set(tmp_path, wardrobe, trap):
    """Each trap changes what is read of its own files and of no others."""
    plain, trapped = tmp_path / "plain", tmp_path / "trapped"
    write_kfashion(wardrobe, plain)
    fallen = {f"k-fashion/{number}" for number in write_kfashion(wardrobe, trapped, [trap])[trap]}
    before, after = load_kfashion(plain), load_kfashion(trapped)
    same = ["category", "fit", "collar", "neckline", "print", "area"]

    def by_photo(dataset):
        styles = dict(zip(dataset.photos["id"], dataset.photos["style"], strict=True))
        rows = dataset.garments.reindex(columns=same).fillna("").astype(str).agg("|".join, axis=1)
        return {name: (styles[name], sorted(part)) for name, part in rows.groupby(dataset.garments["photo"])}

    was, now = by_photo(before), by_photo(after)
    told = {Path(file).stem for file in after.problems["file"]}
    changed = {name for name in was if was[name] != now.get(name)}
    assert fallen and changed <= fallen
    assert fallen == changed | {name for name in fallen if name.split("/")[1] in told or trap == "no style"}


def test_unknown_trap_is_named(tmp_path, wardrobe):
    with pytest.raises(S2FError, match="unknown traps.*expected some of no category"):
        write_kfashion(wardrobe, tmp_path, ["gremlins"])


# Folders and archives


def same(first, second):
    columns = [name for name in first.photos if name not in ("file", "official_split")]
    pd.testing.assert_frame_equal(first.photos[columns], second.photos[columns])
    pd.testing.assert_frame_equal(first.garments.drop(columns="outline"), second.garments.drop(columns="outline"))
    for one, other in zip(first.garments["outline"], second.garments["outline"], strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_zips_are_read_like_the_folder_they_hold(tmp_path, wardrobe):
    write_kfashion(wardrobe, tmp_path / "folder")
    write_kfashion(wardrobe, tmp_path / "zips" / "Training" / "라벨링데이터.zip")
    folder, zips = load_kfashion(tmp_path / "folder"), load_kfashion(tmp_path / "zips")
    same(folder, zips)
    assert set(zips.photos["official_split"]) == {"train"}
    assert (zips.image(zips.photos["id"][3]) == folder.image(folder.photos["id"][3])).all()


def test_many_batches_on_several_processes_give_the_same_as_one(tmp_path, wardrobe, monkeypatch):
    write_kfashion(wardrobe, tmp_path)
    whole = load_kfashion(tmp_path)
    monkeypatch.setattr("s2f_helpers.data.formats.kfashion.BATCH", 3)
    same(whole, load_kfashion(tmp_path))


def test_names_in_korean_windows_encoding(tmp_path):
    """Written in CP949 and not marked as UTF-8, as Windows' own zip folder does."""
    path = tmp_path / "labels.zip"
    raw = "로맨틱/7.json".encode("cp949")
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr("A" * len(raw), json.dumps(label(("상의", "셔츠", SQUARE), style=None)))
    path.write_bytes(path.read_bytes().replace(b"A" * len(raw), raw))
    assert load_kfashion(path).photos["style"].tolist() == ["로맨틱"]


def test_names_in_decomposed_hangul(tmp_path):
    """macOS stores folder names with Hangul taken apart."""
    put(tmp_path, label(("상의", "셔츠", SQUARE), style=None), style=unicodedata.normalize("NFD", "로맨틱"))
    assert load_kfashion(tmp_path).photos["style"].tolist() == ["로맨틱"]


def test_a_name_that_would_leave_the_archive_is_told_and_not_read(tmp_path):
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        for name in ("../evil/1.json", "/evil/2.json", "C:/evil/3.json", "fine/4.json"):
            bundle.writestr(name, json.dumps(label(("상의", "셔츠", SQUARE))))
    dataset = load_kfashion(path)
    assert dataset.photos["id"].tolist() == ["k-fashion/4"]
    assert reasons(dataset) == {"file cannot be read": 3}
    assert dataset.problems["detail"].str.contains("leave").all()


def test_damage_inside_an_archive_is_told_by_file(tmp_path):
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        for number in range(5):
            bundle.writestr(f"모던/{number}.json", json.dumps(label(("상의", "셔츠", SQUARE))))
        place = bundle.infolist()[2].header_offset
    content = bytearray(path.read_bytes())
    content[place + 80] ^= 0xFF
    path.write_bytes(content)
    dataset = load_kfashion(path)
    assert len(dataset) == 4
    assert dataset.problems["file"].tolist() == [f"{path.resolve()}!/모던/2.json"]


def test_a_torn_archive_is_an_error_that_says_what_to_do(tmp_path):
    path = tmp_path / "labels.zip"
    path.write_bytes(b"PK\3\4 torn")
    with pytest.raises(S2FError, match="not a readable zip.*download it again"):
        load_kfashion(path)


def test_half_a_photo_archive_does_not_hide_the_labels(tmp_path, wardrobe):
    write_kfashion(wardrobe, tmp_path / "라벨링데이터.zip")
    photos = tmp_path / "원천데이터_1.zip"
    photos.write_bytes(photos.read_bytes()[:5000])
    dataset = load_kfashion(tmp_path)
    assert len(dataset) > 5 and (dataset.photos["file"] == "").all()
    assert dataset.problems[["file", "reason"]].to_numpy().tolist() == [[str(photos), "archive cannot be read"]]


def test_no_such_folder_and_no_label_in_it(tmp_path):
    with pytest.raises(S2FError, match="no such folder"):
        load_kfashion(tmp_path / "nowhere")
    with pytest.raises(S2FError, match="no label file"):
        load_kfashion(tmp_path)


def test_a_label_met_twice_counts_once(tmp_path):
    for style in ("모던", "스트리트"):
        put(tmp_path, label(("상의", "셔츠", SQUARE)), style=style)
    dataset = load_kfashion(tmp_path)
    assert len(dataset) == 1 and len(dataset.garments) == 1
    assert reasons(dataset) == {"label met twice": 1}


# Round trip, and files nobody should trust


def test_outlines_keep_their_area_within_a_pixel_along_the_edge(tmp_path, wardrobe):
    write_kfashion(wardrobe, tmp_path)
    dataset = load_kfashion(tmp_path)
    whole = dict(zip(wardrobe.photos["original_name"], wardrobe.photos["id"], strict=True))
    originals = dataset.photos["original_name"].map(whole)
    one_part = wardrobe.garments.groupby("photo").size() == 1
    checked = 0
    for photo, original in zip(dataset.photos["id"], originals, strict=True):
        if one_part[original]:
            exact = wardrobe.masks(original)[0]
            (ring,) = dataset.garments.loc[dataset.garments["photo"] == photo, "outline"].iloc[0]
            edge = np.linalg.norm(np.diff(np.vstack([ring, ring[:1]]), axis=0), axis=1).sum()
            area = measure([(ring,)], [96], [96])[0, 4]
            assert abs(area - exact.sum()) < edge
            assert (to_mask((ring,), 96, 96) & exact).sum() > 0.93 * exact.sum()
            checked += 1
    assert checked > 3


KEYS = st.sampled_from(["X좌표1", "카테고리", "가로", "스타일", "상의"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def paths_in(value, here=()):
    yield here
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths_in(inner, (*here, key))


def replaced(value, path, by):
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], by)
    return copy


WHOLE = label(("상의", "셔츠", SQUARE), ("하의", "팬츠", STAR[:4]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_anywhere_is_read_or_told_but_never_raises(tmp_path, data):
    """One good file beside the mangled one is read as if the other were not there."""
    path = data.draw(st.sampled_from(list(paths_in(WHOLE))))
    put(tmp_path, replaced(WHOLE, path, data.draw(JSON)), number=1)
    put(tmp_path, WHOLE, number=2)
    dataset = load_kfashion(tmp_path)
    mine = dataset.garments[dataset.garments["photo"] == "k-fashion/2"]
    assert mine["category"].tolist() == ["shirt", "pants"]
    assert (dataset.garments["area"] > 1).all() and np.isfinite(dataset.garments["area"]).all()
    assert "k-fashion/1" in set(dataset.photos["id"]) or dataset.problems["file"].str.contains("1.json").any()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 900), junk=st.binary(max_size=20))
def test_truncated_and_garbled_bytes_are_told_with_their_file(tmp_path, cut, junk):
    whole = json.dumps(WHOLE, ensure_ascii=False).encode()
    path = tmp_path / "모던" / "1.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(whole[: min(cut, len(whole) - 2)] + junk)
    dataset = load_kfashion(tmp_path)
    assert len(dataset) == 0
    assert dataset.problems["file"].tolist() == [str(path.resolve())]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": NaN}', "not JSON"),
        (b"[1e999]", "not JSON"),
        (json.dumps(WHOLE, ensure_ascii=False).encode("cp949"), "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "label of another shape"),
        (b"null", "label of another shape"),
        (b"", "not JSON"),
    ],
)
def test_what_is_no_label_is_told_with_a_reason(tmp_path, content, reason):
    (tmp_path / "1.json").write_bytes(content)
    assert reasons(load_kfashion(tmp_path)) == {reason: 1}


def test_huge_coordinates_are_clipped(tmp_path):
    far = [(1e300, 5), (1e300, 95), (-1e300, 95), (-1e300, 5)]
    record = label(("상의", "셔츠", SQUARE))
    record["데이터셋 정보"]["데이터셋 상세설명"]["폴리곤좌표"]["상의"] = [polygon(far)]
    assert load_kfashion(put(tmp_path, record)).garments["area"].tolist() == [9000]


def test_a_byte_order_mark_is_no_reason_to_give_up(tmp_path):
    (tmp_path / "1.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(WHOLE, ensure_ascii=False).encode())
    assert len(load_kfashion(tmp_path)) == 1
