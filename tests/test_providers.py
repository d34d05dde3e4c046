"""Shops behind one interface: requests as the services document them, replies that nobody has checked."""

import copy
import getpass
import io
import json
import logging
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search.display import cards, cards_html, frame
from s2f_helpers.search.everywhere import search_all
from s2f_helpers.search.fake_shops import KEY, Answer, FakeShops, recorded_reply
from s2f_helpers.search.pictures import http_link
from s2f_helpers.search.providers import (
    Azure,
    Bing,
    Google,
    Limits,
    Naver,
    Secret,
    SerpApi,
    azure,
    ebay,
    google,
    naver,
    serpapi,
    shopify,
    web,
)
from s2f_helpers.search.providers import bing as bing_file
from s2f_helpers.search.providers.reply import decimals, listed, plain, price, rows
from s2f_helpers.search.providers.web import cut_out, jpeg

PARSERS = {
    "bing": bing_file.parse,
    "shopify": shopify.parse,
    "ebay": ebay.parse,
    "google": google.parse,
    "serpapi": serpapi.parse,
    "naver": naver.parse,
}
NAMES = list(PARSERS)
QUICK = Limits(connect_s=5, read_s=5, deadline_s=15, tries=3, pause_s=0.01, longest_pause_s=1, max_bytes=1_000_000)
HOSTILE = '<img src=x onerror="alert(1)">'
ESCAPED = "&lt;img src=x onerror=alert(1)&gt;"
EVIL = [HOSTILE, ESCAPED, "javascript:alert(1)", "data:text/html,x", "//x.example", "\ud800\u202e"]
# Texts that say what something is: with another one there, a parser rightly leaves it out.
KINDS = {"actionType", "displayName", "type", "_type"}


@pytest.fixture(scope="module")
def server():
    with FakeShops() as running:
        yield running


@pytest.fixture
def shops(server):
    """The fake shops, with nothing asked and no failure ahead."""
    server.asked.clear()
    server.first.clear()
    return server


@pytest.fixture
def pauses(monkeypatch):
    """What would have been waited for, without the waiting."""
    asked = []
    monkeypatch.setattr(web.time, "sleep", asked.append)
    return asked


@pytest.fixture
def picture():
    image = np.full((300, 200, 3), 255, np.uint8)
    image[60:180, 40:140] = (195, 30, 40)
    return image


@pytest.fixture
def found(picture):
    return Garment(picture, (picture != 255).any(axis=2), "t-shirt")


def quick(shops, name, **limits):
    return replace(shops.providers()[name], limits=replace(QUICK, **limits))


def titles(products):
    return [product.title for product in products]


def costs(products):
    return [(product.price, product.currency) for product in products]


def decoded(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


# --- replies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, expected",
    [
        ("bing", [(19.0, "USD"), (24.95, "EUR"), (None, None), (14.5, "USD"), *[(None, None)] * 3]),
        ("shopify", [(19.0, "USD"), (29000.0, "KRW"), (32.5, "EUR"), (None, None)]),
        ("ebay", [(18.99, "USD"), (0.75, "USD"), (None, None)]),
        ("google", [(None, None)] * 4),
        ("serpapi", [(19.0, None), (24.95, "EUR"), (None, None)]),
        ("naver", [(19900.0, "KRW"), (32000.0, "KRW"), (None, None)]),
    ],
)
def test_prices_are_in_major_units_and_missing_or_unclear_ones_stay_none(name, expected):
    products = PARSERS[name](recorded_reply(name))
    assert costs(products) == expected
    assert [product.rank for product in products] == list(range(len(expected)))
    assert {product.sources for product in products} == {(name,)}


def test_titles_are_plain_text():
    assert titles(naver.parse(recorded_reply("naver")))[:2] == ["레드 반팔 티셔츠 면 100%", "오버핏 티셔츠 레드 & 와인"]
    assert titles(ebay.parse(recorded_reply("ebay")))[0] == "Red T-Shirt Mens L Cotton & Linen"
    assert titles(google.parse(recorded_reply("google")))[0] == "Cotton T-shirt, red | Linen Lane"


def test_bing_actions_are_chosen_by_type_and_never_by_position():
    reply = recorded_reply("bing")
    turned = copy.deepcopy(reply)
    turned["tags"].reverse()
    for tag in turned["tags"]:
        tag["actions"].reverse()
    assert titles(bing_file.parse(turned)) == titles(bing_file.parse(reply))
    assert titles(bing_file.parse(reply))[0] == "Cotton T-shirt, red"


def test_bing_links_to_the_offer_and_else_to_the_page():
    links = [product.url for product in bing_file.parse(recorded_reply("bing"))]
    assert links[0] == "https://linen-lane.example/p/101?ref=bing" and links[2] == "https://needle.example/p/no-offer"


def test_bing_without_shopping_sources_still_finds():
    reply = recorded_reply("bing")
    for tag in reply["tags"]:
        tag["actions"] = [action for action in tag["actions"] if action["actionType"] != "ShoppingSources"]
    assert len(bing_file.parse(reply)) == 6


