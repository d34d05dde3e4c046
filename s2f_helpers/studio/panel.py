"""The studio: draw, generate, see the mask, follow the links. One panel over one drawing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets
import numpy as np
from IPython.display import display
from markupsafe import Markup

from s2f_helpers.common.paths import cache_dir
from s2f_helpers.common.pictures import decode
from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.data import categories, category_ids
from s2f_helpers.search.providers import Provider
from s2f_helpers.studio.advice import Question, outlines, tidied
from s2f_helpers.studio.browser import Companion
from s2f_helpers.studio.brush import Brush, Tool
from s2f_helpers.studio.controls import NO_EXAMPLE, TOOLS, WIDTHS, Controls
from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.examples import EXAMPLES, example, lines_of_photo
from s2f_helpers.studio.guard import guarded, sentence
from s2f_helpers.studio.handin import bundle, result_page
from s2f_helpers.studio.inkpad import InkPad
from s2f_helpers.studio.latest import Latest
from s2f_helpers.studio.pad import Pad
from s2f_helpers.studio.results import candidates_html, history_html, pictures_html, results_html
from s2f_helpers.studio.status import Status
from s2f_helpers.studio.storage import write_marks
from s2f_helpers.studio.wishes import Answer, Wish, fulfil

__all__ = ["Studio"]

PADS = {"ipycanvas": Pad, "anywidget": InkPad}
WELCOME = "Draw a garment with the pen, dot it with colours, and press Generate."
INVITATION = Markup('<p class="s2f-note s2f-waiting">Your garment will appear here.</p>')
EMPTY = "The page is empty. Draw a garment, choose an example or upload a drawing first."
CANDIDATES = 4
REMEMBERED = 12


class Studio:
    """The drawing pad, its tools and the results, as one panel; display it by naming it in a cell.

    Args:
        pipeline: has a ``generator``, a ``segmenter`` and a ``search``, as :class:`s2f_helpers.Pipeline`.
        drawing: what to start from; without it, the drawing last saved in ``autosave``.
        autosave: a JSON file, written after each stroke. Default: ``drawing.json`` in the studio's cache.
        providers: services that can be asked too, such as ``[Shopify()]``. Each gets a box, and is asked when
            that is ticked and Generate is pressed, not after each stroke.
        tools: tools of your own, by name; see :data:`s2f_helpers.studio.brush.Tool`.
        pad: ``"ipycanvas"`` or ``"anywidget"``; by itself the latter on Colab, else the former.

    Raises:
        S2FError: for an unknown pad.
    """

    def __init__(
        self,
        pipeline,
        drawing: Drawing | None = None,
        autosave: Path | None = None,
        providers: Sequence[Provider] = (),
        tools: Mapping[str, Tool] | None = None,
        pad: str | None = None,
    ) -> None:
        self.pipeline = pipeline
        self._providers, self._tools = tuple(providers), dict(tools or {})
        self.autosave = Path(autosave) if autosave else cache_dir("studio") / "drawing.json"
        self.status = Status()
        self.status.say(WELCOME)
        self.drawing = drawing if drawing is not None else self._restore()
        self.brush = Brush()
        self._controls = Controls(EXAMPLES, [provider.name for provider in self._providers], self._tools)
        self._widths = dict(WIDTHS)
        self._styles: tuple[np.ndarray | None, ...] = ()
        self._candidates: tuple[np.ndarray, ...] = ()
        self._style: np.ndarray | None = None
        self._ends = (0, 0)
        self._history: list[Answer] = []
        self._answer: Answer | None = None
        self._seed = 0
        self._painter = Latest(
            lambda wish, tell: fulfil(self.pipeline, wish, tell), self._show, self._fail, self.status.wait
        )
        self._adviser = Latest(lambda ask, _: outlines(ask), lambda found: self._pad.guide(found), self._fail)
        self._saver = Latest(lambda marks, _: write_marks(marks, self.autosave), lambda _: None, self._fail)
        self._companion = Companion()
        self._pad = _pad_class(pad)(self.drawing, self.brush, self._moved, self._changed, self.status.complain)
        self._pictures, self._cards = widgets.HTML(INVITATION), widgets.HTML()
        self._strip, self._past = widgets.HTML(), widgets.HTML()
        self.widget = self._assemble()
        self._listen()
        self.brush.color = self._controls.picker.value
        self._refresh_history()

    def _ipython_display_(self) -> None:
        display(self.widget)

    def _restore(self) -> Drawing:
        if not self.autosave.exists():
            return Drawing()
        try:
            return Drawing.load(self.autosave)
        except S2FError as error:
            self.status.complain(f"The last drawing could not be opened, so the page is empty: {sentence(error)}")
            return Drawing()

    def _assemble(self) -> widgets.Widget:
        controls = self._controls
        self._searching = widgets.VBox([controls.above_cards(), self._cards, self._past, controls.below_results()])
        self._blending = widgets.VBox([self._strip, controls.blend])
        for part in (self._searching, self._blending):
            part.layout.display = "none"
        left = widgets.VBox([controls.above_pad(), self._pad.widget, controls.below_pad()])
        right = widgets.VBox([
            controls.above_results(), self.status.widget, self._pictures, self._blending, self._searching,
        ])  # fmt: skip
        for column, name in ((left, "s2f-left"), (right, "s2f-right")):
            column.add_class(name)
        panel = widgets.Box([left, right, self._companion])
        panel.add_class("s2f-studio")
        return panel

    def _listen(self) -> None:
        controls = self._controls
        clicks = {
            controls.undo: self._pad.undo,
            controls.redo: self._pad.redo,
            controls.clear: self._clear,
            controls.keep: self._keep_tidied,
            controls.generate: self._generate,
            controls.variations: self._vary,
            controls.save_json: lambda: self._save("drawing.json", "application/json", self.drawing.to_json()),
            controls.save_svg: lambda: self._save("drawing.svg", "image/svg+xml", self.drawing.to_svg()),
            controls.page: lambda: self._save("my-garment.html", "text/html", self._hand_in(result_page)),
            controls.bundle: lambda: self._save("my-garment.zip", "application/zip", self._hand_in(bundle)),
        }
        swatches = (*controls.swatches.values(), *controls.recent)
        clicks |= {swatch: lambda swatch=swatch: self._choose_color(swatch.style.button_color) for swatch in swatches}
        for button, action in clicks.items():
            button.on_click(guarded(lambda _button, action=action: action(), self.status.complain))
        changes = {
            controls.tool: self._choose_tool,
            controls.width: self._choose_width,
            controls.mirror: self._choose_mirror,
            controls.picker: self._choose_color,
            controls.example: self._place_example,
            controls.upload: self._place_upload,
            controls.photo: self._place_photo,
            controls.shadows: lambda _: self._advise(),
            controls.tidy: self._choose_tidy,
            controls.category: lambda _: self._look_again(),
            controls.live: lambda _: self._look_again(),
            controls.blend: self._blend,
            **dict.fromkeys(
                (controls.color_weight, controls.kind, controls.low, controls.high, controls.currency),
                lambda _: self._search_again(),
            ),
        }
        for field, action in changes.items():
            field.observe(guarded(lambda change, action=action: action(change["new"]), self.status.complain), "value")
        self._companion.on_action(guarded(self._act, self.status.complain))

    def _act(self, action: str, what: str = "", number: int = 0) -> None:
        if action == "pick":
            {"candidate": self._choose_candidate, "history": self._go_back, "more": self._more_like}[what](number)
        else:
            {"undo": self._pad.undo, "redo": self._pad.redo}[action]()

    # --- the brush ---------------------------------------------------------------------------------

    def _choose_tool(self, name: str) -> None:
        self.brush.own = self._tools.get(name)
        self.brush.tool = name if name in TOOLS.values() else "pen"
        self._controls.width.value = self.brush.width = self._widths[self.brush.tool]
        self._pad.show_brush()

    def _choose_width(self, width: float) -> None:
        self.brush.width = self._widths[self.brush.tool] = width
        self._pad.show_brush()

    def _choose_mirror(self, symmetric: bool) -> None:
        self.brush.symmetric = symmetric
        self._pad.show_brush()

    def _choose_color(self, color: str) -> None:
        self.brush.color = self._controls.picker.value = color
        self._controls.mark_color(color)
        if self.brush.tool not in ("color", "fill"):
            self._controls.tool.value = "color"
        self._pad.show_brush()

    # --- the page ----------------------------------------------------------------------------------

    def _clear(self) -> None:
        self.drawing.clear()
        self._pad.refresh()

    def _place_example(self, name: str) -> None:
        if name == NO_EXAMPLE:
            return
        self._controls.example.value = NO_EXAMPLE
        self._controls.category.value = EXAMPLES[name]
        self._place(example(EXAMPLES[name]))

    def _place_upload(self, files) -> None:
        with self._reading(self._controls.upload, files) as (name, content):
            if name.lower().endswith((".json", ".svg")):
                self.drawing.open(content, name)
                self._pad.refresh()
            elif name:
                self._place(Sketch.from_image(decode(content)))

    def _place_photo(self, files) -> None:
        with self._reading(self._controls.photo, files) as (name, content):
            if name:
                sketch, category = lines_of_photo(decode(content), self.pipeline.segmenter)
                self._controls.category.value = category
                self._place(sketch)

    def _place(self, sketch: Sketch) -> None:
        self.drawing.place(sketch)
        self._pad.refresh()

    def _choose_tidy(self, amount: float) -> None:
        self._controls.keep.disabled = amount == 0
        self._advise()
        self._look_again()

    def _keep_tidied(self) -> None:
        sketch = tidied(self._question(self.drawing.to_sketch()))
        self._controls.tidy.value = 0
        self._place(sketch)

    def _moved(self) -> None:
        if self._controls.live.value == "move":
            self._painter.offer(self._preview)

    def _changed(self) -> None:
        self._refresh_history()
        self._saver.offer(lambda: self.drawing.history)
        self._advise()
        self._look_again()

    def _refresh_history(self) -> None:
        self._controls.undo.disabled = not self.drawing.can_undo
        self._controls.redo.disabled = not self.drawing.can_redo

    def _advise(self) -> None:
        self._adviser.offer(lambda: self._question(self.drawing.to_sketch()))

    def _question(self, sketch: Sketch) -> Question:
        category = self._controls.category.value
        chosen = category if category in category_ids() else None
        return Question(sketch, chosen, self._controls.shadows.value, self._controls.tidy.value)

    # --- asking ------------------------------------------------------------------------------------

    def _wish(self, sketch: Sketch) -> Wish:
        controls = self._controls
        return Wish(sketch, controls.category.value or None, (self._style,), controls.tidy.value)

    def _preview(self) -> Wish | None:
        sketch = self.drawing.to_sketch(unfinished=self._pad.unfinished)
        return self._wish(sketch) if sketch.lines.any() else None

    def _look_again(self) -> None:
        if self._controls.live.value != "off":
            self._painter.offer(self._preview)

    def _generate(self) -> None:
        self._painter.ask(lambda: replace(self._whole_page(), filters=self._controls.filters, providers=self._ticked()))

    def _vary(self) -> None:
        self._seed += 1
        others = self.pipeline.generator.styles(CANDIDATES - 1, self._seed)
        styles = (np.zeros_like(others[0]), *others)
        self._painter.ask(lambda: replace(self._whole_page(), styles=styles))

    def _whole_page(self) -> Wish:
        sketch = self.drawing.to_sketch()
        if not sketch.lines.any() and not sketch.hint_mask.any():
            raise S2FError(EMPTY)
        return self._wish(sketch)

    def _ticked(self) -> tuple[Provider, ...]:
        boxes = zip(self._providers, self._controls.services, strict=True)
        return tuple(provider for provider, box in boxes if box.value)

    def _search_for(self, picture: np.ndarray, title: str = Wish.title) -> None:
        wish = self._wish(self.drawing.to_sketch())
        self._painter.ask(lambda: replace(wish, picture=picture, filters=self._controls.filters, title=title))

    def _search_again(self) -> None:
        if self._answer is not None:
            self._search_for(self._answer.pictures[0])

    def _choose_candidate(self, number: int) -> None:
        self._ends = (self._ends[1], number)
        self._style = self._styles[number]
        self._strip.value = candidates_html(self._candidates, self._ends)
        self._controls.blend.value = 1
        self._search_for(self._candidates[number])

    def _blend(self, share: float) -> None:
        if self._styles:
            left, right = (self._styles[end] for end in self._ends)
            self._style = (1 - share) * left + share * right
            self._painter.offer(self._preview)

    def _more_like(self, number: int) -> None:
        product = self._answer.products[number]
        self._search_for(product.thumbnail, f"More like {product.title}")

    def _go_back(self, number: int) -> None:
        self._show(self._history[number])

    # --- answers -----------------------------------------------------------------------------------

    def _show(self, answer: Answer) -> None:
        wish = answer.wish
        if len(answer.pictures) > 1:
            self._styles, self._candidates, self._ends = wish.styles, answer.pictures, (0, 0)
            self._strip.value = candidates_html(answer.pictures, self._ends)
            self._blending.layout.display = None
        if wish.title == Wish.title:
            self._pictures.value = pictures_html(answer.pictures[0], answer.garments)
            self._remember(answer)
        if wish.filters is not None:
            self._answer = answer if wish.title == Wish.title else replace(self._answer, products=answer.products)
            self._cards.value = results_html(answer.products, wish.title)
            self._searching.layout.display = None
        if answer.failures:
            self.status.complain(" ".join(answer.failures))
        else:
            self.status.say(f"Done in {answer.seconds:.1f} s.{_guessed(answer)}")

    def _remember(self, answer: Answer) -> None:
        if answer.wish.filters is None:
            return
        known = [kept.pictures[0] is answer.pictures[0] for kept in self._history]
        if True in known:
            self._history[known.index(True)] = answer
        else:
            self._history = [*self._history, answer][-REMEMBERED:]
        shown = next(i for i, kept in enumerate(self._history) if kept is answer)
        self._past.value = history_html([kept.pictures[0] for kept in self._history], shown)

    def _fail(self, error: Exception) -> None:
        self.status.complain(sentence(error))

    def _hand_in(self, make):
        if self._answer is None:
            raise S2FError("There is no result to take away yet: press Generate first.")
        return make(self.drawing, self._answer)

    def _save(self, name: str, kind: str, content: str | bytes) -> None:
        self._companion.download(name, kind, content.encode() if isinstance(content, str) else content)
        self.status.say(f"{name} is in your downloads.")

    @contextmanager
    def _reading(self, field: widgets.FileUpload, files) -> Iterator[tuple[str, bytes]]:
        """Name and content of what was chosen, or two empty ones; meanwhile no orders are taken: they would queue."""
        if not files:
            yield "", b""
            return
        name, content = _first_file(files)
        # Emptied at once, so that choosing the same file again is a change.
        field.set_trait("value", type(files)())
        self.status.say(f"Reading {name}…")
        for control in self._controls.all:
            control.disabled = True
        try:
            yield name, content
            self.status.say(f"{name} is on the page. Add colours or lines; Undo takes it away.")
        finally:
            for control in self._controls.all:
                control.disabled = False
            self._controls.keep.disabled = self._controls.tidy.value == 0
            self._refresh_history()


def _guessed(answer: Answer) -> str:
    if answer.sure is None:
        return ""
    name = next(category.english for category in categories() if category.id == answer.category)
    return f" It looks like: {name}, {answer.sure:.0%} sure."


def _pad_class(name: str | None) -> type[Pad] | type[InkPad]:
    if name is None:
        return InkPad if "google.colab" in sys.modules else Pad
    if name not in PADS:
        raise S2FError(f"pad: expected one of {', '.join(PADS)}, got {name!r}")
    return PADS[name]


def _first_file(files) -> tuple[str, bytes]:
    """Name and content from FileUpload's value: a tuple in ipywidgets 8, a dict by name in 7."""
    if isinstance(files, dict):
        name, entry = next(iter(files.items()))
        return name, bytes(entry["content"])
    return files[0]["name"], bytes(files[0]["content"])
