"""The panel, driven as the browser drives it: by widget messages, clicks and values."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pytest
from ipycanvas import MultiCanvas
from PIL import Image

from s2f_helpers.common.types import Garment, Product, S2FError
from s2f_helpers.search import FakeShops
from s2f_helpers.search.fake_shops import Answer
from s2f_helpers.studio import Drawing, Studio

HOSTILE = '<img src=x onerror="alert(1)">'


class MeanColor:
    """A pipeline that paints the page in the hints' mean colour, and counts its calls."""

    def __init__(self):
        self.categories = []

    def __call__(self, sketch, category=None, limit=8):
        self.categories.append(category)
        color = sketch.hints[sketch.hint_mask].mean(axis=0) if sketch.hint_mask.any() else 128
        image = np.full((256, 256, 3), color, np.uint8)
        garment = Garment(image, np.ones((256, 256), bool), "t-shirt", 0.87)
        return SimpleNamespace(image=image, garments=[garment], products=[Product(HOSTILE, "https://example.org/1")])


class Broken:
    def __init__(self, error):
        self.error = error

    def __call__(self, sketch, category=None, limit=8):
        raise self.error


def widgets_in(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets_in(child)


class Person:
    """Presses and reads what the panel shows."""

    def __init__(self, studio):
        self.all = list(widgets_in(studio.widget))
        self.canvas = next(widget for widget in self.all if isinstance(widget, MultiCanvas))

    def field(self, kind, **traits):
        return next(
            w for w in self.all if isinstance(w, kind) and all(getattr(w, name) == traits[name] for name in traits)
        )

    def press(self, text):
        self.field(ipywidgets.Button, description=text).click()

    def swatch(self, name):
        self.press(name)

    def draw(self, *points):
        """Points in page units; the canvas has twice as many pixels."""
        self.mouse("mouse_down", *points[0])
        for point in points[1:]:
            self.mouse("mouse_move", *point)
        self.mouse("mouse_up", *points[-1])

    def mouse(self, event, x, y):
        self.canvas._handle_custom_msg({"event": event, "x": 2 * x, "y": 2 * y}, [])

    def key(self, action):
        companion = next(w for w in self.all if hasattr(w, "on_action"))
        companion._handle_custom_msg({"action": action}, [])

    def upload(self, name, content):
        field = self.field(ipywidgets.FileUpload)
        entry = {"name": name, "type": "", "size": len(content), "content": content, "last_modified": datetime.now(UTC)}
        field.value = (entry,)

    @property
    def html(self):
        return " ".join(w.value for w in self.all if isinstance(w, ipywidgets.HTML))


@pytest.fixture
def panel(tmp_path):
    return Studio(MeanColor(), autosave=tmp_path / "drawing.json")


@pytest.fixture
def person(panel):
    return Person(panel)


def png(array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def test_the_mouse_draws_with_the_pen_first(panel, person):
    person.draw((20, 100), (220, 100))
    stroke = panel.drawing.visible[-1]
    assert (stroke.tool, stroke.points) == ("pen", ((20, 100), (220, 100)))


def test_choosing_a_swatch_makes_the_next_stroke_a_hint_of_that_color(panel, person):
    person.swatch("red")
    person.draw((100, 60))
    stroke = panel.drawing.visible[-1]
    assert (stroke.tool, stroke.color, stroke.points) == ("color", "#d62728", ((100, 60),))


def test_each_tool_keeps_its_own_width(panel, person):
    tool, width = person.field(ipywidgets.ToggleButtons), person.field(ipywidgets.FloatSlider)
    width.value = 5
    tool.value = "eraser"
    assert width.value == 16
    tool.value = "pen"
    person.draw((10, 10))
    assert panel.drawing.visible[-1].width == 5


def test_leaving_the_canvas_ends_the_stroke(panel, person):
    person.mouse("mouse_down", 20, 20)
    person.mouse("mouse_out", 20, -3)
    person.mouse("mouse_move", 90, 90)
    assert [stroke.points for stroke in panel.drawing.visible] == [((20, 20), (20, -3))]


def test_moving_without_pressing_draws_nothing(panel, person):
    person.mouse("mouse_move", 90, 90)
    person.mouse("mouse_up", 90, 90)
    assert panel.drawing.visible == ()


def test_touch_draws(panel, person):
    for event, touches in (("touch_start", [(20, 40)]), ("touch_move", [(60, 80)]), ("touch_end", [])):
        person.canvas._handle_custom_msg({"event": event, "touches": [{"x": x, "y": y} for x, y in touches]}, [])
    assert panel.drawing.visible[0].points == ((10, 20), (30, 40))


def test_undo_and_redo_by_key_and_button(panel, person):
    person.draw((20, 100), (220, 100))
    person.key("undo")
    assert panel.drawing.is_empty
    person.key("redo")
    person.press("Undo")
    assert panel.drawing.is_empty and person.field(ipywidgets.Button, description="Undo").disabled
    person.press("Redo")
    assert not panel.drawing.is_empty


def test_generate_shows_the_garment_its_category_and_score(person):
    person.swatch("red")
    person.draw((100, 60))
    person.press("Generate")
    assert person.html.count("data:image/png") == 2 and "T-shirt, 87% sure" in person.html


def test_the_chosen_category_reaches_the_pipeline(panel, person):
    person.draw((20, 100), (220, 100))
    person.press("Generate")
    person.field(ipywidgets.Dropdown, description="Category").value = "dress"
    person.press("Generate")
    assert panel.pipeline.categories == [None, "dress"]


def test_the_same_drawing_is_generated_once(panel, person):
    person.draw((20, 100), (220, 100))
    person.press("Generate")
    person.press("Generate")
    assert len(panel.pipeline.categories) == 1


def test_an_empty_page_is_not_generated(panel, person):
    person.press("Generate")
    assert "The page is empty" in person.html and panel.pipeline.categories == []


@pytest.mark.parametrize(
    "error, sentence",
    [
        (S2FError("No weights: run make studio."), "No weights: run make studio."),
        (KeyError("x"), "KeyError: &#39;x&#39;"),
    ],
)
def test_an_error_is_a_sentence_and_the_panel_lives_on(tmp_path, error, sentence):
    studio = Studio(Broken(error), autosave=tmp_path / "drawing.json")
    person = Person(studio)
    person.draw((20, 100), (220, 100))
    person.press("Generate")
    assert sentence in person.html
    assert not person.field(ipywidgets.Button, description="Generate").disabled
    studio.pipeline = MeanColor()
    person.press("Generate")
    assert "Done" in person.html


def test_controls_are_disabled_while_generating(tmp_path):
    seen = []

    def watching(sketch, category=None):
        seen.extend(w.disabled for w in person.all if hasattr(w, "disabled"))
        return MeanColor()(sketch)

    person = Person(Studio(watching, autosave=tmp_path / "drawing.json"))
    person.draw((20, 100), (220, 100))
    person.press("Generate")
    assert seen and all(seen)
    assert not person.field(ipywidgets.Button, description="Clear").disabled


def test_strokes_in_quick_succession_lead_to_one_picture(panel, person):
    person.field(ipywidgets.Checkbox).value = True

    async def draw_quickly():
        for x in (20, 60, 100):
            person.draw((x, 100), (x, 200))
        await asyncio.sleep(0.4)

    asyncio.run(draw_quickly())
    assert len(panel.pipeline.categories) == 1


def test_nothing_is_generated_while_a_stroke_goes_on(panel, person):
    person.field(ipywidgets.Checkbox).value = True

    async def draw_slowly():
        person.draw((20, 100), (20, 200))
        person.mouse("mouse_down", 60, 60)
        await asyncio.sleep(0.4)

    asyncio.run(draw_slowly())
    assert panel.pipeline.categories == []


def test_the_drawing_comes_back_in_a_new_panel(panel, person, tmp_path):
    person.draw((20, 100), (220, 100))
    assert Studio(MeanColor(), autosave=tmp_path / "drawing.json").drawing.visible == panel.drawing.visible


def test_a_given_drawing_is_used_instead_of_the_saved_one(panel, person, tmp_path):
    person.draw((20, 100), (220, 100))
    assert Studio(MeanColor(), Drawing(), autosave=tmp_path / "drawing.json").drawing.is_empty


def test_a_damaged_saved_drawing_gives_an_empty_page_and_says_so(tmp_path):
    (tmp_path / "drawing.json").write_text("{")
    studio = Studio(MeanColor(), autosave=tmp_path / "drawing.json")
    assert studio.drawing.is_empty and "could not be opened" in Person(studio).html


def test_a_drawing_that_cannot_be_saved_is_still_drawn(tmp_path):
    (tmp_path / "file").write_text("")
    studio = Studio(MeanColor(), autosave=tmp_path / "file" / "drawing.json")
    person = Person(studio)
    person.draw((20, 100), (220, 100))
    assert "could not be saved" in person.html and not studio.drawing.is_empty


def test_an_example_is_placed_with_its_category(panel, person):
    person.field(ipywidgets.Dropdown, description="Example").value = "Dress"
    sketch = panel.drawing.to_sketch()
    assert sketch.lines.any() and sketch.hint_mask.any()
    assert person.field(ipywidgets.Dropdown, description="Category").value == "dress"


def test_an_uploaded_drawing_is_placed_and_undo_takes_it_away(panel, person):
    picture = np.full((300, 400, 3), 255, np.uint8)
    picture[50:250, 195:205] = 0
    person.upload("scan.png", png(picture))
    assert panel.drawing.to_sketch().lines[100:150, 125:131].max() > 200
    person.press("Undo")
    assert panel.drawing.is_empty


def test_an_upload_that_is_no_picture_is_a_sentence(panel, person):
    person.upload(f"{HOSTILE}.png", b"not a picture")
    assert 'role="alert"' in person.html and panel.drawing.is_empty


def test_an_error_never_carries_markup_into_the_page(tmp_path):
    person = Person(Studio(Broken(S2FError(HOSTILE)), autosave=tmp_path / "drawing.json"))
    person.draw((20, 100), (220, 100))
    person.press("Generate")
    assert "<img" not in person.html and "&lt;img" in person.html


# --- services ----------------------------------------------------------------------------------

GOODS = {
    "bing": "Boxy tee in cherry",
    "shopify": "빨간 반팔 티셔츠",
    "ebay": "Vintage tee, cherry red",
    "google": "similar picture: red t-shirt",
    "serpapi": "Tee, kirschrot",
    "naver": "레드 크롭 티셔츠",
}


@pytest.fixture
def shops():
    with FakeShops() as running:
        yield running


@pytest.fixture
def shopper(shops, tmp_path):
    """A person whose panel offers every service; a red dot is on the page."""
    providers = list(shops.providers().values())
    person = Person(Studio(MeanColor(), autosave=tmp_path / "drawing.json", providers=providers))
    person.swatch("red")
    person.draw((100, 60))
    return person


def test_nothing_is_sent_to_a_service_that_is_not_ticked(shops, shopper):
    shopper.press("Generate")
    assert "https://example.org/1" in shopper.html and shops.asked == []


@pytest.mark.parametrize("name, title", GOODS.items())
def test_a_ticked_service_is_asked_beside_the_local_index(shopper, name, title):
    shopper.field(ipywidgets.Checkbox, description=name).value = True
    shopper.press("Generate")
    assert "https://example.org/1" in shopper.html and title in shopper.html and "Done" in shopper.html


def test_a_service_that_fails_is_a_sentence_above_the_local_cards(shops, shopper):
    shops.first.append(Answer(401))
    shopper.field(ipywidgets.Checkbox, description="bing").value = True
    shopper.press("Generate")
    assert "https://example.org/1" in shopper.html
    assert 'role="alert"' in shopper.html and "bing answered 401" in shopper.html


def test_a_service_that_failed_can_be_asked_again(shops, shopper):
    shops.first.append(Answer(401))
    shopper.field(ipywidgets.Checkbox, description="bing").value = True
    shopper.press("Generate")
    shopper.press("Generate")
    assert "answered 401" not in shopper.html and GOODS["bing"] in shopper.html


def test_services_are_not_asked_after_each_stroke(shops, shopper):
    shopper.field(ipywidgets.Checkbox, description="shopify").value = True
    shopper.field(ipywidgets.Checkbox, description="again after each stroke").value = True
    shopper.draw((20, 100), (220, 100))
    assert "https://example.org/1" in shopper.html and shops.asked == []
