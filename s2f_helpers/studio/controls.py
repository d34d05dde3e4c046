"""The panel's buttons and fields, without any behaviour."""

from __future__ import annotations

from collections.abc import Iterable

import ipywidgets as widgets

from s2f_helpers.data import categories
from s2f_helpers.search import COLOR_WEIGHT
from s2f_helpers.studio.wishes import GUESS, Filters

__all__ = ["ANY", "LIVE", "NO_EXAMPLE", "PALETTE", "TOOLS", "WIDTHS", "Controls"]

# Not None: a Dropdown shows None as nothing chosen, an empty field.
ANY = NO_EXAMPLE = ""

PALETTE = {
    "black": "#1a1a1a",
    "white": "#ffffff",
    "grey": "#8c8c8c",
    "red": "#d62728",
    "orange": "#f28e2b",
    "yellow": "#f2c832",
    "green": "#2f8f4e",
    "light blue": "#7fb8e6",
    "navy": "#1f3a6e",
    "purple": "#7b4fa3",
    "pink": "#f4a6c0",
    "brown": "#7a4b2a",
}
RECENT = 6
TOOLS = {"Pen": "pen", "Colour": "color", "Fill": "fill", "Eraser": "eraser"}
ICONS = ["pencil", "paint-brush", "tint", "eraser"]
TIPS = [
    "draw lines; they also divide the colours", "say which colour goes where, in dots or strokes",
    "colour a region as far as the lines around it", "remove lines and colours",
]  # fmt: skip
# Each tool starts with a width of its own, in page units, and keeps what the person sets.
WIDTHS = {"pen": 2.0, "color": 9.0, "fill": 9.0, "eraser": 16.0}
LIVE = {"off": "off", "after each stroke": "stroke", "while drawing": "move"}
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "KRW")