def test_shopify_takes_the_variant_and_the_checkout_where_it_has_no_page():
    products = shopify.parse(recorded_reply("shopify"))
    assert products[0].url.endswith("?variant=101") and products[2].url == "https://blue-door.example/cart/103:1"
    assert [product.shop for product in products] == ["Linen Lane", "Red Button", "Blue Door", "Far Coast"]
    assert products[0].thumbnail_url == "https://linen-lane.example/cdn/101.jpg", "the film before it is no picture"


def test_google_pictures_it_may_not_show_fall_away():
    products = google.parse(recorded_reply("google"))
    assert [product.url for product in products[2:]] == ["https://img.example/g3.jpg", "https://img.example/g4.jpg"]
    assert products[1].thumbnail_url is None


def test_serpapi_keeps_an_unclear_price_as_it_was_stated():
    assert serpapi.parse(recorded_reply("serpapi"))[0].extra == {"price as stated": "$19*"}


@pytest.mark.parametrize(
    "name, reply, says",
    [
        ("bing", {"_type": "ErrorResponse", "errors": [{"message": "Gone."}]}, "bing: Gone"),
        ("shopify", {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "Tool not found: x"}}, "profile"),
        ("shopify", {"result": {"structuredContent": {"ucp": {"status": "error"},
         "messages": [{"type": "error", "content": "Product not found"}]}}}, "Product not found"),
        ("shopify", {"result": {}}, "structuredContent"),
        ("ebay", {"errors": [{"errorId": 12501, "message": "The image data is empty"}]}, "image data is empty"),
        ("google", {"responses": [{"error": {"code": 3, "message": "Bad image data."}}]}, "Bad image data"),
        ("serpapi", {"error": "Your account has run out of searches."}, "run out of searches"),
    ],
)  # fmt: skip
def test_errors_inside_a_reply_that_says_200(name, reply, says):
    with pytest.raises(S2FError, match=says):
        PARSERS[name](reply)


@pytest.mark.parametrize(
    "name, reply",
    [("ebay", {"total": 0, "warnings": [{"message": "x"}]}), ("naver", {"items": []}), ("google", {"responses": [{}]}),
     ("serpapi", {"error": "Google Lens hasn't returned any results for this query."}), ("bing", {"tags": []})],
)  # fmt: skip
def test_finding_nothing_is_no_error(name, reply):
    assert PARSERS[name](reply) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reply", [None, [], "text", 5, True])
def test_a_reply_of_another_kind_is_a_sentence(name, reply):
    with pytest.raises(S2FError, match=name):
        PARSERS[name](reply)


TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.sampled_from([HOSTILE, "javascript:alert(1)", "https://x.example/\ud800", "-1", "1e9", "nan", 10**400])
)
KEYS = ["tags", "actions", "actionType", "data", "value", "offers", "result", "structuredContent", "products", "items",
        "itemSummaries", "responses", "webDetection", "visual_matches", "price", "url", "title", "error"]  # fmt: skip
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | TEXTS, inner),
    max_leaves=15,
)


def every(found, path=()):
    """Every path in a piece of JSON, and what lies there."""
    yield path, found
    inside = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for step, value in inside:
        yield from every(value, (*path, step))


def places(found):
    return [path for path, _ in every(found)]


def changed(reply, path, value):
    """The reply with another value at one place; what lies beside the path is shared."""
    if not path:
        return value
    reply = copy.copy(reply)
    reply[path[0]] = changed(reply[path[0]], path[1:], value)
    return reply


def check_parse(name, reply):
    try:
        products = PARSERS[name](reply)
    except S2FError as error:
        assert str(error).startswith(name)
        return []
    for product in products:
        for link in (product.url, product.thumbnail_url):
            assert link is None or (http_link(link) == link and link.lower().startswith(("http://", "https://")))
        assert product.title.isprintable() and product.title == product.title.strip()
        assert product.price is None or 0 <= product.price <= 1e12
        assert product.currency is None or (product.price is not None and decimals(product.currency) is not None)
    return products


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(reply=ANYTHING)
def test_no_json_breaks_a_parser(name, reply):
    check_parse(name, reply)


@pytest.mark.parametrize("name", NAMES)
def test_no_change_of_a_reply_breaks_its_parser(name):
    reply = recorded_reply(name)

    @settings(max_examples=60, deadline=None)
    @given(st.sampled_from(places(reply)), LEAVES | ANYTHING)
    def check(path, value):
        check_parse(name, changed(reply, path, value))

    check()


@pytest.mark.parametrize("name", NAMES)
def test_hostile_texts_and_links_in_every_place(name):
    recorded, products = recorded_reply(name), []
    for number, path in enumerate(places(recorded)):
        products += check_parse(name, changed(recorded, path, EVIL[number % len(EVIL)]))
    texts = [path for path, found in every(recorded) if isinstance(found, str) and not KINDS & set(path)]
    for value in EVIL:
        reply = recorded
        for path in texts:
            reply = changed(reply, path, value)
        products += check_parse(name, reply)
    html = cards_html(products[-60:]).encode().decode()
    assert "<img src=x" not in html and 'href="java' not in html and len(frame(products)) == len(products)


