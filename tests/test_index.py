"""The local index as a store: versions, interruptions, readers beside a writer, many rows, filters, object storage."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from fake_s3 import fake_s3
from joblib import Parallel, delayed
from PIL import Image

from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.data.wardrobe.outfits import wardrobe_dataset
from s2f_helpers.search import Item, LocalIndex, index_dataset, read_csv, read_folder, store

COLORS = {"red": (190, 30, 40), "blue": (30, 50, 180), "green": (30, 140, 60), "pink": (230, 120, 180)}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("S2F_CACHE", str(tmp_path / "cache"))


def block(color):
    picture = np.full((96, 96, 3), 255, np.uint8)
    picture[8:88, 32:64] = COLORS[color]
    return picture


def item(color, key=None, **facts):
    return Item(key or color, Product(facts.pop("title", color), **facts), lambda: (block(color), None))


def build(*items, name="shop", **options):
    return LocalIndex.build(name, items, progress=False, **options)


def titles(index, **filters):
    return {product.title for product in index(block("red"), limit=100, **filters)}


# --- versions ----------------------------------------------------------------------------------


def test_added_items_are_in_the_next_version_and_not_in_this_one():
    first = build(item("red"))
    second = first.add([item("blue")], progress=False)
    assert titles(first) == {"red"} and titles(second) == titles(LocalIndex.open("shop")) == {"red", "blue"}


def test_the_same_key_replaces():
    index = build(item("red", key="a", price=10.0, currency="EUR"), item("blue", key="b"))
    index = index.add([item("green", key="a", price=8.0, currency="EUR")], progress=False)
    assert {(p.title, p.price) for p in index(block("green"))} == {("green", 8.0), ("blue", None)}
    assert index(block("green"), limit=1)[0].similarity == pytest.approx(1, abs=0.01)


def test_of_two_items_with_one_key_the_later_counts():
    assert titles(build(item("red", key="a"), item("blue", key="a"))) == {"blue"}


def test_deleted_items_are_gone_and_their_neighbours_stay():
    index = build(item("red", key="it's"), item("blue", key='a"b\n셔츠'), item("green"))
    assert titles(index.delete(["it's", 'a"b\n셔츠'])) == {"green"} and len(index) == 3


def test_deleting_what_is_not_there_says_so_and_deletes_nothing():
    index = build(item("red"), item("blue"))
    with pytest.raises(S2FError, match="no item with the key 'shoe'"):
        index.delete(["red", "shoe"])
    assert titles(LocalIndex.open("shop")) == {"red", "blue"}


def test_an_emptied_index_finds_nothing_and_can_be_filled_again():
    index = build(item("red")).delete(["red"])
    assert len(index) == 0 and index(block("red")) == []
    assert titles(index.add([item("blue")], progress=False)) == {"blue"}


def test_building_again_reads_only_what_changed_and_drops_what_is_gone():
    read = []

    def noted(color, price):
        def load():
            read.append(color)
            return block(color), None

        return Item(color, Product(color, price=price, currency="EUR"), load)

    build(noted("red", 1.0), noted("blue", 2.0), noted("green", 3.0))
    read.clear()
    index = build(noted("red", 1.0), noted("blue", 2.5), noted("pink", 4.0))
    assert read == ["blue", "pink"]
    assert {(p.title, p.price) for p in index(block("red"))} == {("red", 1.0), ("blue", 2.5), ("pink", 4.0)}


def test_an_updated_item_that_cannot_be_read_is_reported():
    def torn():
        raise S2FError("torn")

    index = build(item("red"), item("blue")).add([Item("red", Product("red"), torn, "newer")], progress=False)
    assert [(entry.key, entry.reason) for entry in index.skipped] == [("red", "torn")] and titles(index) == {"blue"}


# --- interruptions and readers -----------------------------------------------------------------

KILLED = """
import sys, time
sys.path.insert(0, {tests!r})
from test_index import Item, Product, build, item

def stuck():
    print("stuck", flush=True)
    time.sleep(600)

