"""The studio as a person uses it: draw with the mouse, generate, look. What counts are pixels."""

from __future__ import annotations

import io
import os
import time
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
import requests
from PIL import Image

NOTEBOOK = "07_draw_and_search.ipynb"
# On the page of 256 x 256 units.
T_SHIRT = [
    (96, 52), (60, 66), (30, 112), (58, 130), (74, 108), (74, 214), (182, 214), (182, 108), (198, 130),
    (226, 112), (196, 66), (160, 52), (144, 66), (112, 66), (96, 52),
]  # fmt: skip
DOTS = [(100, 90), (128, 90), (156, 90), (100, 130), (128, 130), (156, 130), (100, 180), (128, 180), (156, 180),
        (52, 106), (204, 106)]  # fmt: skip
OPEN_MS, RUN_MS, GENERATE_MS = 180_000, 600_000, 240_000
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
IDLE = "() => document.querySelector('#jp-main-statusbar')?.textContent.includes('| Idle')"


class Person:
    """Hands and eyes in front of the page."""

    def __init__(self, page):
        self.page = page
        # The notebook shows cards of its own further up, in the same style.
        self.panel = page.locator(".s2f-studio:has(.s2f-pad)")
        self.canvas = self.panel.locator(".s2f-pad canvas")

    def open(self, address):
        self.page.goto(address)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=OPEN_MS)
        self.page.wait_for_function(IDLE, timeout=OPEN_MS)

    def run_all(self):
        self.page.locator(".lm-MenuBar-itemLabel:text-is('Run')").click()
        self.page.locator(".lm-Menu-itemLabel:text-is('Run All Cells')").click()
        self.canvas.wait_for(timeout=RUN_MS)
        self.page.wait_for_function(IDLE, timeout=RUN_MS)

    def save(self):
        with self.page.expect_response(lambda reply: reply.request.method == "PUT" and "/api/contents/" in reply.url):
            self.page.keyboard.press("Control+s")

    def stroke(self, *points):
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        scale = box["width"] / 256
        (x, y), *rest = [(box["x"] + x * scale, box["y"] + y * scale) for x, y in points]
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for x, y in rest:
            self.page.mouse.move(x, y, steps=4)
        self.page.mouse.up()

    def press(self, name):
        self.panel.get_by_text(name, exact=True).click()

    def see(self, locator) -> np.ndarray:
        """(H, W, 3) ``int`` RGB: what is on the screen there."""
        return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)

    def wait_to_see(self, locator, wanted, seconds=30):
        """Look again and again until ``wanted(pixels)``; the last look is returned either way."""
        deadline = time.monotonic() + seconds
        pixels = self.see(locator)
        while not wanted(pixels) and time.monotonic() < deadline:
            time.sleep(0.3)
            pixels = self.see(locator)
        return pixels


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
    person.stroke(*T_SHIRT)
    person.press("red")
    for x, y in DOTS:
        person.stroke((x, y), (x + 1, y))
    person.wait_to_see(person.canvas, has_drawing)
    person.press("Generate")
    person.panel.locator(".s2f-made img").wait_for(timeout=GENERATE_MS)
    person.panel.locator(".s2f-card").first.wait_for(timeout=GENERATE_MS)
    if os.environ.get("S2F_SCREENSHOT"):
        page.mouse.move(0, 0)
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
    after = ink(person.wait_to_see(person.canvas, has_drawing))
    assert after == pytest.approx(before, rel=0.1)
    person.stroke((20, 20), (60, 20))
    person.wait_to_see(person.canvas, lambda pixels: ink(pixels)[0] > after[0] + 100)
    person.page.keyboard.press("Control+z")
    undone = ink(person.wait_to_see(person.canvas, lambda pixels: ink(pixels) == after, seconds=10))
    assert undone == after


def put_notebook(lab, name, code):
    """Save a notebook of one cell on the server."""
    parts = urlsplit(lab)
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.strip())], metadata=kernel)
    address = f"{parts.scheme}://{parts.netloc}/api/contents/{name}?{parts.query}"
    requests.put(address, json={"type": "notebook", "content": notebook}, timeout=60).raise_for_status()


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
