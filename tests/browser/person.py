"""Hands and eyes in front of the page."""

from __future__ import annotations

import asyncio
import io
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import nbformat
import numpy as np
import requests
from lab import DEBUGGING_PORT
from PIL import Image
from playwright.async_api import async_playwright

OPEN_MS, RUN_MS = 180_000, 600_000
FILM = (720, 600)
PYTHON = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
IDLE = "() => document.querySelector('#jp-main-statusbar')?.textContent.includes('| Idle')"
NOTHING_CUT_OFF = """
panel => [...panel.querySelectorAll('button, select, input, canvas')].filter(e => e.offsetParent)
    .every(e => e.getBoundingClientRect().right <= panel.getBoundingClientRect().right + 1)
"""


class Person:
    """Uses the mouse, a finger and the keyboard, and looks at pixels; all points are in page units, 256 x 256."""

    def __init__(self, page):
        self.page = page
        # The notebook shows cards of its own further up, in the same style.
        self.panel = page.locator(".s2f-studio:has(.s2f-pad)")
        self.canvas = self.panel.locator(".s2f-pad canvas")
        self.frames: list[Image.Image] = []

    def open(self, address):
        self.page.goto(address)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=OPEN_MS)
        self.page.wait_for_function(IDLE, timeout=OPEN_MS)

    def run_all(self):
        self.menu("Run", "Run All Cells")
        self.canvas.wait_for(timeout=RUN_MS)
        self.page.wait_for_function(IDLE, timeout=RUN_MS)

    def menu(self, name, entry):
        self.page.locator(f".lm-MenuBar-itemLabel:text-is('{name}')").click()
        self.page.locator(f".lm-Menu-itemLabel:text-is('{entry}')").click()

    def save(self):
        with self.page.expect_response(lambda reply: reply.request.method == "PUT" and "/api/contents/" in reply.url):
            self.page.keyboard.press("Control+s")

    def on_screen(self, points):
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        scale = box["width"] / 256
        return [(box["x"] + x * scale, box["y"] + y * scale) for x, y in points]

    def stroke(self, *points, steps=4):
        (x, y), *rest = self.on_screen(points)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for x, y in rest:
            self.page.mouse.move(x, y, steps=steps)
        self.page.mouse.up()

    def finger(self, *points):
        """A stroke by touch."""
        touch = self.page.context.new_cdp_session(self.page)
        places = [{"x": x, "y": y, "force": 0.7} for x, y in self.on_screen(points)]
        for kind, at in [("touchStart", places[:1]), *[("touchMove", [at]) for at in places[1:]], ("touchEnd", [])]:
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def moves(self, points, hertz) -> float:
        """Move the mouse, its button down, at this rate without waiting for the page; the rate reached is returned."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, _send_moves(self.page.url, self.on_screen(points), hertz)).result()

    def keys(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def press(self, name):
        self.panel.get_by_role("button", name=name, exact=True).click()

    def choose(self, name, option):
        self.panel.get_by_label(name, exact=True).select_option(label=option)

    def see(self, locator) -> np.ndarray:
        """(H, W, 3) ``int`` RGB: what is on the screen there."""
        return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB")).astype(int)

    def look(self) -> np.ndarray:
        """(256, 256, 3) ``int`` RGB: the pad, a pixel a page unit."""
        picture = Image.open(io.BytesIO(self.canvas.screenshot())).convert("RGB")
        return np.asarray(picture.resize((256, 256), Image.Resampling.BOX)).astype(int)

    def wait_to_see(self, look, wanted, seconds=30):
        """Look again and again until ``wanted(pixels)``; the last look is returned either way."""
        deadline = time.monotonic() + seconds
        pixels = look()
        while not wanted(pixels) and time.monotonic() < deadline:
            time.sleep(0.3)
            pixels = look()
        return pixels

    def film(self, frames=1):
        """Keep what the upper part of the panel looks like now, for so many frames."""
        picture = Image.open(io.BytesIO(self.panel.screenshot())).convert("RGB")
        width, height = FILM
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
        self.frames += [picture.crop((0, 0, width, height))] * frames

    def write_film(self, path):
        """All that was filmed, as an animated GIF in the last frame's colours."""
        palette = self.frames[-1].quantize(192, Image.Quantize.MAXCOVERAGE)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=400, loop=0, optimize=True)

    def wait_for_text(self, text, seconds=60):
        self.panel.get_by_text(text).first.wait_for(timeout=seconds * 1000)


async def _send_moves(url, places, hertz) -> float:
    # Another client of the same browser: playwright's own would wait until the page has answered to each move.
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{DEBUGGING_PORT}")
        page = next(page for context in browser.contexts for page in context.pages if page.url == url)
        session = await page.context.new_cdp_session(page)
        sent, start = [], time.perf_counter()
        for number, (x, y) in enumerate(places, 1):
            move = {"type": "mouseMoved", "x": x, "y": y, "button": "left", "buttons": 1}
            sent.append(asyncio.ensure_future(session.send("Input.dispatchMouseEvent", move)))
            await asyncio.sleep(max(0, start + number / hertz - time.perf_counter()))
        await asyncio.gather(*sent)
        return len(places) / (time.perf_counter() - start)


def visitor(browser, address) -> Person:
    """Somebody who has opened a page of Voila, and in ``asked`` what that page has asked for."""
    context = browser.new_context(viewport={"width": 1360, "height": 1400}, has_touch=True)
    context.set_default_timeout(120_000)
    person = Person(context.new_page())
    person.asked = []
    person.page.on("request", lambda request: person.asked.append(request.url))
    person.page.goto(address, wait_until="commit")
    return person


def put_notebook(lab, name, code):
    """Save a notebook of one cell on the server."""
    parts = urlsplit(lab)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.strip())], metadata=PYTHON)
    address = f"{parts.scheme}://{parts.netloc}/api/contents/{name}?{parts.query}"
    requests.put(address, json={"type": "notebook", "content": notebook}, timeout=60).raise_for_status()


def is_white(pixels):
    return pixels[8:248, 8:248].min() > 200


def is_dark(*at, near=2):
    """Whether there is ink at these points, or within so many units."""

    def wanted(pixels):
        around = [pixels[y - near : y + near + 1, x - near : x + near + 1].max(axis=2).min() for x, y in at]
        return max(around) < 110

    return wanted


def is_colored(color, *at):
    def wanted(pixels):
        return all(np.abs(pixels[y, x] - color).max() < 40 for x, y in at)

    return wanted