@pytest.mark.parametrize(
    "amount, currency, minor, expected",
    [
        (12000, "USD", True, (120.0, "USD")),
        (29000, "KRW", True, (29000.0, "KRW")),
        (1500, "JPY", True, (1500.0, "JPY")),
        (1500, "KWD", True, (1.5, "KWD")),
        ("189.99", "usd", False, (189.99, "USD")),
        (5, "XYZ", True, (None, None)),
        (5, "XYZ", False, (5.0, None)),
        (5, None, False, (5.0, None)),
        (361.0, "₹", False, (361.0, "INR")),
        ("1,299", "USD", False, (None, None)),
        ("1_0", "USD", False, (None, None)),
        (float("nan"), "USD", False, (None, None)),
        (float("inf"), "USD", False, (None, None)),
        (-1, "USD", False, (None, None)),
        (True, "USD", False, (None, None)),
        (10**400, "USD", True, (None, None)),
        ({"value": 1}, ["USD"], False, (None, None)),
    ],
)
def test_price(amount, currency, minor, expected):
    assert tuple(price(amount, currency, minor).values()) == expected


@pytest.mark.parametrize(
    "text, expected",
    [("a <b>b</b>  c\n", "a b c"), ("I <3 wool & 5 < 6 > 4", "I <3 wool & 5 < 6 > 4"), ("&amp;lt;", "&lt;"),
     ("&lt;script&gt;", "<script>"), ("<script>x</script>", "x"), (7, ""), ("x" * 9999, "x" * 500)],
)  # fmt: skip
def test_plain_text(text, expected):
    assert plain(text) == expected


# --- requests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_service_accepts_our_request_and_we_read_its_reply(name, shops, picture, found):
    assert titles(quick(shops, name).search(picture, 8, found)) == titles(PARSERS[name](recorded_reply(name)))[:8]


@pytest.mark.parametrize("name", NAMES)
def test_limit_is_kept(name, shops, picture, found):
    assert len(quick(shops, name).search(picture, 2, found)) == 2
    for limit in (0, 101, 2.0, True, "8"):
        with pytest.raises(S2FError, match="limit"):
            quick(shops, name).search(picture, limit, found)


@pytest.mark.parametrize("name", ["bing", "shopify", "ebay", "google"])
def test_without_a_hint_the_whole_picture_is_sent(name, shops, picture):
    assert quick(shops, name).search(picture)


def test_bing_sends_the_picture_and_the_garment_as_fractions_of_it(shops, picture, found):
    quick(shops, "bing").search(picture, 5, found)
    body = shops.asked[0].body
    wanted = json.loads(body[body.index(b"\r\n\r\n{") : body.index(b"}\r\n--") + 1])
    area = {"left": 0.2, "top": 0.2, "right": 0.7, "bottom": 0.6}
    assert wanted == {"imageInfo": {"cropArea": area}, "knowledgeRequest": {"offset": 0, "count": 5}}
    assert decoded(body[body.index(b"\xff\xd8") :]).size == (200, 300)


@pytest.mark.parametrize("name", ["shopify", "ebay", "google"])
def test_only_the_garments_part_of_the_picture_is_sent(name, shops, picture, found):
    picture[:40, :30] = (0, 0, 255)  # whatever else lies around
    quick(shops, name).search(picture, 5, found)
    sent = json.dumps(shops.asked[-1].json())
    data = next(text for text in sent.split('"') if len(text) > 300)
    assert decoded(web.base64.b64decode(data)).size == (108, 128)


def test_naver_sends_words_and_no_picture(shops, picture, found):
    quick(shops, "naver").search(picture, 5, found)
    assert shops.asked[0].query["query"] == "레드 티셔츠" and shops.asked[0].body == b""


def test_serpapi_sends_the_named_address_and_no_picture(shops, picture):
    quick(shops, "serpapi").search(picture)
    assert shops.asked[0].query["url"] == "https://img.example/public.jpg" and shops.asked[0].body == b""


def test_ebay_keeps_its_token(shops, picture):
    shop = quick(shops, "ebay")
    shop.search(picture)
    shop.search(picture)
    assert [asked.path.split("/")[1] for asked in shops.asked] == ["identity", "buy", "buy"]


def test_ebay_fetches_another_token_after_a_refusal(shops, picture):
    shop = quick(shops, "ebay")
    shop.search(picture)
    shops.first.append(Answer.of({"errors": [{"message": "Invalid access token"}]}, 401))
    with pytest.raises(S2FError, match=r"Invalid access token.*check the application token"):
        shop.search(picture)
    assert shop.search(picture) and shops.asked[-2].path.startswith("/identity")


