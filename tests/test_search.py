"""Visual search: the embedding, the local index, and catalogues nobody has checked."""

import io
import json
import struct
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lancedb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from s2f_helpers.common.pictures import LONG_SIDE, decode
from s2f_helpers.common.types import Product, S2FError
from s2f_helpers.data import load_cutouts
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.gan import Generator
from s2f_helpers.search import (
    Embedder,
    Encoder,
    Item,
    LocalIndex,
    color_histogram,
    crop_garment,
    index_csv,
    index_folder,
    index_wardrobe,
    open_default_index,
    project,
    timm_encoder,
)
from s2f_helpers.search import photos as default_indexes
from s2f_helpers.search.pictures import fetch, http_link
from s2f_helpers.sketch import make_sketch

RED, BLUE, GREEN = (190, 30, 40), (30, 50, 180), (30, 140, 60)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("S2F_CACHE", str(tmp_path / "cache"))


def block(color, shape="tall"):
    """A plain figure on white: enough to tell shapes and colours apart, at no cost."""
    picture = np.full((96, 96, 3), 255, np.uint8)
    area = {"tall": np.s_[8:88, 32:64], "wide": np.s_[32:64, 8:88]}[shape]
    picture[area] = color
    return picture


def item(key, image, **facts):
    return Item(key, Product(title=key, **facts), lambda: (image, None))


def broken(key, error):
    def load():
        raise error

    return Item(key, Product(title=key), load)


def save(path, color=RED):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(block(color)).save(path)


def png(picture):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def titles(products):
    return [product.title for product in products]


def wardrobe_items():
    seeds = range(4)
    kinds = ("t-shirt", "pants", "dress")
    garments = {f"{kind}-{seed}": make_garment(kind, seed) for kind in kinds for seed in seeds}
    return garments, [
        Item(key, Product(title=key), lambda garment=garment: (garment.photo, garment.mask))
        for key, garment in garments.items()
    ]


def dyed(garment, color):
    """The same garment in another colour: its folds stay, its hue is the one asked for."""
    grey = garment.photo.mean(axis=2, keepdims=True) / 255
    photo = np.where(garment.mask[..., None], (0.4 + 0.6 * grey) * np.array(color), 255)
    return photo.astype(np.uint8)


# --- embedding ---------------------------------------------------------------------------------


def lengths(vectors, *ends):
    return [np.linalg.norm(part, axis=1) for part in np.split(vectors, ends, axis=1)]


def test_what_the_network_sees_has_three_parts_of_unit_length():
    vectors = Embedder.load()([crop_garment(block(RED))])
    assert vectors.shape == (1, 7368)
    assert np.allclose(lengths(vectors, 1280, 6768), 1, atol=1e-3)


def test_what_an_index_keeps_has_unit_parts_and_a_share_of_each_kind():
    kept = project(Embedder.load()([crop_garment(g.photo, g.mask) for g in wardrobe_items()[0].values()]))
    assert kept.shape == (12, 256) and kept.dtype == np.float32
    assert np.allclose(lengths(kept, 192), 1, atol=1e-3)
    shares = kept[:, :13] ** 2
    assert (shares >= 0).all() and np.allclose(shares.sum(axis=1), shares.sum(axis=1)[0], atol=1e-3)


def test_places_count_and_sides_too():
    """A vest closed on the left and the same closed on the right are alike, but not the same."""
    picture = block(RED)
    picture[12:84, 36:40] = 255
    pictures = (picture, picture[:, ::-1], block(RED, "wide"))
    one, other, wide = project(Embedder.load()([crop_garment(shown) for shown in pictures]))
    assert one[:192] @ wide[:192] < one[:192] @ other[:192] < 0.999


