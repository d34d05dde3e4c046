"""Every tool of the studio with real mouse and touch input, in JupyterLab and in Voila.

The pipeline is quick, slow or broken at will: it paints a flat colour, and on its left edge as many black bars as it
has been called. As a hat it takes two seconds, as a coat it fails.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path

import nbformat
import numpy as np
import pytest
from axe import serious_faults
from lab import running_voila
from person import (
    IDLE,
    NOTHING_CUT_OFF,
    OPEN_MS,
    PYTHON,
    RUN_MS,
    Person,
    is_colored,
    is_dark,
    is_white,
    put_notebook,
    visitor,
)

STUDIO = """
import time
import numpy as np
from types import SimpleNamespace
from s2f_helpers import Garment, Product
from s2f_helpers.studio import Studio

class Painter:
    calls = 0
    def styles(self, count, seed=0):
        return np.random.default_rng(seed).normal(size=(count, 4)).astype("float32")
    def __call__(self, sketch, category=None, style=None):
        self.calls += 1
        time.sleep(2 if category == "hat" else 0)
        if category == "coat":
            raise RuntimeError("the <b>coat</b> is broken")
        color = sketch.hints[sketch.hint_mask].mean(0) if sketch.hint_mask.any() else 200
        picture = np.full((256, 256, 3), color, "uint8")
        for bar in range(min(self.calls, 60)):
            picture[4 * bar : 4 * bar + 2, :32] = 0
        return picture

class Index:
    def weighed(self, weight):
        return self
    def __call__(self, image, limit, mask, **filters):
        hostile = "<img src=x onerror=\\"document.title='hacked'\\"><script>document.title='hacked'</script>"
        photo = np.full((8, 8, 3), 99, "uint8")
        return [Product(hostile, "https://example.org/1", photo), Product("Tee", "javascript:alert(1)")]

def segmenter(image):
    mask = np.zeros(image.shape[:2], bool)
    mask[60:200, 60:200] = True
    return [Garment(image, mask, "t-shirt", 0.87)]

