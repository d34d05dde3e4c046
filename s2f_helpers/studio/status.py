"""The line that says what is going on."""

from __future__ import annotations

import asyncio

import ipywidgets as widgets
from markupsafe import Markup

__all__ = ["Status"]

PATIENCE_S = 0.3
LINE = Markup('<div role="{role}" class="s2f-status {kind}">{text}{bar}</div>')
BAR = Markup('<progress class="s2f-progress" max="1" value="{share}" aria-label="progress"></progress>')


class Status:
    """One sentence at a time: what was done, what went wrong, or what takes a while.

    Attributes:
        widget: what to display.
    """

    def __init__(self) -> None:
        self.widget = widgets.HTML()
        self._later: asyncio.TimerHandle | None = None

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._show(LINE.format(role="status", kind="", text=text, bar=""))

    def complain(self, text: str) -> None:
        """Show what went wrong."""
        self._show(LINE.format(role="alert", kind="s2f-error", text=text, bar=""))

    def wait(self, text: str, share: float) -> None:
        """Show what is being done and which share of it has been; but only if it lasts longer than a blink."""
        line = LINE.format(role="status", kind="s2f-busy", text=text, bar=BAR.format(share=f"{share:.2f}"))
        if "s2f-busy" in self.widget.value:
            self._show(line)
            return
        self._forget()
        try:
            self._later = asyncio.get_running_loop().call_later(PATIENCE_S, self._show, line)
        except RuntimeError:
            self._show(line)

    def _show(self, line: str) -> None:
        self._forget()
        self.widget.value = line

    def _forget(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
