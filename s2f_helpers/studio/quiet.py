"""Run an action once nothing has happened for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["WhenQuiet"]


class WhenQuiet:
    """Calls to an instance ask for ``action``; it runs once, ``delay_s`` after the last of them.

    The kernel handles messages one after the other. Strokes drawn while a picture is being made wait in
    its queue; each restarts the clock, so they lead to one new picture, not to one each. Where no event
    loop runs (a plain script), the action runs at once.
    """

    def __init__(self, action: Callable[[], None], delay_s: float = 0.15) -> None:
        self._action = action
        self._delay_s = delay_s
        self._timer: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        self.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._action()
        else:
            self._timer = loop.call_later(self._delay_s, self._action)

    def cancel(self) -> None:
        """Forget what was asked for, if it has not run yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