class Controls:
    """Everything a person can press, each under its own name; ``all`` lists what to disable while busy.

    Args:
        examples: names of sketches to start from.
        services: names of what can be asked beside the local index; each gets a box to tick.
        tools: names of the person's own tools.
    """

    def __init__(self, examples: Iterable[str], services: Iterable[str] = (), tools: Iterable[str] = ()) -> None:
        tools = list(tools)
        self.tool = widgets.ToggleButtons(
            options=[*TOOLS.items(), *((name, name) for name in tools)],
            icons=[*ICONS, *["magic"] * len(tools)],
            tooltips=[*TIPS, *["a tool of your own"] * len(tools)],
            style={"button_width": "auto"},
        )
        self.width = widgets.FloatSlider(
            WIDTHS["pen"], min=1, max=32, step=0.5, description="Width", readout=False, continuous_update=False,
            tooltip="width of the tool's tip",
        )  # fmt: skip
        self.mirror = widgets.Checkbox(value=False, description="Mirror", indent=False, tooltip="draw both halves")
        self.swatches = {color: _swatch(name, color) for name, color in PALETTE.items()}
        self.recent = [_swatch("recent", "#ffffff") for _ in range(RECENT)]
        for swatch in self.recent:
            swatch.layout.display = "none"
        self.picker = widgets.ColorPicker(value=PALETTE["red"], concise=True, description="Other", tooltip="any colour")
        self.undo = _button("Undo", "undo", "take back the last step (Ctrl+Z)")
        self.redo = _button("Redo", "repeat", "put it back (Shift+Ctrl+Z)")
        self.clear = _button("Clear", "trash", "start an empty page; can be undone")
        self.save_json = _button("Save", "save", "download the drawing, to go on with later")
        self.save_svg = _button("Save as SVG", "save", "download the drawing for a drawing program; opens here too")
        self.example = _dropdown("Example", [("choose…", NO_EXAMPLE), *((name, name) for name in examples)])
        kinds = [(category.english, category.id) for category in categories()]
        self.category = _dropdown("Category", [("any", ANY), ("guess from the drawing", GUESS), *kinds])
        self.upload = _upload("drawing", "image/*,.json,.svg", "a drawing on paper, or one that was saved here")
        self.photo = _upload("photo", "image/*", "start from the lines of a garment in a photo")
        self.shadows = widgets.Checkbox(
            value=False, description="Shadows", indent=False, tooltip="outlines of real garments, to draw along"
        )
        self.tidy = _slider("Tidy", 0, "from as drawn to the outline of the most similar real garment")
        self.keep = _button("Keep", "check", "put the tidied drawing on the page; can be undone")
        self.keep.disabled = True
        self.generate = _button("Generate", "magic", "paint the drawing, find the garment and similar ones")
        self.generate.button_style = "primary"
        self.variations = _button("Candidates", "th-large", "four different garments for the same drawing")
        self.live = _dropdown("Preview", LIVE.items())
        self.live.value = "stroke"
        self.blend = _slider("Blend", 1, "from the former candidate to the one chosen last")
        self.color_weight = _slider("Shape–colour", COLOR_WEIGHT, "left, similar shapes count; right, similar colours")
        self.kind = _dropdown("Only", [("all", ANY), *kinds])
        self.low, self.high = _amount("Price from"), _amount("to")
        self.currency = _dropdown("in", [("any", ANY), *((name, name) for name in CURRENCIES)])
        self.page = _button("Result page", "download", "download drawing, garment and links as one HTML page")
        self.bundle = _button("All as ZIP", "download", "download the page and all its parts")
        self.services = [_service(name) for name in services]
        self.mark_color(self.picker.value)

    @property
    def all(self) -> list[widgets.Widget]:
        """Every control."""
        return [
            self.tool, self.width, self.mirror, *self.swatches.values(), *self.recent, self.picker, self.undo,
            self.redo, self.clear, self.save_json, self.save_svg, self.example, self.category, self.upload,
            self.photo, self.shadows, self.tidy, self.keep, self.generate, self.variations, self.live, self.blend,
            self.color_weight, self.kind, self.low, self.high, self.currency, self.page, self.bundle, *self.services,
        ]  # fmt: skip

    @property
    def filters(self) -> Filters:
        """What the fields ask of the search. An amount of 0 is an open end."""
        price = (self.low.value or None, self.high.value or None)
        return Filters(self.color_weight.value, self.kind.value or None, price, self.currency.value or None)

    def above_pad(self) -> widgets.Widget:
        """Tools and colours."""
        return widgets.VBox([
            _row("s2f-tools", self.tool, self.width, self.mirror),
            _row("s2f-palette", *self.swatches.values(), self.picker, *self.recent),
        ])  # fmt: skip

    def below_pad(self) -> widgets.Widget:
        """History, help, and ways to draw without a pointer."""
        return widgets.VBox([
            _row("s2f-history", self.undo, self.redo, self.clear, self.save_json, self.save_svg),
            _row("s2f-help", self.shadows, self.tidy, self.keep),
            _row("s2f-start", self.example, self.category),
            _row("s2f-files", self.upload, self.photo),
        ])  # fmt: skip

    def above_results(self) -> widgets.Widget:
        """Generate and its options."""
        asked = [_row("s2f-services", widgets.Label("Also ask on the web:"), *self.services)] if self.services else []
        return widgets.VBox([_row("s2f-go", self.generate, self.variations, self.live), *asked])

    def above_cards(self) -> widgets.Widget:
        """What the search minds."""
        return _row("s2f-filters", self.color_weight, self.kind, self.low, self.high, self.currency)

    def below_results(self) -> widgets.Widget:
        """What to take away."""
        return _row("s2f-handin", self.page, self.bundle)

    def mark_color(self, color: str) -> None:
        """Show which swatch, if any, holds ``color``; one that none held becomes the first of the recent ones."""
        if color not in self.swatches and color not in self._recent_colors():
            self._keep(color)
        for swatch in (*self.swatches.values(), *self.recent):
            if swatch.style.button_color == color and swatch.layout.display != "none":
                swatch.add_class("s2f-chosen")
            else:
                swatch.remove_class("s2f-chosen")

    def _recent_colors(self) -> list[str]:
        return [swatch.style.button_color for swatch in self.recent if swatch.layout.display != "none"]

    def _keep(self, color: str) -> None:
        for swatch, kept in zip(self.recent, [color, *self._recent_colors()], strict=False):
            swatch.style.button_color = kept
            swatch.description = swatch.tooltip = f"recent colour {kept}"
            swatch.layout.display = None


def _button(text: str, icon: str, tooltip: str) -> widgets.Button:
    return widgets.Button(description=text, icon=icon, tooltip=tooltip)


def _swatch(name: str, color: str) -> widgets.Button:
    # The style sheet hides the text; screen readers need it, a tooltip alone is no name to all of them.
    button = widgets.Button(description=name, tooltip=name, style={"button_color": color})
    button.add_class("s2f-swatch")
    return button


def _dropdown(name: str, options: Iterable[tuple[str, str]]) -> widgets.Dropdown:
    return widgets.Dropdown(options=list(options), description=name)


def _slider(name: str, value: float, tooltip: str) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value, min=0, max=1, step=0.05, description=name, readout=False, continuous_update=False, tooltip=tooltip
    )


def _amount(name: str) -> widgets.BoundedFloatText:
    return widgets.BoundedFloatText(0, min=0, max=1e9, step=1, description=name)


def _upload(what: str, accept: str, tooltip: str) -> widgets.FileUpload:
    field = widgets.FileUpload(accept=accept, description=f"Upload a {what}", tooltip=tooltip)
    field.add_class(f"s2f-upload-{what}")
    return field


def _service(name: str) -> widgets.Checkbox:
    tooltip = f"Generate then sends the garment to {name}, in the form that this service takes"
    return widgets.Checkbox(value=False, description=name, indent=False, tooltip=tooltip)


def _row(name: str, *children: widgets.Widget) -> widgets.Widget:
    row = widgets.Box(children)
    row.add_class("s2f-row")
    row.add_class(name)
    return row