studio = Studio(SimpleNamespace(generator=Painter(), segmenter=segmenter, search=Index()), pad=PAD)
studio
"""
SQUARE = [(60, 60), (200, 60), (200, 200), (60, 200), (60, 60)]


def start(lab, browser, name, pad, **context):
    put_notebook(lab, f"{name}.ipynb", STUDIO.replace("pad=PAD", f"pad={pad!r}"))
    context = browser.new_context(viewport={"width": 1360, "height": 1500}, has_touch=True, **context)
    context.set_default_timeout(120_000)
    person = Person(context.new_page())
    person.open(lab.replace("/lab/tree", f"/lab/workspaces/{name}/tree").format(notebook=f"{name}.ipynb"))
    person.run_all()
    return person


@pytest.fixture(scope="module", params=["JupyterLab", "Voila"])
def owner(request, browser, tmp_path_factory):
    with ExitStack() as stack:
        if request.param == "Voila":
            folder = tmp_path_factory.mktemp("pages")
            cell = nbformat.v4.new_code_cell(STUDIO.replace("pad=PAD", "").strip())
            nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=PYTHON), folder / "tools.ipynb")
            page = stack.enter_context(running_voila(tmp_path_factory.mktemp("voila"), folder))
            person = visitor(browser, page.format(notebook="tools.ipynb"))
            person.canvas.wait_for(timeout=RUN_MS)
        else:
            person = start(request.getfixturevalue("lab"), browser, "tools", "ipycanvas")
        yield person
        person.page.context.close()


only_in_jupyterlab = pytest.mark.parametrize("owner", ["JupyterLab"], indirect=True)


@pytest.fixture
def person(owner):
    """Somebody in front of an empty page, pen in hand."""
    owner.choose("Category", "any")
    owner.choose("Preview", "off")
    owner.press("Clear")
    owner.press("Pen")
    owner.wait_to_see(owner.look, is_white)
    return owner


RED, NAVY = np.array([214, 39, 40]), np.array([31, 58, 110])


def test_the_pen_draws_by_mouse_and_by_finger(person):
    person.stroke((30, 40), (220, 40))
    person.finger((30, 90), (90, 90), (150, 90), (220, 90))
    assert not person.panel.locator(".s2f-cursor").is_visible()
    wanted = is_dark((60, 40), (200, 40), (60, 90), (200, 90))
    assert wanted(person.wait_to_see(person.look, wanted))


def test_colours_fill_and_eraser(person):
    person.stroke(*SQUARE)
    person.press("Fill")
    person.press("navy")
    person.stroke((130, 130))
    filled = is_colored(NAVY, (80, 80), (180, 180), (130, 130))
    pixels = person.wait_to_see(person.look, filled)
    assert filled(pixels) and pixels[30, 30].min() > 200
    person.press("Colour")
    person.press("red")
    person.finger((100, 100), (120, 100), (140, 100))
    both = is_colored(RED, (110, 100), (130, 100))
    assert both(person.wait_to_see(person.look, both)) and filled(person.look())
    person.press("Eraser")
    person.stroke((60, 130), (100, 130))
    gone = is_colored(np.array([255, 255, 255]), (80, 130), (60, 130))
    assert gone(person.wait_to_see(person.look, gone))


def test_mirror_undo_redo_and_keys(person):
    person.panel.get_by_label("Mirror", exact=True).check()
    person.stroke((40, 60), (40, 200))
    both = is_dark((40, 100), (216, 100))
    assert both(person.wait_to_see(person.look, both))
    person.panel.get_by_label("Mirror", exact=True).uncheck()
    person.press("Undo")
    blank = lambda pixels: pixels[100, [38, 39, 40, 41, 215, 216, 217]].min() > 200  # noqa: E731
    assert blank(person.wait_to_see(person.look, blank))
    person.canvas.focus()
    person.page.keyboard.press("Shift+Control+z")
    assert both(person.wait_to_see(person.look, both))
    person.page.keyboard.press("Control+z")
    assert blank(person.wait_to_see(person.look, blank))


def test_tab_leaves_the_canvas(person):
    person.canvas.focus()
    person.page.keyboard.press("Tab")
    assert person.page.evaluate("document.activeElement.tagName") != "CANVAS"


def shot(person, name):
    if os.environ.get("S2F_SCREENSHOT"):
        person.panel.screenshot(path=f"{os.environ['S2F_SCREENSHOT']}.{name}.png")


def draw_by_keys(person):
    """Get to the pad by Tab, and trace a closed outline without ever pressing a mouse button."""
    person.panel.get_by_role("button", name="Pen", exact=True).focus()
    for _ in range(40):
        person.keys("Tab")
        if person.page.evaluate("document.activeElement.tagName") == "CANVAS":
            break
    # From the middle, at (128, 128).
    person.keys(*["Shift+ArrowLeft"] * 4, *["ArrowUp"] * 8, "Space")
    for way, steps in [("Right", 6), ("Down", 5), ("Left", 6), ("Up", 5)]:
        person.keys(*[f"Shift+Arrow{way}"] * steps)
    person.keys("Space")


OUTLINE_BY_KEYS = is_dark((64, 96), (100, 96), (160, 96), (160, 150), (160, 176), (100, 176), (64, 150), near=1)


def test_keys_alone_draw_a_closed_outline(person):
    draw_by_keys(person)
    pixels = person.wait_to_see(person.look, OUTLINE_BY_KEYS)
    assert OUTLINE_BY_KEYS(pixels) and pixels[136, [40, 56, 72, 112, 152, 168]].min() > 200
    place = person.panel.locator(".s2f-spoken")
    assert place.inner_text() == "pen up: 64 across, 96 down"
    person.keys("Shift+ArrowRight", "ArrowDown", "ArrowUp", "Shift+ArrowDown")
    assert place.inner_text() == "moving: 80 across, 112 down"
    shot(person, "keys")
    person.press("Fill")
    person.press("navy")
    person.canvas.focus()
    person.keys("Enter")
    filled = is_colored(NAVY, (100, 130), (150, 166))
    pixels = person.wait_to_see(person.look, filled)
    assert filled(pixels) and pixels[200, 128].min() > 200


def test_leaving_the_pad_lifts_the_keyboards_pen(person):
    person.canvas.focus()
    person.keys("Space", "Shift+ArrowLeft", "Tab")
    assert not person.panel.locator(".s2f-cursor").is_visible()
    person.canvas.focus()
    person.keys(*["Shift+ArrowUp"] * 3)
    assert person.panel.locator(".s2f-spoken").inner_text().startswith("moving")


# The screen's 60 frames a second would be no test: quicker moves are what browsers melt into one.
RATE_HZ, SLOW_HZ, MOVES = 250, 100, 600


def draw_zigzag(person):
    """A pen tablet's 250 moves a second, each a corner that ink must reach."""
    corners = [(10 + number % 100 * 2.35, 40 + 30 * (number // 100) + number % 2 * 14) for number in range(MOVES)]
    person.page.mouse.move(*person.on_screen(corners[:1])[0])
    person.page.mouse.down()
    rate = person.moves(corners[1:], RATE_HZ)
    person.page.mouse.up()
    assert rate > SLOW_HZ, f"{rate:.0f} moves a second: this machine is too slow for the test to say anything"
    # Between two rows the pen comes back across the page, so only rows' own corners are looked at.
    reached = [is_dark((round(x), round(y))) for x, y in corners if 12 < x < 240]
    pixels = person.wait_to_see(person.look, lambda pixels: all(corner(pixels) for corner in reached))
    lost = sum(not corner(pixels) for corner in reached)
    assert lost == 0, f"{lost} of {len(reached)} corners lost at {rate:.0f} moves a second"


def test_no_move_is_lost(person):
    draw_zigzag(person)


def bars(person) -> int:
    """How often the painter had been called when it made the picture on the screen."""
    picture = person.see(person.panel.locator(".s2f-made img"))
    side = len(picture)
    dark = picture[:, side // 16].max(axis=1) < 90
    return int((np.diff(dark.astype(int)) == 1).sum() + dark[0])


def test_a_slow_generator_never_piles_up(person):
    person.stroke(*SQUARE)
    person.press("Generate")
    person.panel.locator(".s2f-made img").wait_for()
    before = bars(person)
    person.choose("Preview", "after each stroke")
    person.choose("Category", "Hat")
    start = time.monotonic()
    for y in range(70, 190, 8):
        person.stroke((70, y), (190, y))
    drawn = is_dark((100, 70), (100, 182))
    assert drawn(person.wait_to_see(person.look, drawn, seconds=20)), "drawing waits for the generator"
    person.panel.locator(".s2f-progress").wait_for()
    lasted = time.monotonic() - start
    person.wait_for_text("Done in")
    time.sleep(5)
    calls = bars(person) - before
    assert 1 <= calls <= (lasted + 5) / 2 + 2 < 15


def test_an_exception_leaves_the_panel_usable(person):
    person.stroke(*SQUARE)
    person.choose("Category", "Coat or jumper")
    person.press("Generate")
    person.wait_for_text("the <b>coat</b> is broken")
    person.choose("Category", "any")
    person.press("Generate")
    person.wait_for_text("Done in")
    person.stroke((20, 20), (20, 90))
    wanted = is_dark((20, 60))
    assert wanted(person.wait_to_see(person.look, wanted))


def test_hostile_titles_stay_text(person):
    person.stroke(*SQUARE)
    person.press("Generate")
    card = person.panel.locator(".s2f-card").first
    card.wait_for()
    assert "<img src=x onerror" in card.inner_text() and person.page.title() != "hacked"
    links = [link.get_attribute("href") for link in person.panel.locator(".s2f-card a").all()]
    assert links and all(link.startswith("https://example.org/") for link in links)


def test_candidates_more_like_this_and_history(person):
    person.stroke(*SQUARE)
    person.press("Candidates")
    candidates = person.panel.get_by_role("group", name="Candidates").get_by_role("button")
    candidates.nth(2).click()
    person.panel.locator(".s2f-pick[data-s2f-pick=candidate][aria-pressed=true]").filter(has_text="3").wait_for()
    person.panel.get_by_role("button", name="More like this").first.click()
    person.wait_for_text("More like <img")
    person.panel.get_by_role("group", name="Earlier results").get_by_role("button").first.click()
    person.wait_for_text("Similar garments")


def test_downloads_are_what_they_say(person):
    person.stroke(*SQUARE)
    person.press("Generate")
    person.wait_for_text("Done in")
    for button, head in [("Save as SVG", b"<svg"), ("Result page", b"<!doctype html"), ("All as ZIP", b"PK")]:
        with person.page.expect_download() as download:
            person.press(button)
        assert Path(download.value.path()).read_bytes().startswith(head)


def test_a_saved_drawing_opens_again(person, tmp_path):
    person.stroke(*SQUARE)
    with person.page.expect_download() as download:
        person.press("Save")
    path = tmp_path / "drawing.json"
    download.value.save_as(path)
    person.press("Clear")
    person.wait_to_see(person.look, is_white)
    with person.page.expect_file_chooser() as chooser:
        person.panel.locator(".s2f-upload-drawing").click()
    chooser.value.set_files(path)
    wanted = is_dark((60, 100), (130, 60))
    assert wanted(person.wait_to_see(person.look, wanted))


def test_axe_finds_no_serious_fault(person):
    person.stroke(*SQUARE)
    person.press("Candidates")
    person.press("Generate")
    person.panel.locator(".s2f-card").first.wait_for()
    assert serious_faults(person.page) == []


@pytest.mark.parametrize("width, zoom", [(520, 1), (1360, 2)], ids=["narrow window", "200 % zoom"])
def test_nothing_is_cut_off(person, width, zoom):
    page = person.page
    page.set_viewport_size({"width": width, "height": 1500})
    page.evaluate(f"document.body.style.zoom = {zoom}")
    try:
        page.wait_for_timeout(500)
        shot(person, f"{width}-{zoom}")
        assert person.panel.evaluate(NOTHING_CUT_OFF)
    finally:
        page.evaluate("document.body.style.zoom = 1")
        page.set_viewport_size({"width": 1360, "height": 1500})


@only_in_jupyterlab
def test_the_drawing_survives_a_reload_and_a_restart_of_the_kernel(person):
    person.stroke((40, 60), (40, 200))
    drawn = is_dark((40, 100))
    person.wait_to_see(person.look, drawn)
    person.save()
    person.page.reload()
    person.canvas.wait_for(timeout=OPEN_MS)
    assert drawn(person.wait_to_see(person.look, drawn))
    person.stroke((120, 60), (120, 200))
    both = is_dark((40, 100), (120, 100))
    assert both(person.wait_to_see(person.look, both))
    person.menu("Kernel", "Restart Kernel and Run All Cells…")
    person.page.get_by_role("button", name="Confirm Kernel Restart").click()
    person.page.wait_for_timeout(3000)
    person.canvas.wait_for(timeout=RUN_MS)
    person.page.wait_for_function(IDLE, timeout=RUN_MS)
    assert both(person.wait_to_see(person.look, both))


@only_in_jupyterlab
def test_dark_theme(person):
    person.page.keyboard.press("Control+Shift+c")
    person.page.locator(".lm-CommandPalette-input").fill("Use Theme: JupyterLab Dark")
    person.page.keyboard.press("Enter")
    person.page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    person.page.wait_for_timeout(1000)
    shot(person, "dark")
    assert serious_faults(person.page) == []


def test_the_other_pad_draws_by_every_hand_and_fills(lab, browser):
    person = start(lab, browser, "ink", "anywidget")
    person.press("Clear")
    person.wait_to_see(person.look, is_white)
    draw_by_keys(person)
    assert OUTLINE_BY_KEYS(person.wait_to_see(person.look, OUTLINE_BY_KEYS))
    person.keys("Control+z")
    person.canvas.blur()
    assert is_white(person.wait_to_see(person.look, is_white))
    person.stroke(*SQUARE)
    person.finger((30, 230), (90, 230), (150, 230))
    person.press("Fill")
    person.press("navy")
    person.stroke((130, 130))
    filled, drawn = is_colored(NAVY, (80, 80), (180, 180)), is_dark((60, 230), (60, 100))
    wanted = lambda pixels: filled(pixels) and drawn(pixels)  # noqa: E731
    assert wanted(person.wait_to_see(person.look, wanted))
    person.canvas.focus()
    person.page.keyboard.press("Control+z")
    blank = is_colored(np.array([255, 255, 255]), (80, 80), (180, 180))
    assert blank(person.wait_to_see(person.look, blank))
    person.press("Clear")
    person.press("Pen")
    assert is_white(person.wait_to_see(person.look, is_white))
    draw_zigzag(person)
    person.page.context.close()