def test_a_painting_finds_its_own_photo(photos):
    """Which the network's last layer alone, without what was learnt of paintings and photos, manages seldom."""
    cutouts = load_cutouts("val")
    generator, embed = Generator.load(), Embedder.load()
    garments = [(cutouts.image(place), cutouts.mask(place)) for place in range(80)]
    sketches = [make_sketch(*garment, 50, np.random.default_rng(place)) for place, garment in enumerate(garments[:16])]
    asked = embed([crop_garment(generator(sketch)) for sketch in sketches])
    items = embed([crop_garment(*garment) for garment in garments])

    def found(queries, known):
        return (np.argmax(queries @ known.T, axis=1) == np.arange(16)).sum()

    assert found(project(asked)[:, :192], project(items)[:, :192]) >= max(12, found(asked[:, :1280], items[:, :1280]))


def heights(crops):
    """Shape as one number and its opposite: all that this encoder knows is how tall a garment is."""
    tall = np.array([crop.mask.any(axis=1).mean() - crop.mask.any(axis=0).mean() for crop in crops])
    return np.stack([1 + tall, 1 - tall], axis=1)


def test_an_index_with_another_encoder():
    encoder = Encoder.of("heights", 2, heights)
    shapes = [item("tall", block(RED)), item("wide", block(RED, "wide"))]
    index = LocalIndex.build("own", shapes, progress=False, encoder=encoder)
    assert titles(index(block(RED, "wide"), 2)) == ["wide", "tall"]
    more = index.add([item("blue", block(BLUE))], progress=False)
    assert titles(more(block(BLUE), 1)) == ["blue"] and len(more.delete(["tall"])) == 2
    with pytest.raises(S2FError, match="another encoder"):
        LocalIndex.open("own")
    assert len(LocalIndex.open("own", encoder=encoder)) == 2


def test_a_network_of_timm_by_its_name():
    encoder = timm_encoder("mobilenetv3_small_050", pretrained=False)
    vectors = encoder.encode([crop_garment(block(color)) for color in (RED, BLUE)])
    assert vectors.shape == (2, encoder.dimensions) and np.allclose(lengths(vectors, -64), 1, atol=1e-3)
    with pytest.raises(S2FError, match="no network 'resnet99'"):
        timm_encoder("resnet99", pretrained=False)


def test_a_vector_does_not_depend_on_its_batch():
    crops = [crop_garment(block(color)) for color in (RED, BLUE, GREEN)]
    together = Embedder.load()(crops)
    assert np.allclose(together[1], Embedder.load()([crops[1]])[0], atol=0.01)


def test_crop_does_not_depend_on_where_the_garment_lies():
    moved = np.roll(block(RED), (5, -20), axis=(0, 1))
    assert np.array_equal(crop_garment(moved).image, crop_garment(block(RED)).image)


def test_mask_hides_the_background():
    photo = block(RED)
    mask = (photo != 255).any(axis=2)
    photo[~mask] = GREEN
    assert np.array_equal(crop_garment(photo, mask).image, crop_garment(block(RED)).image)


def test_white_cloth_inside_an_outline_belongs_to_the_garment():
    picture = block((0, 0, 0))
    picture[12:84, 36:60] = 255
    assert crop_garment(picture).mask[112, 112]


def test_close_shades_are_more_alike_than_other_colors():
    red, dark_red, blue = (color_histogram(crop_garment(block(c))) for c in (RED, (165, 25, 35), BLUE))
    assert red @ dark_red > 0.5 > red @ blue


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((8, 8, 3), np.float32), "shirt.jpg"],
    ids=["grey", "rgba", "float", "path"],
)
def test_crop_wants_uint8_rgb(image):
    with pytest.raises(S2FError, match="uint8 RGB"):
        crop_garment(image)


def test_crop_of_nothing_says_so():
    with pytest.raises(S2FError, match="no garment"):
        crop_garment(np.full((32, 32, 3), 255, np.uint8))


def test_crop_wants_a_mask_of_the_same_size():
    with pytest.raises(S2FError, match="mask"):
        crop_garment(block(RED), np.ones((4, 4), bool))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 244))
def test_any_size_gives_a_square_crop_with_some_garment(height, width, grey):
    crop = crop_garment(np.full((height, width, 3), grey, np.uint8))
    assert crop.image.shape == (224, 224, 3) and crop.mask.shape == (224, 224) and crop.mask.any()


# --- index -------------------------------------------------------------------------------------


