"""The panel's companion in the browser: keys, mouse buttons, names for screen readers, buttons in HTML, downloads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
from markupsafe import Markup

__all__ = ["Companion", "pick_button"]

HERE = Path(__file__).parent
ACTIONS = ("undo", "redo", "pick")
PICK = Markup(
    '<button type="button" class="s2f-pick {kind}" data-s2f-pick="{what}" data-s2f-number="{number}" '
    'aria-pressed="{pressed}">{content}</button>'
)


def pick_button(what: str, number: int, content: str, pressed: bool = False, kind: str = "") -> Markup:
    """A button for use inside HTML of the panel; pressing it calls :meth:`Companion.on_action` with ``"pick"``."""
    return PICK.format(what=what, number=number, content=content, pressed=str(pressed).lower(), kind=kind)


class Companion(anywidget.AnyWidget):
    """Belongs into the same ``s2f-studio`` box as the pad and the results; shows nothing itself.

    ipycanvas swallows every key, so Tab could never leave the canvas. Here Ctrl+Z and Shift+Ctrl+Z (or Ctrl+Y), pressed
    anywhere in the panel but in a text field, become actions; on the canvas arrows, Space and Enter are a pen, whose
    place is shown and told to screen readers; and all other keys stay with the page.
    """

    _esm = HERE / "browser.js"
    _css = HERE / "studio.css"

    def on_action(self, callback: Callable[..., None]) -> None:
        """Call ``callback("undo")`` or ``callback("redo")`` for these keys, ``callback("pick", what, number)`` for
        the buttons made by :func:`pick_button`."""

        def receive(_widget, content, _buffers) -> None:
            action = content.get("action") if isinstance(content, dict) else None
            if action == "pick":
                callback("pick", str(content.get("what")), int(content.get("number", 0)))
            elif action in ACTIONS:
                callback(action)

        self.on_msg(receive)

    def download(self, name: str, kind: str, content: bytes) -> None:
        """Have the browser save a file; ``kind`` is its media type."""
        self.send({"download": name, "type": kind}, [content])
