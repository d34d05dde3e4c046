"""What runs inside the sandbox of :mod:`s2f_helpers.grade`: one learner's notebook, and the course's checks on it.

Reports to standard output, one JSON object a line, as it goes: what was done before a time limit counts.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import sys
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def main(home: str, seconds: int, gigabytes: int, processes: int) -> None:
    """Run ``home/notebooks/notebook.ipynb`` and the checks of ``home/checks.json``."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what the notebook prints is nobody's business here
    checks = json.loads(Path(home, "checks.json").read_text(encoding="utf-8"))
    _limit(gigabytes, processes)
    signal.signal(signal.SIGALRM, _too_slow)

    def tell(**row: object) -> None:
        print(json.dumps(row), file=report, flush=True)

    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    waiting = {one["name"]: one for one in checks}
    try:
        cells = nbformat.read(Path(home, "notebooks", "notebook.ipynb"), 4).cells
    except Exception as error:  # nbformat raises many kinds
        tell(error=f"it is not a notebook that can be read: {type(error).__name__}")
        return
    for number, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        fault = _run(shell, cell.source, seconds // 3)
        if fault:
            tell(error=f"cell {number}: {fault}")
        for name in [name for name in waiting if name in cell.source]:
            _check(shell, waiting.pop(name), seconds // 3, tell)
    for one in waiting.values():  # their cell is gone, or was renamed
        _check(shell, one, seconds // 3, tell)


def _limit(gigabytes: int, processes: int) -> None:
    for what, most in (
        (resource.RLIMIT_DATA, gigabytes * 2**30),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_FSIZE, 2**30),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _too_slow(*_) -> None:
    raise TimeoutError("a single cell took more than a third of the time")


def _run(shell: InteractiveShell, source: str, seconds: int) -> str:
    """Run a cell; what stopped it, or an empty string."""
    signal.alarm(max(1, seconds))
    try:
        result = shell.run_cell(source, store_history=False, silent=True)
        error = result.error_before_exec or result.error_in_exec
    except BaseException as raised:  # a learner's code may raise anything, at any moment
        error = raised
    finally:
        signal.alarm(0)
    return " ".join(f"{type(error).__name__}: {error}".split())[:160] if error else ""


def _check(shell: InteractiveShell, one: dict, seconds: int, tell) -> None:
    """Ask one of the course's checks, and report what it said."""
    printed = io.StringIO()
    shell.user_ns["_verdict"] = False
    with contextlib.redirect_stdout(printed):
        fault = _run(shell, f"{one['setup']}\n_verdict = {one['call']}", seconds)
    lines = printed.getvalue().strip().splitlines()
    said = fault or (lines[-1] if lines else "it said nothing")
    tell(check=one["name"], right=shell.user_ns.get("_verdict") is True and not fault, said=said)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