def test_azure_gives_vectors_of_unit_length(shops, picture):
    embed = replace(shops.azure(), limits=QUICK)
    vectors = embed([picture, np.zeros_like(picture)])
    assert vectors.shape == (2, 1024) and np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert (
        embed([]).shape == (0, 1024)
        and embed([]).dtype == vectors.dtype == np.float32
        and vectors[0] @ vectors[1] < 0.9
    )


@pytest.mark.parametrize("vector", [None, [], [1.0] * 1023, [0] * 1024, ["1"] * 1024, [float("nan")] * 1024])
def test_azure_replies_without_a_vector(vector):
    with pytest.raises(S2FError, match="azure"):
        azure.parse({"modelVersion": "2023-04-15", "vector": vector})
    with pytest.raises(S2FError, match="model"):
        azure.parse({"modelVersion": "2022-01-01", "vector": [1] * 1024})


@pytest.mark.parametrize("max_side, max_bytes", [(1500, 1_000_000), (64, 1_000_000), (1500, 20_000), (1500, 700)])
def test_pictures_are_made_to_fit(max_side, max_bytes):
    noise = np.random.default_rng(0).integers(0, 255, (900, 1600, 3), np.uint8)
    data = jpeg(noise, max_side, max_bytes)
    assert len(data) <= max_bytes and max(decoded(data).size) <= max_side and not decoded(data).getexif()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3))
def test_pictures_of_any_shape_fit(height, width):
    assert max(decoded(jpeg(np.zeros((height, width, 3), np.uint8), 512, 10_000)).size) <= 512


def test_exif_of_the_file_is_gone(shops, tmp_path):
    exif = Image.Exif()
    exif[0x0110] = "a camera that can be traced"
    Image.new("RGB", (64, 64), "red").save(tmp_path / "photo.jpg", exif=exif)
    file = (tmp_path / "photo.jpg").read_bytes()
    assert b"traced" in file and b"traced" not in jpeg(np.asarray(decoded(file)), 1500, 1_000_000)
    headers = {"X-Wardrobe-Key": KEY, "Content-Type": "image/jpeg"}
    reply = requests.post(f"{shops.url}/wardrobe/similar?count=1", data=file, headers=headers, timeout=5)
    assert reply.status_code == 400, "the fake shops notice"


@pytest.mark.parametrize("name", ["bing", "shopify", "ebay", "google", "naver"])
@pytest.mark.parametrize("case", ["grey", "float", "mask"])
def test_unusable_pictures_and_masks_are_not_sent(name, case, shops, picture, found):
    image = {"grey": picture[..., 0], "float": picture / 255, "mask": picture[:50]}[case]
    with pytest.raises(S2FError, match="expected a"):
        quick(shops, name).search(image, 5, found)
    assert not [asked for asked in shops.asked if "identity" not in asked.path]


def test_an_empty_mask_keeps_the_whole_picture(picture):
    nothing = Garment(picture, np.zeros(picture.shape[:2], bool), "hat")
    assert cut_out(picture, nothing) is picture and bing_file.crop_area(nothing) is None


@pytest.mark.parametrize(
    "color, word",
    [((255, 255, 255), "화이트"), ((0, 0, 0), "블랙"), ((200, 20, 30), "레드"), ((20, 30, 70), "네이비"),
     ((130, 130, 130), "그레이"), ((250, 220, 40), "옐로우"), ((220, 200, 170), "베이지"), ((20, 120, 60), "그린")],
)  # fmt: skip
def test_color_words(color, word):
    assert naver.color_word(np.array([color] * 3 + [(255, 0, 255)], np.uint8)) == word


@pytest.mark.parametrize("category, word", [("coat", "코트"), ("dress", "원피스"), ("jacket", "재킷")])
def test_category_words(category, word, picture, found):
    assert naver.query_words(picture, replace(found, category=category)).split()[1] == word


def test_naver_needs_the_garment(picture, found):
    for hint in (None, replace(found, mask=np.zeros_like(found.mask)), replace(found, category="sofa")):
        with pytest.raises(S2FError, match="naver"):
            naver.query_words(picture, hint)


def test_bing_says_that_it_was_retired_before_it_asks_for_a_key(monkeypatch):
    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("asked for a key"))
    with pytest.raises(S2FError, match=r"Microsoft retired Bing Visual Search on 11 August 2025"):
        Bing()


@pytest.mark.parametrize("make", [SerpApi, lambda: SerpApi("file:///a.jpg", key=Secret("k", "k")).search(None)])
def test_serpapi_says_that_it_cannot_take_a_picture(make):
    with pytest.raises(S2FError, match="cannot take a picture"):
        make()


@pytest.mark.parametrize(
    "endpoint", ["http://shop.example/x", "ftp://127.0.0.1/", "nonsense", "http://127.0.0.1.evil/"]
)
def test_keys_and_pictures_travel_encrypted(endpoint, picture):
    with pytest.raises(S2FError, match="expected an https address"):
        Google(endpoint, key=Secret("k", "k")).search(picture)


