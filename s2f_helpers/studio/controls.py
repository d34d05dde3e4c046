"""The panel's buttons and fields, without any behaviour."""

from __future__ import annotations

from collections.abc import Iterable

import ipywidgets as widgets

from s2f_helpers.data import categories

__all__ = ["ANY", "NO_EXAMPLE", "PALETTE", "WIDTHS", "Controls"]

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
# Each tool starts with a width of its own, in page units, and keeps what the person sets.
WIDTHS = {"pen": 2.0, "color": 9.0, "eraser": 16.0}


class Controls:
    """Everything a person can press, each under its own name; ``all`` lists what to disable while busy.

    Args:
        examples: names of sketches to start from.
        services: names of what can be asked beside the local index; each gets a box to tick.
    """

    def __init__(self, examples: Iterable[str], services: Iterable[str] = ()) -> None:
        self.tool = widgets.ToggleButtons(
            options=[("Pen", "pen"), ("Colour", "color"), ("Eraser", "eraser")],
            icons=["pencil", "paint-brush", "eraser"],
            tooltips=["draw lines", "say which colour goes where", "remove lines and colours"],
            style={"button_width": "auto"},
        )
        self.width = widgets.FloatSlider(
            WIDTHS["pen"], min=1, max=32, step=0.5, description="Width", readout=False, continuous_update=False,
            tooltip="width of the tool's tip",
        )  # fmt: skip
        self.swatches = {color: _swatch(name, color) for name, color in PALETTE.items()}
        self.picker = widgets.ColorPicker(value=PALETTE["red"], concise=True, description="Other", tooltip="any colour")
        self.undo = _button("Undo", "undo", "take back the last step (Ctrl+Z)")
        self.redo = _button("Redo", "repeat", "put it back (Shift+Ctrl+Z)")
        self.clear = _button("Clear", "trash", "start an empty page; can be undone")
        self.category = widgets.Dropdown(
            options=[("any", ANY), *((category.english, category.id) for category in categories())],
            description="Category",
        )
        self.example = widgets.Dropdown(
            options=[("choose…", NO_EXAMPLE), *((name, name) for name in examples)], description="Example"
        )
        self.upload = widgets.FileUpload(
            accept="image/*", tooltip="start from a drawing or photo of yours: PNG, JPEG or WebP"
        )
        self.generate = _button("Generate", "magic", "turn the drawing into a garment and search for similar ones")
        self.generate.button_style = "primary"
        self.follow = widgets.Checkbox(value=False, description="again after each stroke", indent=False)
        self.services = [_service(name) for name in services]
        self.mark_color(self.picker.value)

    @property
    def all(self) -> list[widgets.Widget]:
        """Every control."""
        return [
            self.tool, self.width, *self.swatches.values(), self.picker, self.undo, self.redo, self.clear,
            self.category, self.example, self.upload, self.generate, self.follow, *self.services,
        ]  # fmt: skip

    def above_pad(self) -> widgets.Widget:
        """Tools and colours."""
        return widgets.VBox([
            _row("s2f-tools", self.tool, self.width),
            _row("s2f-palette", *self.swatches.values(), self.picker),
        ])  # fmt: skip

    def below_pad(self) -> widgets.Widget:
        """History, and ways to draw without a pointer."""
        return widgets.VBox([
            _row("s2f-history", self.undo, self.redo, self.clear, self.upload),
            _row("s2f-start", self.example, self.category),
        ])  # fmt: skip

    def above_results(self) -> widgets.Widget:
        """Generate and its options."""
        asked = [_row("s2f-services", widgets.Label("Also ask on the web:"), *self.services)] if self.services else []
        return widgets.VBox([_row("s2f-go", self.generate, self.follow), *asked])

    def mark_color(self, color: str) -> None:
        """Show which swatch, if any, holds ``color``."""
        for swatch_color, swatch in self.swatches.items():
            if swatch_color == color:
                swatch.add_class("s2f-chosen")
            else:
                swatch.remove_class("s2f-chosen")


def _button(text: str, icon: str, tooltip: str) -> widgets.Button:
    return widgets.Button(description=text, icon=icon, tooltip=tooltip)


def _swatch(name: str, color: str) -> widgets.Button:
    # The style sheet hides the text; screen readers need it, a tooltip alone is no name to all of them.
    button = widgets.Button(description=name, tooltip=name, style={"button_color": color})
    button.add_class("s2f-swatch")
    return button


def _service(name: str) -> widgets.Checkbox:
    tooltip = f"Generate then sends the garment to {name}, in the form that this service takes"
    return widgets.Checkbox(value=False, description=name, indent=False, tooltip=tooltip)


def _row(name: str, *children: widgets.Widget) -> widgets.Widget:
    row = widgets.Box(children)
    row.add_class("s2f-row")
    row.add_class(name)
    return row
