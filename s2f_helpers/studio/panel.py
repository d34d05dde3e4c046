"""The studio: draw, generate, see the mask, follow the links. One panel over one drawing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ipywidgets as widgets
from IPython.display import display
from markupsafe import Markup

from s2f_helpers.common.paths import cache_dir
from s2f_helpers.common.pictures import decode
from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.search import search_all
from s2f_helpers.search.display import cards_html
from s2f_helpers.search.providers import Provider
from s2f_helpers.studio.controls import ANY, NO_EXAMPLE, WIDTHS, Controls
from s2f_helpers.studio.drawing import Drawing
from s2f_helpers.studio.examples import EXAMPLES, example
from s2f_helpers.studio.guard import guarded, sentence
from s2f_helpers.studio.pad import Pad
from s2f_helpers.studio.quiet import WhenQuiet
from s2f_helpers.studio.results import pictures_html

__all__ = ["Studio"]

WELCOME = "Draw a garment with the pen, dot it with colours, and press Generate."
CHANGED = "Press Generate to see this drawing as a garment."
INVITATION = Markup('<p class="s2f-note s2f-waiting">Your garment will appear here.</p>')


class Studio:
    """The drawing pad, its tools and the results, as one panel; display it by naming it in a cell.

    Args:
        pipeline: called with (sketch, category=...); its result has ``image``, ``garments``, ``products``.
        drawing: what to start from; without it, the drawing last saved in ``autosave``.
        autosave: a JSON file, written after each stroke. Default: ``drawing.json`` in the studio's cache.
        providers: services that can be asked too, such as ``[Shopify()]``. Each gets a box, and is asked when
            that is ticked and Generate is pressed, not after each stroke.
    """

    def __init__(
        self,
        pipeline,
        drawing: Drawing | None = None,
        autosave: Path | None = None,
        providers: Sequence[Provider] = (),
    ) -> None:
        self.pipeline = pipeline
        self._providers = tuple(providers)
        self.autosave = Path(autosave) if autosave else cache_dir("studio") / "drawing.json"
        self._status = widgets.HTML()
        self.say(WELCOME)
        self.drawing = drawing if drawing is not None else self._restore()
        self._controls = Controls(EXAMPLES, [provider.name for provider in self._providers])
        self._widths = dict(WIDTHS)
        self._shown: tuple | None = None
        self._generate_soon = WhenQuiet(guarded(self._follow, self.complain))
        self._pad = Pad(self.drawing, self._generate_soon.cancel, self._changed, self.complain)
        self._pictures, self._cards = widgets.HTML(INVITATION), widgets.HTML()
        self.widget = self._assemble()
        self._listen()
        self._pad.color = self._controls.picker.value
        self._refresh_history()

    def _ipython_display_(self) -> None:
        display(self.widget)

    def say(self, text: str) -> None:
        """Show a sentence in the status line."""
        self._status.value = Markup('<div role="status" class="s2f-status">{}</div>').format(text)

    def complain(self, text: str) -> None:
        """Show what went wrong in the status line."""
        self._status.value = Markup('<div role="alert" class="s2f-status s2f-error">{}</div>').format(text)

    def _restore(self) -> Drawing:
        if not self.autosave.exists():
            return Drawing()
        try:
            return Drawing.load(self.autosave)
        except S2FError as error:
            self.complain(f"The last drawing could not be opened, so the page is empty: {sentence(error)}")
            return Drawing()

    def _assemble(self) -> widgets.Widget:
        controls = self._controls
        left = widgets.VBox([controls.above_pad(), self._pad.widget, controls.below_pad()])
        right = widgets.VBox([controls.above_results(), self._status, self._pictures, self._cards])
        for column, name in ((left, "s2f-left"), (right, "s2f-right")):
            column.add_class(name)
        panel = widgets.Box([left, right])
        panel.add_class("s2f-studio")
        return panel

    def _listen(self) -> None:
        controls = self._controls
        clicks = [
            (controls.undo, self._pad.undo),
            (controls.redo, self._pad.redo),
            (controls.clear, self._clear),
            (controls.generate, lambda: self._generate(self._ticked())),
        ]
        clicks += [
            (swatch, lambda color=color: self._choose_color(color)) for color, swatch in controls.swatches.items()
        ]
        for button, action in clicks:
            button.on_click(guarded(lambda _button, action=action: action(), self.complain))
        for field, action in (
            (controls.tool, self._choose_tool),
            (controls.width, self._choose_width),
            (controls.picker, self._choose_color),
            (controls.example, self._place_example),
            (controls.upload, self._place_upload),
        ):
            field.observe(guarded(lambda change, action=action: action(change["new"]), self.complain), "value")

    def _choose_tool(self, tool: str) -> None:
        self._pad.tool = tool
        self._controls.width.value = self._widths[tool]
        self._pad.width = self._widths[tool]

    def _choose_width(self, width: float) -> None:
        self._pad.width = self._widths[self._pad.tool] = width

    def _choose_color(self, color: str) -> None:
        self._pad.color = self._controls.picker.value = color
        self._controls.mark_color(color)
        self._controls.tool.value = "color"

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
        if not files:
            return
        name, content = _first_file(files)
        # Emptied at once, so that choosing the same file again is a change.
        self._controls.upload.set_trait("value", type(files)())
        with self._busy(f"Reading {name}…"):
            self._place(Sketch.from_image(decode(content)))
        self.say(f"{name} is on the page. Add colours or lines; Undo takes it away.")

    def _place(self, sketch: Sketch) -> None:
        self.drawing.place(sketch)
        self._pad.refresh()

    def _changed(self) -> None:
        self._refresh_history()
        self.say(CHANGED)
        if self._controls.follow.value:
            self._generate_soon()
        self.drawing.save(self.autosave)

    def _refresh_history(self) -> None:
        self._controls.undo.disabled = not self.drawing.can_undo
        self._controls.redo.disabled = not self.drawing.can_redo

    def _ticked(self) -> tuple[Provider, ...]:
        boxes = zip(self._providers, self._controls.services, strict=True)
        return tuple(provider for provider, box in boxes if box.value)

    def _follow(self) -> None:
        if not self.drawing.is_empty:
            self._generate(())

    def _generate(self, providers: tuple[Provider, ...]) -> None:
        self._generate_soon.cancel()
        sketch, category = self.drawing.to_sketch(), self._controls.category.value
        category = None if category == ANY else category
        if not sketch.lines.any() and not sketch.hint_mask.any():
            raise S2FError("The page is empty. Draw a garment, choose an example or upload a drawing first.")
        wanted = (sketch.lines.tobytes(), sketch.hints.tobytes(), sketch.hint_mask.tobytes(), category, providers)
        if wanted == self._shown:
            self.say("This is the garment for the drawing as it is: change the drawing or the category for another.")
            return
        began = time.perf_counter()
        with self._busy("Turning the drawing into a garment and looking for similar ones…"):
            result = self.pipeline(sketch, category=category)
            self._pictures.value = pictures_html(result.image, result.garments)
            hint = result.garments[0] if result.garments else None
            found = search_all(result.image, lambda *_: result.products, providers, hint=hint)
            self._cards.value = Markup('<h4 class="s2f-heading">Similar garments</h4>') + cards_html(found.products)
        # What failed may be tried again as it is.
        self._shown = None if found.failures else wanted
        if found.failures:
            self.complain(" ".join(found.failures))
        else:
            self.say(f"Done in {time.perf_counter() - began:.1f} s.")

    @contextmanager
    def _busy(self, text: str) -> Iterator[None]:
        """Say what is going on and take no orders meanwhile: they would queue up and all run later."""
        self.say(text)
        for control in self._controls.all:
            control.disabled = True
        try:
            yield
        finally:
            for control in self._controls.all:
                control.disabled = False
            self._refresh_history()


def _first_file(files) -> tuple[str, bytes]:
    """Name and content from FileUpload's value: a tuple in ipywidgets 8, a dict by name in 7."""
    if isinstance(files, dict):
        name, entry = next(iter(files.items()))
        return name, bytes(entry["content"])
    return files[0]["name"], bytes(files[0]["content"])
