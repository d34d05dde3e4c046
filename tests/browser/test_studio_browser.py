"""The studio as a person uses it: draw with the mouse, generate, look. What counts are pixels.

With S2F_GIF=docs/studio.gif in the environment, the README's film is made on the way.
"""

from __future__ import annotations

import os
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
import pytest
from person import OPEN_MS, Person, put_notebook
from PIL import Image

NOTEBOOK = "07_draw_and_search.ipynb"
# On the page of 256 x 256 units.
T_SHIRT = [
    (96, 52), (60, 66), (30, 112), (58, 130), (74, 108), (74, 214), (182, 214), (182, 108), (198, 130),
    (226, 112), (196, 66), (160, 52), (144, 66), (112, 66), (96, 52),
]  # fmt: skip
DOTS = [(100, 90), (128, 90), (156, 90), (100, 130), (128, 130), (156, 130), (100, 180), (128, 180), (156, 180),
        (52, 106), (204, 106)]  # fmt: skip
GENERATE_MS = 240_000
# Every service has a fake on this machine; the drawing is an example, so that nothing else differs.
SHOPPING = """
from s2f_helpers import Pipeline
from s2f_helpers.search import FakeShops
from s2f_helpers.studio import Drawing, Studio
from s2f_helpers.studio.examples import example

shops = FakeShops().__enter__()
drawing = Drawing()
drawing.place(example("t-shirt"))
Studio(Pipeline.load(), drawing, providers=shops.providers().values())
"""
SERVICES = ("bing", "shopify", "ebay", "google", "serpapi", "naver")


def red_share(pixels) -> float:
    """Share of pixels whose hue is red (within 20 degrees) and that are clearly coloured."""
    hue, saturation, _ = np.moveaxis(np.asarray(Image.fromarray(pixels.astype(np.uint8)).convert("HSV")), -1, 0)
    from_red = np.minimum(hue.astype(int), 256 - hue.astype(int)) * 360 / 256
    return float(((from_red < 20) & (saturation > 80)).mean())


def ink(pixels) -> tuple[int, int]:
    """How many pixels are dark (lines) and how many are strongly red (hints)."""
    dark = pixels.max(axis=2) < 90
    red = (pixels[..., 0] > 150) & (pixels[..., 1:].max(axis=2) < 100)
    return int(dark.sum()), int(red.sum())


def has_drawing(pixels) -> bool:
    dark, red = ink(pixels)
    return dark > 2000 and red > 1000


@pytest.fixture(scope="module")
def person(lab, page) -> Person:
    """Somebody who has drawn a T-shirt, dotted it red and pressed Generate."""
    person = Person(page)
    person.open(lab.format(notebook=NOTEBOOK))
    person.run_all()
    filming = os.environ.get("S2F_GIF")
    film = person.film if filming else lambda frames=1: None
    person.panel.scroll_into_view_if_needed()
    film()
    for first, last in pairwise(T_SHIRT):
        person.stroke(first, last)
        film()
    person.press("red")
    for x, y in DOTS:
        person.stroke((x, y), (x + 1, y))
        film()
    person.wait_to_see(lambda: person.see(person.canvas), has_drawing)
    person.press("Generate")
    person.panel.locator(".s2f-made img").wait_for(timeout=GENERATE_MS)
    person.panel.locator(".s2f-card").first.wait_for(timeout=GENERATE_MS)
    page.mouse.move(0, 0)
    film(6)
    if filming:
        person.write_film(filming)
    if os.environ.get("S2F_SCREENSHOT"):
        person.panel.screenshot(path=os.environ["S2F_SCREENSHOT"])
    return person


def test_a_mostly_red_garment_has_appeared(person):
    picture = person.see(person.panel.locator(".s2f-made img"))
    height, width = picture.shape[:2]
    center = picture[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]
    assert red_share(center) > 0.6


def test_the_garment_was_found_in_it(person):
    assert "%" in person.panel.locator(".s2f-found figcaption").inner_text()


def test_cards_link_to_web_pages(person):
    links = [link.get_attribute("href") for link in person.panel.locator(".s2f-card a").all()]
    assert links
    assert all(urlsplit(link).scheme in ("http", "https") and urlsplit(link).hostname for link in links)


def test_the_drawing_and_the_panel_survive_a_reload(person):
    before = ink(person.see(person.canvas))
    person.save()
    person.page.reload()
    person.canvas.wait_for(timeout=OPEN_MS)
    after = ink(person.wait_to_see(lambda: person.see(person.canvas), has_drawing))
    assert after == pytest.approx(before, rel=0.1)
    person.stroke((20, 20), (60, 20))
    more = lambda pixels: ink(pixels)[1] > after[1] + 100  # noqa: E731
    assert more(person.wait_to_see(lambda: person.see(person.canvas), more)), "the brush was red before, and still is"
    person.page.keyboard.press("Control+z")
    undone = ink(person.wait_to_see(lambda: person.see(person.canvas), lambda pixels: ink(pixels) == after, seconds=10))
    assert undone == after


@pytest.fixture(scope="module")
def shopper(lab, browser) -> Person:
    """Somebody whose studio offers every service, each a fake, and who has searched one drawing locally."""
    put_notebook(lab, "shopping.ipynb", SHOPPING)
    context = browser.new_context(viewport={"width": 1360, "height": 2600})
    context.set_default_timeout(120_000)
    person = Person(context.new_page())
    # A workspace of its own: the default one brings notebook 07 back, and its studio with it.
    person.open(lab.replace("/lab/tree", "/lab/workspaces/shopping/tree").format(notebook="shopping.ipynb"))
    person.run_all()
    person.press("Generate")
    person.panel.locator(".s2f-card").first.wait_for(timeout=GENERATE_MS)
    yield person
    context.close()


def test_the_same_drawing_is_searched_here_and_at_every_service(shopper):
    cards = shopper.panel.locator(".s2f-card")
    here = cards.count()
    assert here and not any(name in text for text in cards.all_inner_texts() for name in SERVICES)
    for name in SERVICES:
        shopper.panel.get_by_label(name, exact=True).check()
    shopper.press("Generate")
    cards.nth(here).wait_for(timeout=GENERATE_MS)
    found = cards.all_inner_texts()
    assert all(any(name in text for text in found[here:]) for name in SERVICES), found
    if os.environ.get("S2F_SCREENSHOT"):
        shopper.panel.screenshot(path=f"{os.environ['S2F_SCREENSHOT']}.services.png")


def test_cards_stand_in_a_grid(shopper):
    boxes = [card.bounding_box() for card in shopper.panel.locator(".s2f-card").all()[:2]]
    assert boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
