"""Work beside the drawing: one thing at a time, the newest next, never a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

__all__ = ["Latest"]

Make = Callable[[], object]


class Latest:
    """Runs ``work`` in a thread of its own, so that drawing goes on meanwhile.

    While it runs, one request at most waits. What a request is about is asked when its turn comes, so it is never
    out of date. Where no event loop runs (a plain script), the work is done at once.

    Args:
        work: job, tell -> result, in the thread; ``tell(...)`` runs the argument ``tell`` in the main thread.
        deliver: called with the result, in the main thread.
        fail: called with what ``make`` or ``work`` raised.
        tell: called with whatever ``work`` tells of its progress.
    """

    def __init__(
        self,
        work: Callable[[object, Callable], object],
        deliver: Callable[[object], None],
        fail: Callable[[Exception], None],
        tell: Callable[..., None] = lambda *_: None,
    ) -> None:
        self._work, self._deliver, self._fail, self._tell = work, deliver, fail, tell
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: Make | None = None
        self._running = False

    def ask(self, make: Make) -> None:
        """Do this next, whatever else waits. ``make()`` returns the job, or None if there is nothing to do."""
        self._waiting = make
        self._start()

    def offer(self, make: Make) -> None:
        """Do this next if nothing waits: whatever waits will see the newest state as well."""
        if self._waiting is None:
            self.ask(make)

    def _start(self) -> None:
        if self._running or self._waiting is None:
            return
        make, self._waiting = self._waiting, None
        try:
            job = make()
        except Exception as error:
            self._fail(error)
            return
        if job is None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._finish(partial(self._work, job, self._tell))
            return
        self._running = True
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="studio")
        future = loop.run_in_executor(self._thread, self._work, job, partial(loop.call_soon_threadsafe, self._tell))
        future.add_done_callback(lambda done: self._finish(done.result))

    def _finish(self, result: Callable[[], object]) -> None:
        self._running = False
        try:
            self._deliver(result())
        except Exception as error:
            self._fail(error)
        self._start()