colors = ["red", "blue", "green", "pink"]
build(*(item(color, key=f"new {{color}}") for color in colors), Item("last", Product("last"), stuck), chunk=2)
"""


@pytest.fixture(scope="module")
def killed_cache(tmp_path_factory):
    """The cache after an index of one old item, and a newer build of five that was killed after two commits."""
    folder = tmp_path_factory.mktemp("killed") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2F_CACHE", str(folder))
        build(item("red", key="old", title="old"))
        script = KILLED.format(tests=str(Path(__file__).parent))
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "stuck\n"
            process.kill()
    return folder


@pytest.fixture
def killed_build(killed_cache, tmp_path):
    """The items that were committed, but not published, in a copy of that cache."""
    shutil.copytree(killed_cache, tmp_path / "cache")
    return [item(color, key=f"new {color}") for color in COLORS]


def test_a_killed_build_goes_on_and_loses_nothing_committed(killed_build):
    assert titles(LocalIndex.open("shop")) == {"old"}

    def read_again():
        raise AssertionError("was committed before the kill")

    committed = [Item(item.key, item.product, read_again) for item in killed_build]
    index = build(*committed, item("red", key="last", title="last"), chunk=2)
    assert titles(index) == titles(LocalIndex.open("shop")) == {*COLORS, "last"}


def test_an_add_after_a_killed_build_publishes_none_of_it(killed_build):
    index = LocalIndex.open("shop").add([item("blue")], progress=False)
    assert titles(index) == {"old", "blue"}


def test_two_readers_during_writes_see_one_version_or_the_other():
    versions = [{"red", "blue"}, {"green", "pink"}]
    build(*map(item, versions[0]))
    seen, failures, done = [], [], threading.Event()

    def read_on():
        held = LocalIndex.open("shop")
        while not done.is_set():
            try:
                seen.append(frozenset(titles(LocalIndex.open("shop"))))
                assert titles(held) == versions[0], "a version in hand stays as it is"
            except Exception as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read_on) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 6):
        build(*map(item, versions[number % 2]), chunk=1)
    done.set()
    for reader in readers:
        reader.join()
    assert not failures and set(seen) <= set(map(frozenset, versions)) and len(seen) > 4


def by_two_processes(work, chunks):
    return Parallel(2, return_as="generator_unordered")(delayed(work)(chunk) for chunk in chunks)


def test_two_processes_store_the_same_rows_as_one():
    """They append to the table at once, each from its own interpreter, as Ray's workers do."""
    items = [item(color, key=f"{color} {number}", title=f"{color} {number}") for color in COLORS for number in range(4)]
    alone, together = build(*items, name="alone"), build(*items, name="together", run=by_two_processes, chunk=2)
    for color in COLORS:
        hits = [
            {(product.title, round(product.similarity, 3)) for product in index(block(color), limit=100)}
            for index in (alone, together)
        ]
        assert hits[0] == hits[1] and len(hits[0]) == 16


# --- many rows ---------------------------------------------------------------------------------

SMALL = pyarrow.schema(
    [("key", pyarrow.string()), ("stamp", pyarrow.string()), ("vector", pyarrow.list_(pyarrow.float32(), 32))]
)