# --- failures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "status, says", [(400, "Expected 200"), (401, "check"), (403, "quota"), (410, "endpoint"), (302, "not followed")]
)
def test_a_refusal_is_a_sentence_and_not_tried_again(name, status, says, shops, picture, found):
    shops.first.append(Answer.of({"error": {"message": HOSTILE + "No <b>entry</b>."}}, status, Location="/elsewhere"))
    with pytest.raises(S2FError, match=rf"^{name} answered {status} \(No entry\).*{says}") as caught:
        quick(shops, name).search(picture, 5, found)
    assert len(shops.asked) == 1 and shops.url not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_trouble_passes(name, shops, picture, found, pauses):
    shops.first.extend([Answer.of({}, 503), Answer.of({}, 500)])
    assert quick(shops, name).search(picture, 5, found) and pauses == [0.01, 0.02]


@pytest.mark.parametrize("name", NAMES)
def test_trouble_that_stays_is_a_sentence(name, shops, picture, found, pauses):
    shops.first.extend([Answer.of({}, 502)] * 3)
    with pytest.raises(S2FError, match=f"{name} answered 502. The trouble is on its side"):
        quick(shops, name).search(picture, 5, found)
    assert len(shops.asked) == 3


@pytest.mark.parametrize("name", NAMES)
def test_too_many_requests_waits_as_long_as_the_service_asks(name, shops, picture, found, pauses):
    shops.first.append(Answer.of({}, 429, Retry_After="1"))
    assert quick(shops, name).search(picture, 5, found) and pauses == [1.0]


def test_retry_after_may_be_a_date(shops, picture, pauses):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    shops.first.append(Answer.of({}, 429, Retry_After=later))
    assert quick(shops, "shopify", longest_pause_s=30, deadline_s=30).search(picture) and 10 < pauses[0] <= 20


@pytest.mark.parametrize("limits", [{"longest_pause_s": 5}, {"deadline_s": 2, "longest_pause_s": 9999}])
def test_a_long_pause_is_reported_and_not_waited_for(limits, shops, picture, pauses):
    shops.first.append(Answer.of({}, 429, Retry_After="3600"))
    with pytest.raises(S2FError, match="shopify answered 429. Too many requests: try again in 3600 s"):
        quick(shops, "shopify", **limits).search(picture)
    assert len(shops.asked) == 1 and not pauses


@pytest.mark.parametrize("header", ["", "soon", "-5", "9" * 5000, "٣"])
def test_odd_retry_after_breaks_nothing(header, shops, picture, pauses):
    shops.first.extend([Answer(429, b"", {"Retry-After": header.encode().decode("latin-1")})] * 3)
    with pytest.raises(S2FError, match="answered 429"):
        quick(shops, "shopify").search(picture)


def slowly(pieces, pause_s):
    for piece in pieces:
        yield piece
        time.sleep(pause_s)


def test_a_body_that_stops_half_way_is_given_up(shops, picture):
    shops.first.append(Answer(200, slowly([b'{"result"'] * 2, 5), {"Content-Length": "5000"}))
    start = time.monotonic()
    with pytest.raises(S2FError, match="shopify: no answer"):
        quick(shops, "shopify", tries=1, read_s=0.2).search(picture)
    assert time.monotonic() - start < 4


def test_a_connection_that_breaks_half_way_is_tried_again(shops, picture):
    shops.first.append(Answer(200, [b'{"result"'], {"Content-Length": "5000"}))
    assert quick(shops, "shopify").search(picture) and len(shops.asked) == 2


def test_a_body_that_drips_is_cut_off_at_the_deadline(shops, picture):
    shops.first.append(Answer(200, slowly([b" "] * 300, 0.05)))
    start = time.monotonic()
    with pytest.raises(S2FError, match=r"shopify: no whole reply within 1 s"):
        quick(shops, "shopify", deadline_s=1).search(picture)
    assert time.monotonic() - start < 5


def test_a_server_that_never_answers(shops, picture, monkeypatch):
    monkeypatch.setattr(shops, "answer", lambda _: time.sleep(2) or Answer())
    with pytest.raises(S2FError, match=r"no answer \(ReadTimeout\)"):
        quick(shops, "shopify", tries=1, read_s=0.2).search(picture)


def test_nobody_there(picture):
    with pytest.raises(S2FError, match=r"google: no answer \(ConnectionError\). Check the network"):
        Google("http://127.0.0.1:9/x", key=Secret("k", "k"), limits=QUICK).search(picture)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body",
    [b'{"items": [', b"", b"<html>Sorry</html>", b"\xff\xfe", b"[" * 100_000],
    ids=["cut", "none", "html", "utf", "deep"],
)
def test_what_is_no_json_is_a_sentence(name, body, shops, picture, found):
    shops.first.append(Answer(200, body, {"Content-Type": "text/html"}))
    with pytest.raises(S2FError, match=rf"^{name}: expected JSON, got [\d,]+ bytes of text/html"):
        quick(shops, name).search(picture, 5, found)


