"""The rule that holds each notebook to twice its recorded time, tried on notebooks of one cell."""

from __future__ import annotations

import json
import subprocess
import sys

import nbformat

from benchmarks.machine import yardstick
from s2f_helpers.common.paths import ROOT


def test_a_notebook_that_takes_more_than_twice_its_time_fails_the_run(tmp_path):
    for name in ("fine", "new", "slow"):
        cell = nbformat.v4.new_code_cell("import time\ntime.sleep(1)")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")
    pace = yardstick()
    rows = {f"{name}.ipynb": {"seconds": time, "yardstick": pace} for name, time in (("fine", 60.0), ("slow", 0.1))}
    (tmp_path / "recorded.json").write_text(json.dumps({"cpu": {"notebooks": rows}}))
    command = [sys.executable, "-m", "pytest", "-p", "tests.notebook_times", "--recorded", tmp_path / "recorded.json"]
    command += ["--nbval", "--nbval-current-env", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "3 passed" in done.stdout, done.stdout + done.stderr
    faults = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    assert [fault.split()[1:3] for fault in faults] == [["new.ipynb", "has"], ["slow.ipynb", "took"]]