def test_an_item_finds_itself_first():
    garments, items = wardrobe_items()
    index = LocalIndex.build("w", items, progress=False)
    assert [index(g.photo, limit=1, mask=g.mask)[0].title for g in garments.values()] == list(garments)


def test_similarity_is_a_cosine_that_falls_with_the_rank():
    _, items = wardrobe_items()
    found = LocalIndex.build("w", items, progress=False)(make_garment("t-shirt", 0).photo, limit=12)
    similarities = [product.similarity for product in found]
    assert similarities[0] == pytest.approx(1, abs=0.01)
    assert similarities == sorted(similarities, reverse=True) and similarities[-1] >= -1
    assert [product.rank for product in found] == list(range(12))


def test_red_query_ranks_red_shirts_above_blue_ones():
    shirts = [make_garment("t-shirt", seed) for seed in range(5)]
    items = [item(f"{name}-{i}", dyed(shirt, color)) for i, shirt in enumerate(shirts[:4])
             for name, color in (("red", RED), ("blue", BLUE))]  # fmt: skip
    found = LocalIndex.build("dyed", items, progress=False)(dyed(shirts[4], RED), limit=8)
    assert [title[:3] for title in titles(found)[:4]] == ["red"] * 4


def test_color_weight_zero_follows_shape_and_one_follows_color():
    items = [item("other shape", block(RED, "wide")), item("other color", block(BLUE, "tall"))]
    LocalIndex.build("w", items, progress=False)
    query = block(RED, "tall")
    assert LocalIndex.open("w", color_weight=1)(query, limit=1)[0].title == "other shape"
    assert LocalIndex.open("w", color_weight=0)(query, limit=1)[0].title == "other color"
    assert LocalIndex.open("w", color_weight=0).weighed(1)(query, limit=1)[0].title == "other shape"


def test_facts_survive_and_unknown_ones_stay_none():
    known = {"url": "https://example.org/1", "price": 19.9, "currency": "EUR", "extra": {"sizes": ["S", "M"]}}
    items = [item("셔츠 👕", block(RED), **known), item("bare", block(BLUE))]
    index = LocalIndex.build("f", items, progress=False)
    full, bare = index(block(RED))
    assert (full.title, full.url, full.price, full.currency, full.extra) == ("셔츠 👕", *known.values())
    assert (bare.url, bare.price, bare.currency, bare.shop, bare.extra) == (None, None, None, None, {})
    assert full.thumbnail.dtype == np.uint8 and full.thumbnail.shape == (96, 96, 3)


def test_hostile_link_of_an_item_is_dropped():
    index = LocalIndex.build("h", [item("x", block(RED), url="javascript:alert(1)")], progress=False)
    assert index(block(RED))[0].url is None


@pytest.mark.parametrize("limit", [0, -1, 101, 2.5, "8", None])
def test_limit_out_of_bounds(limit):
    index = LocalIndex.build("l", [item("x", block(RED))], progress=False)
    with pytest.raises(S2FError, match="limit"):
        index(block(RED), limit=limit)


def test_limit_beyond_the_index_gives_all_there_is():
    index = LocalIndex.build("l", [item("x", block(RED))], progress=False)
    assert titles(index(block(RED), limit=100)) == ["x"]


@pytest.mark.parametrize("weight", [-0.1, 1.1, float("nan")])
def test_color_weight_out_of_bounds(weight):
    LocalIndex.build("l", [item("x", block(RED))], progress=False)
    with pytest.raises(S2FError, match="color_weight"):
        LocalIndex.open("l", color_weight=weight)(block(RED))


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a b", "x" * 65])
def test_index_name_cannot_leave_its_folder(name):
    with pytest.raises(S2FError, match="index name"):
        LocalIndex.open(name)


def test_missing_index_says_how_to_make_it():
    with pytest.raises(S2FError, match=r"no index named 'shoes'.*index_folder"):
        LocalIndex.open("shoes")


