"""What every timing needs: one line that says where and when it was measured, and a stopwatch."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch


def machine() -> str:
    """GPU where there is one, processor, cores, torch and date.

    >>> str(datetime.date.today()) in machine()
    True
    """
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    gpu = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return f"{gpu}{name}, {os.cpu_count()} cores, torch {torch.__version__}, {datetime.date.today()}"


def seconds(work: Callable[[], object], runs: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """Median time of so many runs, after one to warm up. ``time.process_time`` as the clock counts CPU time."""
    work()
    times = []
    for _ in range(runs):
        start = clock()
        work()
        times.append(clock() - start)
    return median(times)


if __name__ == "__main__":
    print(machine())