@pytest.mark.parametrize("promised", [True, False])
@pytest.mark.parametrize("status", [200, 302, 503])
def test_a_reply_of_50_megabytes_is_not_read(promised, status, shops, picture, pauses):
    sent = []

    def endless():
        for _ in range(800):
            sent.append(65_536)
            yield b"\0" * 65_536

    length = {"Content-Length": str(800 * 65_536)} if promised else {}
    shops.first.append(Answer(status, endless(), {"Location": "/elsewhere", **length}))
    with pytest.raises(S2FError, match="more than 1,000,000 bytes" if status == 200 else f"answered {status}"):
        quick(shops, "shopify", tries=1).search(picture)
    assert sum(sent) < 20_000_000, "what the sockets hold, and no more"


def test_mcp_may_answer_with_a_stream_of_events(shops, picture):
    message = json.dumps(recorded_reply("shopify"))
    body = f": hello\n\nevent: message\ndata: {message}\n\n".encode()
    shops.first.append(Answer(200, body, {"Content-Type": "text/event-stream; charset=utf-8"}))
    assert len(quick(shops, "shopify").search(picture)) == 4


def test_shopify_without_the_right_profile(shops, picture):
    with pytest.raises(S2FError, match=r"Tool not found: search_catalog. Check the agent profile"):
        replace(quick(shops, "shopify"), profile="https://example.org/empty.json").search(picture)


def test_ebay_without_a_usable_token(shops, picture):
    shops.first.append(Answer.of({"access_token": "x\r\nHost: evil", "expires_in": 5}))
    with pytest.raises(S2FError, match="expected an access token"):
        quick(shops, "ebay").search(picture)


# --- keys --------------------------------------------------------------------------------------


def test_a_key_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("S2F_GOOGLE_KEY", " abc123\n")
    assert Google().key == Secret("S2F_GOOGLE_KEY", "abc123")


def test_a_missing_key_is_asked_for_without_an_echo(monkeypatch):
    monkeypatch.delenv("S2F_NAVER_ID", raising=False)
    monkeypatch.setenv("S2F_NAVER_SECRET", "s")
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"typed {len(prompt) > 5}")
    assert Naver().client_id.value == "typed True"


def echoing(_):
    import warnings

    warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
    return pytest.fail("typed in the open")


def ending(_):
    raise EOFError


@pytest.mark.parametrize("prompt", [echoing, ending, lambda _: "", lambda _: "ключ", lambda _: "a\nb"])
def test_no_key_is_a_sentence(prompt, monkeypatch):
    monkeypatch.delenv("S2F_AZURE_KEY", raising=False)
    monkeypatch.setattr(getpass, "getpass", prompt)
    with pytest.raises(S2FError, match="S2F_AZURE_KEY"):
        Azure("https://example.org")


@pytest.mark.parametrize("name", ["bing", "ebay", "google", "serpapi", "naver"])
@pytest.mark.parametrize("failure", ["echoed", "broken", "no json", "unreachable"])
def test_a_key_is_never_shown(name, failure, shops, picture, found, caplog, pauses):
    secret = Secret("S2F_KEY", "PLEASE+HIDE=ME")
    keys = {field: secret for field in ("key", "client_id", "client_secret") if hasattr(shops.providers()[name], field)}
    shop = replace(quick(shops, name, tries=2), **keys)
    if failure == "unreachable":
        shop = replace(shop, endpoint="http://127.0.0.1:9/x")
    echo = {"error": {"message": f"Key {secret.value} is not known at /x?key=PLEASE%2BHIDE%3DME"}}
    shops.first.extend(
        {"echoed": [Answer.of(echo, 401)], "no json": [Answer(200, secret.value.encode())]}.get(failure, [])
    )
    shops.first.extend([Answer(200, [b"{"], {"Content-Length": "9"})] * 2 if failure == "broken" else [])
    with caplog.at_level(logging.DEBUG), pytest.raises(S2FError) as caught:
        shop.search(picture, 5, found)
    shown = "".join(traceback.format_exception(caught.value)) + repr(shop) + str(shop) + repr(secret) + caplog.text
    coded = ("HIDE", web.base64.b64encode(f"{secret.value}:{secret.value}".encode()).decode())
    assert not any(text in shown for text in coded) and caught.value.__context__ is None
    assert failure == "unreachable" or "connectionpool" in caplog.text, "urllib3 logged, without the query"


# --- everywhere --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stub:
    """A provider that does what it is told."""

    name: str
    does: object

    def search(self, image, limit=8, hint=None):
        return self.does() if callable(self.does) else self.does


def raises(error):
    def do():
        raise error

    return do


def here(image, limit, mask):
    return [Product("here", "https://a.example/1", similarity=0.9), Product("also here")]


def test_local_comes_first_and_the_others_in_their_order(picture):
    slow = Stub("slow", lambda: time.sleep(0.1) or [Product("slow 0"), Product("slow 1", rank=1)])
    results = search_all(picture, here, [slow, Stub("fast", [Product("fast 0")])])
    assert titles(results) == ["here", "also here", "slow 0", "slow 1", "fast 0"] and results.failures == ()
    assert [p.sources for p in results] == [("local",), ("local",), ("slow",), ("slow",), ("fast",)]


