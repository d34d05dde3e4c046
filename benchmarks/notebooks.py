"""Time of each notebook in the ``smoke`` preset, executed on copies. Target: <= 10 min together.

Writes ``results/notebooks.json``, under ``gpu`` where there is one and else under ``cpu``; ``tools/times.py`` carries
it to the pages that quote it, and ``make test`` holds every notebook to twice its time. Build the index first:
``python -m s2f_helpers.prepare``.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import nbformat
import torch
from machine import machine, yardstick
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
RESULTS = Path(__file__).parent / "results" / "notebooks.json"


def timed(path: Path) -> dict[str, float]:
    """Seconds of one notebook, its kernel's start included, and the better yardstick of before and after."""
    before, start = yardstick(), time.perf_counter()
    NotebookClient(nbformat.read(path, 4), timeout=600, resources={"metadata": {"path": str(FOLDER)}}).execute()
    spent = time.perf_counter() - start
    return {"seconds": round(spent, 1), "yardstick": round(min(before, yardstick()), 3)}


def main() -> None:
    os.environ.update(S2F_PRESET="smoke", TQDM_DISABLE="1")
    load, threads = round(os.getloadavg()[0], 1), torch.get_num_threads()
    report = {"machine": machine(), "load_before": load, "threads": threads, "preset": "smoke", "notebooks": {}}
    print(report["machine"])
    for path in sorted(FOLDER.glob("*.ipynb")):
        report["notebooks"][path.name] = timed(path)
        print(f"{path.name:32s} {report['notebooks'][path.name]['seconds']:6.1f} s", flush=True)
    print(f"{'together':32s} {sum(row['seconds'] for row in report['notebooks'].values()):6.1f} s   target 600 s")
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known["gpu" if torch.cuda.is_available() else "cpu"] = report
    RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