@pytest.mark.parametrize("part", ["_refs/tags/*", "_versions/*.manifest"])
def test_damaged_index_says_so_and_can_be_built_again(tmp_path, part):
    LocalIndex.build("d", [item("x", block(RED))], progress=False)
    for file in (tmp_path / "cache/index/d").glob(f"*.lance/{part}"):
        file.write_bytes(b"torn")
    with pytest.raises(S2FError, match="damaged"):
        LocalIndex.open("d")
    assert titles(LocalIndex.build("d", [item("x", block(RED))], progress=False)(block(RED))) == ["x"]


def test_lost_rows_are_noticed(tmp_path):
    index = LocalIndex.build("d", [item("x", block(RED))], progress=False)
    for file in (tmp_path / "cache/index/d").glob("*.lance/data/*"):
        file.unlink()
    with pytest.raises(S2FError, match="damaged"):
        index(block(RED))


def test_index_of_another_version_is_refused_and_replaced(tmp_path):
    rows = [{"key": "x", "stamp": "", "title": "old", "vector": [0.0] * 8}]
    older = lancedb.connect(tmp_path / "cache/index/v").create_table("items", rows)
    older.tags.create("published", older.version)
    with pytest.raises(S2FError, match="another version"):
        LocalIndex.open("v")
    assert titles(LocalIndex.build("v", [item("x", block(RED))], progress=False)(block(RED))) == ["x"]


def test_interrupted_build_leaves_the_old_index_and_goes_on_later():
    LocalIndex.build("r", [item("old", block(RED))], progress=False)
    loaded = []

    def counted(key):
        def load():
            loaded.append(key)
            return block(BLUE), None

        return Item(key, Product(title=key), load)

    first = [counted(f"new {i}") for i in range(4)]
    with pytest.raises(KeyboardInterrupt):
        LocalIndex.build("r", [*first, broken("last", KeyboardInterrupt())], progress=False, chunk=2)
    assert titles(LocalIndex.open("r")(block(RED))) == ["old"]

    index = LocalIndex.build("r", [*first, item("last", block(GREEN))], progress=False)
    assert len(index) == 5 and titles(LocalIndex.open("r")(block(GREEN), limit=1)) == ["last"]
    assert len(loaded) == 4, "what was stored before the interruption is not read again"


def test_interrupted_first_build_is_not_an_index():
    with pytest.raises(KeyboardInterrupt):
        LocalIndex.build("r", [broken("x", KeyboardInterrupt())], progress=False)
    with pytest.raises(S2FError, match="no index"):
        LocalIndex.open("r")


def test_unusable_pictures_are_skipped_and_tried_again():
    bad = broken("bad", S2FError("torn"))
    first = LocalIndex.build("s", [item("good", block(RED)), bad], progress=False)
    assert [(entry.key, entry.reason) for entry in first.skipped] == [("bad", "torn")] and len(first) == 1
    again = LocalIndex.build("s", [item("good", block(RED)), item("bad", block(BLUE))], progress=False)
    assert again.skipped == () and len(again) == 2


def test_nothing_usable_is_an_error_and_keeps_the_old_index():
    LocalIndex.build("n", [item("old", block(RED))], progress=False)
    with pytest.raises(S2FError, match=r"none of 1.*torn"):
        LocalIndex.build("n", [broken("bad", S2FError("torn"))], progress=False)
    assert titles(LocalIndex.open("n")(block(RED))) == ["old"]


def test_default_index_without_photos_is_the_wardrobe(monkeypatch):
    monkeypatch.setattr(default_indexes, "photos_on_disk", lambda: False)
    monkeypatch.setattr(default_indexes, "GARMENTS_A_CATEGORY", 1)
    index, line = open_default_index()
    assert len(index) == 13 and "13 synthetic garments" in line
    found = index(make_garment("dress", 0).photo, limit=1)[0]
    assert found.title == "synthetic Dress, number 0" and found.url is None and found.price is None


def test_wardrobe_index_is_made_once(monkeypatch):
    monkeypatch.setattr(default_indexes, "GARMENTS_A_CATEGORY", 1)
    index_wardrobe()
    monkeypatch.setattr(default_indexes, "make_garment", None)
    assert len(index_wardrobe()) == 13


# --- catalogues --------------------------------------------------------------------------------