def test_services_are_asked_at_the_same_time(picture):
    together = threading.Barrier(4)
    meeting = [Stub(f"s{i}", lambda: [] if together.wait(10) >= 0 else None) for i in range(4)]
    assert search_all(picture, None, meeting).failures == ()


def test_what_fails_is_a_line(picture):
    failing = [
        Stub("a", raises(S2FError("a answered 401."))),
        Stub("b", raises(KeyError("price"))),
        Stub("c", raises(OSError("see https://x.example/?key=SECRET now"))),
        Stub("d", {"items": []}),
        Stub("e", None),
        Stub("f", [Product("works")]),
    ]
    results = search_all(picture, here, failing)
    assert titles(results) == ["here", "also here", "works"]
    assert results.failures[:2] == ("a answered 401.", "b: KeyError: 'price'")
    assert results.failures[2] == "c: OSError: see https://x.example/?… now"
    assert results.failures[3] == "d: expected a list of Product" and len(results.failures) == 5


def test_a_local_failure_is_a_line_too(picture):
    results = search_all(picture, lambda *_: raises(S2FError("no index"))(), [Stub("f", [Product("works")])])
    assert titles(results) == ["works"] and results.failures == ("local: no index",)


def test_one_that_hangs_is_left_behind(picture):
    start = time.monotonic()
    results = search_all(picture, here, [Stub("stuck", lambda: time.sleep(5))], deadline_s=0.2)
    assert results.failures == ("stuck: no answer within 0.2 s",) and len(results) == 2
    assert time.monotonic() - start < 4


def test_one_page_stands_once_with_all_who_found_it(picture):
    first = Product("shirt", "https://www.shop.example/p/1?b=2&a=1")
    second = Product(
        "Shirt", "http://shop.example/p/1/?a=1&b=2&utm_source=x#top", price=9.0, currency="EUR", shop="Shop"
    )
    other = Product("other colour", "https://shop.example/p/1?a=1&b=3")
    results = search_all(picture, lambda *_: [first], [Stub("x", [second, other]), Stub("y", [first])])
    assert titles(results) == ["shirt", "other colour"]
    merged = results.products[0]
    assert merged.sources == ("local", "x", "y") and (merged.price, merged.currency, merged.shop) == (9, "EUR", "Shop")


def test_products_without_a_link_are_not_merged(picture):
    assert len(search_all(picture, None, [Stub("x", [Product("a"), Product("a", "javascript:x"), Product("a")])])) == 3


def test_nothing_is_sent_to_a_service_that_was_not_named(shops, picture):
    search_all(picture, here)
    assert shops.asked == []
    search_all(picture, here, [quick(shops, "google")])
    assert {asked.path for asked in shops.asked} == {"/v1/images:annotate"}


def test_the_hint_reaches_everyone(shops, picture, found):
    masks = []
    results = search_all(picture, lambda i, n, mask: masks.append(mask) or [], [quick(shops, "naver")], 2, found)
    assert masks[0] is found.mask and len(results) == 2


def test_all_fakes_at_once(shops, picture, found):
    results = search_all(picture, here, [quick(shops, name) for name in NAMES], hint=found)
    assert results.failures == () and {name for p in results for name in p.sources} == {"local", *NAMES}
    shared = next(product for product in results if product.url == "https://linen-lane.example/p/101?ref=bing")
    assert shared.sources == ("bing", "google", "serpapi") and shared.price == 19


@pytest.mark.parametrize("providers", [["google"], [Google], [None]])
def test_providers_are_objects_and_not_names(providers, picture):
    with pytest.raises(S2FError, match="expected providers"):
        search_all(picture, here, providers)


def test_everywhere_limit(picture):
    with pytest.raises(S2FError, match="limit"):
        search_all(picture, here, limit=0)


# --- cards -------------------------------------------------------------------------------------


def test_cards_escape_every_text():
    html = cards_html([Product(HOSTILE, shop=HOSTILE, price=5, currency=HOSTILE, sources=(HOSTILE,))])
    assert "<img" not in html and html.count("&lt;img") == 4


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x.org", "", None])
def test_cards_link_nothing_but_http(url):
    assert "<a " not in cards_html([Product("tee", url)])


def test_remote_thumbnails_come_by_https_and_tell_nothing():
    html = cards_html([Product('a "tee"', thumbnail_url="https://img.example/1?a=1&b=2")])
    assert '<img alt="a &#34;tee&#34;" src="https://img.example/1?a=1&amp;b=2"' in html
    assert 'loading="lazy" referrerpolicy="no-referrer"' in html


@pytest.mark.parametrize(
    "address", ["http://img.example/1", "javascript:alert(1)", "data:image/png;base64,x", "", None]
)
def test_other_thumbnails_are_left_out(address):
    assert "<img" not in cards_html([Product("tee", thumbnail_url=address)])


