"""Carry the notebooks' measured times to the pages that quote them: ``python tools/times.py``.

``benchmarks/notebooks.py`` measures and writes ``benchmarks/results/notebooks.json``; the notebooks' heads, the README
and the teachers' page say what stands there. Make the solutions anew afterwards: ``python tools/solutions.py``.
"""

from __future__ import annotations

import json
import re
from functools import partial

import nbformat

from notebooks import ROOT

UNMEASURED = "not measured"


def measured() -> dict[str, dict]:
    """``benchmarks/results/notebooks.json``: under ``"cpu"``, and ``"gpu"`` once one was at hand, a report of a run."""
    return json.loads((ROOT / "benchmarks/results/notebooks.json").read_text(encoding="utf-8"))


def seconds(report: dict | None, name: str) -> str:
    """A notebook's time in whole seconds; empty where the report lacks it."""
    row = (report or {"notebooks": {}})["notebooks"].get(name)
    return f"{row['seconds']:.0f}" if row else ""


def where(report: dict | None) -> str:
    """Machine, threads and date of a report."""
    if not report:
        return UNMEASURED
    busy = ", the machine busy" if report["load_before"] > 1 else ""
    return f"{report['machine']}, threads: {report['threads']}{busy}"


def head(text: str, name: str, times: dict[str, dict]) -> str:
    """The first cell of a notebook, English or Korean, with its time: ``time: 29 s (smoke, CPU) · GPU: 12 s``."""
    cpu, gpu = seconds(times["cpu"], name), seconds(times.get("gpu"), name)
    english = f"time: {cpu} s (smoke, CPU)" + (f" · GPU: {gpu} s" if gpu else "")
    korean = f"시간: {cpu}초(smoke, CPU)" + (f" · GPU: {gpu}초" if gpu else "")
    text = re.sub(r"time: .*?(?= · needs: )", english, text, count=1)
    return re.sub(r"시간: .*?(?= · 준비물: )", korean, text, count=1)


def readme(text: str, times: dict[str, dict], unit: str = " s") -> str:
    """A README, English or Korean (``unit`` 초): the course's table, the sentence below it, the sum of all."""

    def cell(row: re.Match) -> str:
        cpu, gpu = seconds(times["cpu"], row[2]), seconds(times.get("gpu"), row[2])
        return f"{row[1]}| {cpu}{unit} |" if not gpu else f"{row[1]}| {cpu}{unit}; GPU {gpu}{unit} |"

    text = re.sub(r"^(\|.*\(notebooks/(?:ko/)?([\w.]+)\).*)\|[^|]*\|$", cell, text, flags=re.M)
    sentence = r"(times are from `benchmarks/notebooks.py`|`benchmarks/notebooks.py`로 쟀고) \([^)]*\)"
    text = re.sub(sentence, rf"\1 ({where(times['cpu'])})", text)
    text = re.sub(r"(Times on a GPU:) .*\.$", rf"\1 {where(times.get('gpu'))}.", text, flags=re.M)
    total = sum(row["seconds"] for row in times["cpu"]["notebooks"].values())
    return re.sub(r"^(\|[^|]*`smoke`[^|]*\|) \d+(?= ?s|초)", rf"\1 {total:.0f}", text, flags=re.M)


def teachers(text: str, times: dict[str, dict]) -> str:
    """``docs/teach/README.md``: a row of times for the CPU, and one for the GPU."""
    names = sorted(times["cpu"]["notebooks"])
    for label in ("CPU", "GPU"):
        spent = [seconds(times.get(label.lower()), name) for name in names]
        row = " | ".join([label, *(f"{time} s" if time else UNMEASURED for time in spent)])
        text = re.sub(rf"^\| {label} \|.*$", f"| {row} |", text, flags=re.M)
    return text


def main() -> None:
    times = measured()
    for name, quote in {
        "README.md": readme,
        "README.ko.md": partial(readme, unit="초"),
        "docs/teach/README.md": teachers,
    }.items():
        path = ROOT / name
        path.write_text(quote(path.read_text(encoding="utf-8"), times), encoding="utf-8")
    for path in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/ko/*.ipynb")]:
        notebook = nbformat.read(path, 4)
        notebook.cells[0].source = head(notebook.cells[0].source, path.name, times)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