def test_folder_uses_file_names_and_invents_nothing(tmp_path):
    save(tmp_path / "shop/빨간 셔츠.png", RED)
    save(tmp_path / "shop/deep/er/blue.jpg", BLUE)
    (tmp_path / "shop/notes.txt").write_text("not a picture")
    (tmp_path / "shop/torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    report = index_folder(tmp_path / "shop", "mine", progress=False)
    assert sorted(titles(report.index(block(RED)))) == ["blue", "빨간 셔츠"]
    assert [entry.key for entry in report.skipped] == ["torn.jpg"] and "2 indexed, 1 skipped" in str(report)
    best = report.index(block(RED))[0]
    assert (best.title, best.url, best.price, best.shop) == ("빨간 셔츠", None, None, None)


def test_changed_picture_is_indexed_anew(tmp_path):
    save(tmp_path / "shop/one.png", RED)
    index_folder(tmp_path / "shop", "mine", progress=False)
    save(tmp_path / "shop/one.png", GREEN)
    index = index_folder(tmp_path / "shop", "mine", progress=False).index
    assert index(block(GREEN))[0].similarity == pytest.approx(1, abs=0.01) and len(index) == 1


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_folder_without_pictures(tmp_path, kind):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(S2FError, match="picture"):
        index_folder(tmp_path / kind, "mine", progress=False)


def write_csv(folder, *lines):
    save(folder / "red.png", RED)
    path = folder / "catalogue.csv"
    path.write_text("\n".join(lines), encoding="utf-8-sig")
    return path


def test_csv_row_becomes_a_product(tmp_path):
    path = write_csv(tmp_path, "Image;Title;price;currency;url;shop;colour",
                     'red.png;"치마; ""rot""";19.90;eur;https://example.org/a;Hanbok & Co;red')  # fmt: skip
    found = index_csv(path, "c", progress=False).index(block(RED))[0]
    facts = (found.title, found.price, found.currency, found.url, found.shop, found.extra)
    assert facts == ('치마; "rot"', 19.9, "EUR", "https://example.org/a", "Hanbok & Co", {"colour": "red"})


def test_broken_rows_are_reported_by_line_and_skipped(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    save(tmp_path / "outside.png")
    path = write_csv(
        tmp_path / "shop",
        "image,title,price,currency",
        "red.png,good,1,EUR",
        ",no picture,1,EUR",
        "gone.png,missing file,1,EUR",
        "red.png,bad price,cheap,EUR",
        "red.png,endless price,inf,EUR",
        "red.png,negative price,-1,EUR",
        "red.png,bad currency,1,coins",
        "red.png,too,many,cells,here",
        '"red.png","two',
        'lines",2,EUR',
        "../outside.png,outside,1,EUR",
        "/etc/passwd,absolute,1,EUR",
        "file:///etc/passwd,scheme,1,EUR",
        "red.png,last,,",
    )
    report = index_csv(path, "c", progress=False)
    lines = {int(entry.key.removeprefix("line ")) for entry in report.skipped}
    assert lines == {3, 4, 5, 6, 7, 8, 9, 12, 13, 14}
    assert sorted(titles(report.index(block(RED)))) == ["good", "last", "two lines"]


def test_hostile_text_stays_text_and_hostile_links_go(tmp_path):
    path = write_csv(
        tmp_path,
        "image,title,url",
        "red.png,<script>alert(1)</script>,javascript:alert(1)",
        "red.png,safe,https://example.org/",
        "red.png,quote,https://example.org/\u202e>",
    )
    report = index_csv(path, "c", progress=False)
    found = {product.title: product.url for product in report.index(block(RED))}
    assert found == {"<script>alert(1)</script>": None, "safe": "https://example.org/", "quote": None}
    assert [entry.key for entry in report.notes] == ["line 2", "line 4"]


def test_jsonl_catalogue(tmp_path):
    save(tmp_path / "red.png", RED)
    rows = [json.dumps({"image": "red.png", "title": "kurz", "price": 5, "currency": "CHF"}), "{", "[1]", ""]
    (tmp_path / "c.jsonl").write_text("\n".join(rows))
    report = index_csv(tmp_path / "c.jsonl", "c", progress=False)
    assert [(p.title, p.price) for p in report.index(block(RED))] == [("kurz", 5.0)]
    assert [entry.key for entry in report.skipped] == ["line 2", "line 3"]


@pytest.mark.parametrize(
    "content, says",
    [(b"", "column named 'image'"), (b"a,b\n1,2", "column named 'image'"), (b"image\n", "no usable rows"),
     (b"image,title\n\xff\xfe,x", "UTF-8"), (b"image\nnowhere.png", "no such picture")],
)  # fmt: skip
def test_unusable_table(tmp_path, content, says):
    (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(S2FError, match=says):
        index_csv(tmp_path / "c.csv", "c", progress=False)


def test_missing_table(tmp_path):
    with pytest.raises(S2FError, match="cannot be read"):
        index_csv(tmp_path / "none.csv", "c", progress=False)


# --- pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "//example.org", "https://", "http://[", "ftp://example.org/",
     "https://example.org:port/", "https://a b.org", 'https://x.org/"onload=', None, "x" * 3000],
)  # fmt: skip
def test_only_plain_web_links(link):
    assert http_link(link) is None


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_link_check(text):
    link = http_link(text)
    assert link is None or link.lower().startswith(("http://", "https://"))


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"]))
def test_bytes_that_are_no_picture(noise, start):
    with pytest.raises(S2FError):
        decode(start + noise)


def test_half_a_picture_is_no_picture():
    data = png(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    with pytest.raises(S2FError, match="not a readable picture"):
        decode(data[: len(data) // 2])


@pytest.mark.parametrize("side", [8_000, 20_000, 2**31 - 1])
def test_huge_picture_is_refused_before_it_is_unpacked(side):
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(S2FError, match="more than 50,000,000 pixels"):
        decode(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT")


def test_large_picture_is_made_smaller():
    assert decode(png(np.zeros((100, 3000, 3), np.uint8))).shape[1] == LONG_SIDE


def test_transparency_becomes_white():
    stream = io.BytesIO()
    Image.new("RGBA", (4, 4), (200, 0, 0, 0)).save(stream, "PNG")
    assert (decode(stream.getvalue()) == 255).all()


class Shop(BaseHTTPRequestHandler):
    """A picture server that also misbehaves in each way we defend against."""

    def do_GET(self):
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.answer()

    def answer(self):
        if self.path == "/large":
            for _ in range(64):
                self.wfile.write(b"\0" * 65_536)
        elif self.path == "/drip":
            for _ in range(200):
                self.wfile.write(b"\0" * 16_384)
                time.sleep(0.05)
        elif self.path == "/silent":
            time.sleep(10)
        else:
            self.wfile.write(png(block(RED)) if self.path == "/red.png" else b"<html>")

    def log_message(self, *args):
        pass


@contextmanager
def shop():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_fetched_picture_is_the_served_one():
    with shop() as address:
        assert np.array_equal(fetch(f"{address}/red.png"), block(RED))


@pytest.mark.parametrize(
    "page, says",
    [("gone", "answered 404"), ("page.html", "not a readable picture"), ("large", "more than 100000 bytes")],
)
def test_bad_replies(page, says):
    with shop() as address, pytest.raises(S2FError, match=says):
        fetch(f"{address}/{page}", max_bytes=100_000)


@pytest.mark.parametrize("page", ["drip", "silent"])
def test_slow_replies_are_cut_off(page):
    with shop() as address:
        start = time.monotonic()
        with pytest.raises(S2FError, match=r"too long|could not be fetched"):
            fetch(f"{address}/{page}", timeout_s=0.2)
        assert time.monotonic() - start < 5


def test_nobody_there():
    with pytest.raises(S2FError, match="could not be fetched"):
        fetch("http://127.0.0.1:9/x.png")


def test_csv_with_addresses(tmp_path):
    with shop() as address:
        path = write_csv(tmp_path, "image,title", f"{address}/red.png,web", f"{address}/gone,gone")
        report = index_csv(path, "c", progress=False)
    assert titles(report.index(block(RED))) == ["web"]
    assert [entry.key for entry in report.skipped] == ["line 3"]