def test_our_own_thumbnail_goes_before_a_remote_one():
    html = cards_html([Product("tee", thumbnail=np.zeros((9, 9, 3), np.uint8), thumbnail_url="https://img.example/1")])
    assert "data:image/jpeg" in html and "img.example" not in html


@pytest.mark.parametrize(
    "cost, sources, text",
    [((19.9, "EUR"), (), "19.90 EUR"), ((29000, "KRW"), ("naver",), "29,000 KRW"), ((1.5, "KWD"), (), "1.500 KWD"),
     ((34, None), ("serpapi",), ">34<"), ((None, None), ("google",), "no price given"),
     ((None, None), ("local",), "not for sale"), ((None, "EUR"), (), "not for sale")],
)  # fmt: skip
def test_cards_state_the_price_or_why_there_is_none(cost, sources, text):
    assert text in cards_html([Product("tee", price=cost[0], currency=cost[1], sources=sources)])


def test_cards_say_who_sells_and_who_found():
    assert ">Linen Lane · bing, google<" in cards_html([Product("tee", shop="Linen Lane", sources=("bing", "google"))])


def test_links_open_beside_the_notebook_and_tell_it_nothing():
    link = '<a href="https://example.org/a?b=1&amp;c=2" target="_blank" rel="noopener noreferrer" '
    assert link in cards([Product("tee", "https://example.org/a?b=1&c=2")]).data


def test_no_results_are_said_and_failures_shown(picture):
    assert "Nothing similar" in cards_html([])
    html = search_all(picture, None, [Stub("x", raises(S2FError(HOSTILE)))])._repr_html_()
    assert "x: &lt;img" in html and "<img" not in html


def test_the_table_has_the_same():
    table = frame([Product("a", "javascript:x"), Product("b", "https://b.example", price=5.0, currency="EUR", rank=1)])
    assert list(table["link"].isna()) == [True, False] and table["price"].dtype == float
    assert list(frame([]).columns) == list(table.columns)


# --- fakes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bing", "ebay", "google", "serpapi", "naver"])
def test_the_fakes_refuse_another_key(name, shops, picture, found):
    wrong = Secret("S2F_KEY", "wrong")
    keys = {field: wrong for field in ("key", "client_id", "client_secret") if hasattr(shops.providers()[name], field)}
    with pytest.raises(S2FError, match=f"{name} answered 40[01]"):
        replace(quick(shops, name), **keys).search(picture, 5, found)


def post_to_bing(shops, image, wanted):
    files = {"image": ("image", image, "image/jpeg"), "knowledgeRequest": (None, json.dumps(wanted))}
    address = f"{shops.url}/v7.0/images/visualsearch?mkt=en-US"
    return requests.post(address, files=files, headers={"Ocp-Apim-Subscription-Key": KEY}, timeout=5).status_code


def test_the_fake_bing_reads_the_request_strictly(shops, picture):
    good = jpeg(picture, 1500, 1_000_000)
    large = jpeg(np.zeros((10, 1501, 3), np.uint8), 2000, 1_000_000)
    area = {"left": 0.5, "top": 0, "right": 0.4, "bottom": 1}
    assert post_to_bing(shops, good, {}) == 200
    assert post_to_bing(shops, large, {}) == 400
    assert post_to_bing(shops, b"no picture", {}) == 400
    assert post_to_bing(shops, good, {"imageInfo": {"cropArea": area}}) == 400
    assert post_to_bing(shops, good, {"imageInfo": {"url": "https://img.example/1"}}) == 400


def test_the_fakes_know_no_other_place(shops):
    assert requests.get(f"{shops.url}/v7.0/images/visualsearch", timeout=5).status_code == 404


@dataclass(frozen=True)
class Wardrobe:
    """What a learner writes."""

    endpoint: str
    name: str = "wardrobe"
    limits: Limits = QUICK

    def search(self, image, limit=8, hint=None):
        headers = {"X-Wardrobe-Key": KEY, "Content-Type": "image/jpeg"}
        body = jpeg(cut_out(image, hint), 512, 200_000)
        reply = web.ask(self, "POST", self.endpoint, headers, {"count": limit}, data=body)
        return listed(self.name, map(self.product, rows(reply, "hits")))

    def product(self, hit):
        cost = price(hit.get("cents"), hit.get("money"), minor_units=True)
        return Product(plain(hit.get("label")), hit.get("page"), thumbnail_url=hit.get("picture"), **cost)


def test_a_provider_of_ones_own_against_the_fake_server(shops, picture, found):
    results = search_all(picture, here, [Wardrobe(f"{shops.url}/wardrobe/similar")], hint=found)
    assert results.failures == () and titles(results)[2:] == ["Striped shirt", "한복 저고리", "Free advice"]
    assert costs(results)[2:] == [(19.9, "EUR"), (45000.0, "KRW"), (None, None)] and results.products[-1].url is None
    assert "POST /wardrobe/similar" in requests.get(f"{shops.url}/wardrobe", timeout=5).text


def test_shops_need_no_torch():
    code = "import sys; from s2f_helpers.search import FakeShops, search_all; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
