"""The page of `make app`: the studio in Voila, for people who never see code."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import nbformat
import pytest
import requests
from axe import serious_faults
from lab import running_voila
from person import NOTHING_CUT_OFF, RUN_MS, is_dark, is_white, visitor
from test_studio_browser import DOTS, GENERATE_MS, T_SHIRT, red_share
from test_tools_browser import SQUARE, STUDIO

from s2f_helpers.common.paths import ROOT


@pytest.fixture(scope="module")
def voila(tmp_path_factory):
    """Address of a Voila with the app, the app with a fault in it, and the studio before a pipeline that can fail."""
    folder = tmp_path_factory.mktemp("pages")
    app = nbformat.read(ROOT / "tools" / "app.ipynb", 4)
    nbformat.write(app, folder / "app.ipynb")
    app.cells[-1].source = app.cells[-1].source.replace("Pipeline.load()", "Pipeline.load(1 / 0)")
    nbformat.write(app, folder / "fault.ipynb")
    app.cells[-1].source = STUDIO.replace("pad=PAD", "").strip()
    nbformat.write(app, folder / "tools.ipynb")
    with running_voila(tmp_path_factory.mktemp("voila"), folder) as address:
        yield address


@pytest.fixture(scope="module")
def person(voila, browser):
    """Somebody who has drawn a T-shirt by mouse and finger, and pressed Generate."""
    person = visitor(browser, voila.format(notebook="app.ipynb"))
    person.canvas.wait_for(timeout=RUN_MS)
    person.press("Clear")
    person.wait_to_see(person.look, is_white)
    person.stroke(*T_SHIRT)
    person.press("red")
    for x, y in DOTS[:8]:
        person.stroke((x, y), (x + 1, y))
    person.finger((60, 100), (70, 90))
    person.press("Generate")
    person.panel.locator(".s2f-card").first.wait_for(timeout=GENERATE_MS)
    yield person
    person.page.context.close()


def shot(person, name):
    if os.environ.get("S2F_SCREENSHOT"):
        person.page.screenshot(path=f"{os.environ['S2F_SCREENSHOT']}.voila-{name}.png")


def test_what_was_drawn_becomes_a_red_garment_and_links(person):
    wanted = is_dark((74, 160), (182, 160), (128, 214))
    assert wanted(person.wait_to_see(person.look, wanted))
    assert red_share(person.see(person.canvas)) > 0.005
    picture = person.see(person.panel.locator(".s2f-made img"))
    height, width = picture.shape[:2]
    assert red_share(picture[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]) > 0.6
    assert "%" in person.panel.locator(".s2f-found figcaption").inner_text()
    links = [link.get_attribute("href") for link in person.panel.locator(".s2f-card a").all()]
    assert links and all(urlsplit(link).scheme in ("http", "https") for link in links)
    shot(person, "wide")


def test_it_is_a_page_not_a_notebook(person):
    assert person.page.title() == "Sketch2Fashion · draw and search"
    text = person.page.locator("body").inner_text()
    assert "import" not in text and "In [" not in text and "Executing" not in text
    assert person.page.get_by_role("main").get_by_role("heading", name="Draw and search").is_visible()
    assert {urlsplit(address).hostname for address in person.asked if address.startswith("http")} == {"127.0.0.1"}


def test_the_result_can_be_taken_away(person):
    with person.page.expect_download() as download:
        person.press("Result page")
    assert download.value.suggested_filename == "my-garment.html"


def test_axe_finds_no_serious_fault(person):
    assert serious_faults(person.page, "body") == []


def test_nothing_is_cut_off_in_a_narrow_window(person):
    person.page.set_viewport_size({"width": 520, "height": 1400})
    person.page.wait_for_timeout(500)
    shot(person, "narrow")
    assert person.panel.evaluate(NOTHING_CUT_OFF)
    assert person.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    person.page.set_viewport_size({"width": 1360, "height": 1400})


def test_reloading_keeps_the_drawing_and_ends_the_former_kernel(person):
    def kernel() -> str:
        page = urlsplit(person.page.url)
        number = person.page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').text).kernelId")
        return f"{page.scheme}://{page.netloc}/api/kernels/{number}"

    former = kernel()
    assert requests.get(former, timeout=30).ok
    person.page.reload()
    person.canvas.wait_for(timeout=RUN_MS)
    wanted = is_dark((74, 160), (182, 160), (128, 214))
    assert wanted(person.wait_to_see(person.look, wanted))
    assert not requests.get(former, timeout=30).ok and requests.get(kernel(), timeout=30).ok


def test_the_dark_page_can_be_used_and_read(voila, browser):
    person = visitor(browser, voila.format(notebook="tools.ipynb") + "?theme=dark")
    person.canvas.wait_for(timeout=RUN_MS)
    person.stroke(*SQUARE)
    person.press("Generate")
    person.wait_for_text("Done in")
    wanted = is_dark((60, 100))
    assert wanted(person.wait_to_see(person.look, wanted))
    assert serious_faults(person.page, "body") == []
    person.page.context.close()


def test_a_studio_that_cannot_open_says_so_in_a_sentence(voila, browser):
    person = visitor(browser, voila.format(notebook="fault.ipynb"))
    person.page.get_by_text("The studio did not open.").wait_for(timeout=RUN_MS)
    text = person.page.locator("body").inner_text()
    assert "ZeroDivisionError: division by zero" in text and "Traceback" not in text and "1 / 0" not in text
    shot(person, "fault")
    person.page.context.close()
