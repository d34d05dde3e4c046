"""A pytest plugin: nbval's run of a notebook may take twice its recorded time, and no more.

``pytest -p tests.notebook_times --nbval notebooks/*.ipynb``. The record is ``benchmarks/results/notebooks.json``.
Another machine may be slower, and so is a busy one: a fixed piece of work, timed before and after each notebook and
beside each recorded time, says by how much.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from benchmarks.machine import yardstick

ROOT = Path(__file__).parents[1]


def verdict(spent: float, pace: float, recorded: dict[str, float]) -> str:
    """What is wrong with ``spent`` seconds, at a pace of ``pace`` seconds a yardstick; empty when nothing is.

    >>> verdict(50.0, 0.2, {"seconds": 30.0, "yardstick": 0.2})
    ''
    >>> verdict(70.0, 0.2, {"seconds": 30.0, "yardstick": 0.2})
    'took 70 s, and twice its recorded 30 s is 60 s at this pace'
    >>> verdict(70.0, 0.4, {"seconds": 30.0, "yardstick": 0.2})
    ''
    """
    allowed = 2 * recorded["seconds"] * max(1.0, pace / recorded["yardstick"])
    return (
        f"took {spent:.0f} s, and twice its recorded {recorded['seconds']:.0f} s is {allowed:.0f} s at this pace"
        if spent > allowed
        else ""
    )


class NotebookTimes:
    """Seconds by notebook, and what is wrong with them."""

    def __init__(self, record: Path) -> None:
        self.recorded = json.loads(record.read_text(encoding="utf-8"))["cpu"]["notebooks"]
        self.faults: list[str] = []
        self.spent, self.pace = 0.0, 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        if not self.spent:
            self.pace = yardstick()
        start = time.perf_counter()
        result = yield
        self.spent += time.perf_counter() - start
        if nextitem is None or nextitem.path != item.path:
            self.judge(item.path.name)
        return result

    def judge(self, name: str) -> None:
        if name not in self.recorded:
            said = "has no recorded time: run benchmarks/notebooks.py"
        else:
            said = verdict(self.spent, max(self.pace, yardstick()), self.recorded[name])
        self.faults += [f"{name} {said}"] if said else []
        self.spent = 0.0

    def pytest_sessionfinish(self, session):
        if self.faults and not session.exitstatus:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        for fault in self.faults:
            terminalreporter.write_line(f"FAILED {fault}", red=True)


def pytest_addoption(parser):
    default = ROOT / "benchmarks" / "results" / "notebooks.json"
    parser.addoption("--recorded", type=Path, default=default, help="the recorded times of the notebooks")


def pytest_configure(config):
    config.pluginmanager.register(NotebookTimes(config.getoption("--recorded")))
