"""One line that says where and when a figure was measured."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path

import torch


def machine() -> str:
    """Processor, cores, torch and date.

    >>> str(datetime.date.today()) in machine()
    True
    """
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores, torch {torch.__version__}, {datetime.date.today()}"


if __name__ == "__main__":
    print(machine())
