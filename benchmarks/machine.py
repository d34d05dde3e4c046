"""What every timing needs: one line that says where and when it was measured, a stopwatch and a yardstick."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
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


def yardstick() -> float:
    """Seconds that this machine needs just now for a fixed piece of work of the notebooks' kind.

    Convolutions, a sort, and plain Python. By its ratio on two machines, a time of one is judged on the other.
    """
    picture, weight = torch.ones(1, 64, 128, 128), torch.ones(64, 64, 3, 3)
    numbers = np.random.default_rng(0).random(4_000_000)

    def work() -> None:
        for _ in range(40):
            torch.nn.functional.conv2d(picture, weight)
        np.sort(numbers)
        sum(number * number for number in range(2_000_000))

    return seconds(work, runs=3)


if __name__ == "__main__":
    print(machine())
