"""A small companion of the canvas, in the browser: keyboard, mouse buttons, and a name for screen readers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import anywidget
import traitlets

__all__ = ["PadKeys"]

HERE = Path(__file__).parent
ACTIONS = ("undo", "redo")


class PadKeys(anywidget.AnyWidget):
    """Belongs in the same ``s2f-pad`` box as the canvas; shows nothing itself.

    ipycanvas swallows every key, so Tab could never leave the canvas. Here Ctrl+Z and Shift+Ctrl+Z
    (or Ctrl+Y) become actions and all other keys stay with the page.
    """

    _esm = HERE / "keys.js"
    _css = HERE / "studio.css"
    label = traitlets.Unicode(
        "Drawing pad. Draw with a mouse, finger or pen. Ctrl+Z undoes, Shift+Ctrl+Z redoes. "
        "Without them, choose an example sketch or upload a drawing."
    ).tag(sync=True)

    def on_action(self, callback: Callable[[str], None]) -> None:
        """Call ``callback("undo")`` or ``callback("redo")`` when these keys are pressed on the canvas."""

        def receive(_widget, content, _buffers) -> None:
            action = content.get("action") if isinstance(content, dict) else None
            if action in ACTIONS:
                callback(action)

        self.on_msg(receive)