def clustered(count, seed=0):
    """(count, 32) unit vectors around 200 centres, as pictures lie around their kinds."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).standard_normal((200, 32), np.float32)
    vectors = centers[rng.integers(200, size=count)] + 0.5 * rng.standard_normal((count, 32), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def filled(folder, vectors, ann_above):
    """A published table of vectors, whose keys are their numbers."""
    table = store.draft(str(folder), SMALL)
    keys = pyarrow.array(np.arange(len(vectors)).astype("U9"))
    flat = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors.ravel()), 32)
    table.add(pyarrow.table([keys, keys, flat], schema=SMALL))
    store.publish(table, ann_above)
    return store.snapshot(str(folder))


def recall(table, vectors, queries):
    """Share of the true ten nearest that a search finds."""
    shares = []
    for query in queries:
        best = np.argpartition(-(vectors @ query), 10)[:10]
        found = {int(row["key"]) for row in store.nearest(table, query, 10, ["key"], None)}
        shares.append(len(found & set(best.tolist())) / 10)
    return np.mean(shares)


def test_up_to_the_threshold_the_search_is_exact_and_above_it_approximate(tmp_path):
    vectors, queries = clustered(3_000), clustered(20, seed=1)
    exact = filled(tmp_path / "exact", vectors, ann_above=3_000)
    near = filled(tmp_path / "near", vectors, ann_above=2_999)
    assert [len(table.list_indices()) for table in (exact, near)] == [0, 1]
    assert recall(exact, vectors, queries) == 1 and recall(near, vectors, queries) >= 0.9


def test_rows_added_to_an_approximate_index_are_found(tmp_path):
    vectors = clustered(3_000)
    filled(tmp_path / "shop", vectors[:2_000], ann_above=1_000)
    table = store.newest(str(tmp_path / "shop"))
    rows = [{"key": f"late {i}", "stamp": "", "vector": vector} for i, vector in enumerate(vectors[2_000:2_100])]
    table.add(rows)
    store.publish(table, 1_000)
    table = store.snapshot(str(tmp_path / "shop"))
    assert table.index_stats("vector_idx").num_unindexed_rows == 0
    found = [store.nearest(table, row["vector"], 1, ["key"], None)[0]["key"] for row in rows]
    assert found == [row["key"] for row in rows]


def test_a_rare_filter_looks_beyond_the_nearest_partitions(tmp_path):
    vectors = clustered(3_000)
    table = filled(tmp_path / "shop", vectors, ann_above=1_000)
    rare = int(np.argmin(vectors @ vectors[0]))
    assert [row["key"] for row in store.nearest(table, vectors[0], 5, ["key"], f"key = '{rare}'")] == [str(rare)]


def test_a_million_rows(tmp_path):
    vectors, queries = clustered(1_000_000), clustered(20, seed=1)
    table = filled(tmp_path / "shop", vectors, store.ANN_ABOVE)
    assert table.count_rows() == 1_000_000 and len(table.list_indices()) == 1
    assert recall(table, vectors, queries) >= 0.9


# --- filters -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2F_CACHE", str(tmp_path_factory.mktemp("cache")))
        return build(
            item("red", price=10.0, currency="EUR", extra={"category": "dress"}),
            item("blue", price=20.0, currency="EUR", extra={"category": "women's coat"}),
            item("green", price=15.0, currency="KRW", extra={"category": "dress"}),
            item("pink"),
        )


@pytest.mark.parametrize(
    "filters, expected",
    [
        ({"category": "dress"}, {"red", "green"}),
        ({"category": "women's coat"}, {"blue"}),
        ({"category": "x' OR 'a' = 'a"}, set()),
        ({"currency": "EUR"}, {"red", "blue"}),
        ({"currency": "EUR", "price": (10, 19.99)}, {"red"}),
        ({"currency": "EUR", "price": (10.01, None)}, {"blue"}),
        ({"currency": "KRW", "price": (None, 15), "category": "dress"}, {"green"}),
        ({}, {"red", "blue", "green", "pink"}),
    ],
)
def test_filters(priced, filters, expected):
    assert titles(priced, **filters) == expected


@pytest.mark.parametrize(
    "filters, says",
    [
        ({"price": (1, 2)}, "name the currency"),
        ({"price": (None, float("nan")), "currency": "EUR"}, "pair of numbers"),
        ({"price": ("1 OR 1=1", None), "currency": "EUR"}, "pair of numbers"),
        ({"price": (5,), "currency": "EUR"}, "pair of numbers"),
    ],
)
def test_unusable_filters(priced, filters, says):
    with pytest.raises(S2FError, match=says):
        priced(block("red"), **filters)


# --- catalogues --------------------------------------------------------------------------------


def shop_csv(folder, *lines):
    folder.mkdir(exist_ok=True)
    for color in COLORS:
        Image.fromarray(block(color)).save(folder / f"{color}.png")
    (folder / "shop.csv").write_text("\n".join(lines), encoding="utf-8")
    return folder / "shop.csv"


def test_a_row_is_known_by_its_id_or_its_url_whatever_its_line(tmp_path):
    head = "id,image,title,url,category"
    rows = ["7,red.png,치마,https://example.org/,skirt", ",blue.png,coat,https://example.org/b,coat"]
    index = read_csv(shop_csv(tmp_path, head, *rows)).index("shop", progress=False).index
    newer = shop_csv(tmp_path, head, ",green.png,new coat,https://example.org/b,coat", "7,red.png,치마 2,,skirt")
    index = index.add(read_csv(newer).items, progress=False)
    assert titles(index) == {"치마 2", "new coat"} and titles(index, category="skirt") == {"치마 2"}
    assert titles(index.delete(["7"])) == {"new coat"}


def test_a_second_row_of_the_same_id_is_reported_by_line(tmp_path):
    table = shop_csv(tmp_path, "id,image,broken", "1,red.png,x", "1,blue.png,", "2,green.png,")
    report = read_csv(table).index("shop", progress=False)
    assert [(entry.key, entry.reason[:18]) for entry in report.skipped] == [("line 3", "the same as line 2")]
    assert len(report.index) == 2


def test_hostile_rows_are_reported_or_harmless(tmp_path):
    table = shop_csv(tmp_path / "shop", "not read")
    Image.fromarray(block("red")).save(tmp_path / "secret.png")
    (tmp_path / "shop/link.png").symlink_to(tmp_path / "secret.png")
    deep = "[" * 990 + "]" * 990
    lines = [
        '{"image": "red.png", "title": "=HYPERLINK(1)", "sizes": ["S", "M"]}',
        '{"image": "link.png"}',
        '{"image": "\\ud800.png"}',
        '{"image": "blue.png", "title": "half \\ud800", "category": "\\ud800", "note": "\\ud800"}',
        f'{{"image": "green.png", "title": "deep", "note": {deep}}}',
        '{"image": "../secret.png"}',
    ]
    jsonl = table.with_suffix(".jsonl")
    jsonl.write_text("\n".join(lines))
    report = read_csv(jsonl).index("shop", progress=False)
    assert {entry.key for entry in report.skipped} == {"line 2", "line 3", "line 5", "line 6"}
    best = report.index(block("red"), limit=1)[0]
    assert best.title == "=HYPERLINK(1)" and best.extra == {"sizes": ["S", "M"]}
    assert titles(report.index) == {"=HYPERLINK(1)", "half"}


def test_a_folder_does_not_follow_links_out_of_it(tmp_path):
    shop_csv(tmp_path / "shop")
    Image.fromarray(block("red")).save(tmp_path / "secret.png")
    (tmp_path / "shop/link.png").symlink_to(tmp_path / "secret.png")
    report = read_folder(tmp_path / "shop").index("shop", progress=False)
    assert [entry.key for entry in report.skipped] == ["link.png"] and len(report.index) == 4


def test_garments_of_a_dataset_are_cut_out_by_their_outlines(tmp_path):
    dataset = wardrobe_dataset(tmp_path / "photos", 6, size=128)
    index = index_dataset(dataset, "set", progress=False).index
    assert len(index) == len(dataset.garments)
    photo = dataset.garments["photo"][0]
    best = index(dataset.image(photo), limit=1, mask=dataset.masks(photo)[0])[0]
    assert best.extra["photo"] == photo and best.similarity == pytest.approx(1, abs=0.01)
    category = dataset.garments["category"][0]
    found = index(dataset.image(photo), limit=100, category=category)
    assert len(found) == (dataset.garments["category"] == category).sum()


# --- object storage ----------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch):
    with fake_s3() as (address, objects):
        options = {"ENDPOINT": address, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1"}
        for name, value in (options | {"ALLOW_HTTP": "true"}).items():
            monkeypatch.setenv(f"AWS_{name}", value)
        yield objects


def test_the_same_index_on_object_storage(bucket, tmp_path):
    name = "s3://bucket/shop"
    with pytest.raises(S2FError, match="no index named 's3://bucket/shop'"):
        LocalIndex.open(name)
    first = build(item("red"), item("blue"), name=name, chunk=1)
    second = first.add([item("green")], progress=False).delete(["blue"])
    assert titles(first) == {"red", "blue"} and titles(second) == titles(LocalIndex.open(name)) == {"red", "green"}
    assert all(key.startswith("shop/items.lance/") for key in bucket) and not (tmp_path / "cache").exists()


def test_object_storage_that_fails_costs_nothing_stored(bucket, monkeypatch):
    build(item("red"), name="s3://bucket/shop")
    kept = dict(bucket)
    for key in [key for key in bucket if "_versions" in key]:
        bucket[key] = b"torn"
    with pytest.raises(S2FError, match="could not be written"):
        build(item("blue"), name="s3://bucket/shop")
    bucket.update(kept)
    assert titles(LocalIndex.open("s3://bucket/shop")) == {"red"}
