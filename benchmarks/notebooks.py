"""Time of each notebook in the ``smoke`` preset, executed on copies. Target: <= 10 min together."""

from __future__ import annotations

import os
import time
from pathlib import Path

import nbformat
from machine import machine
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"


def main() -> None:
    os.environ.update(S2F_PRESET="smoke", TQDM_DISABLE="1")
    print(machine())
    total = 0.0
    for path in sorted(FOLDER.glob("*.ipynb")):
        start = time.perf_counter()
        NotebookClient(nbformat.read(path, 4), timeout=600, resources={"metadata": {"path": str(FOLDER)}}).execute()
        seconds = time.perf_counter() - start
        total += seconds
        print(f"{path.name:32s} {seconds:6.1f} s", flush=True)
    print(f"{'together':32s} {total:6.1f} s   target 600 s")


if __name__ == "__main__":
    main()
