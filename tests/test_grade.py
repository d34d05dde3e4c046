"""The grader, on a course of one small notebook: who is right, why not, and what a learner's code cannot do."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import sys

import nbformat
import pytest

from s2f_helpers import __main__, grade
from s2f_helpers.common.types import S2FError

STUB = """from s2f_helpers.pipeline_checks import check_two_colors

def draw_two_colors(left, right):
    raise NotImplementedError  # replace this line

check_two_colors(draw_two_colors);"""
BODY = """
    import numpy as np
    page = np.full((512, 512, 3), 255, np.uint8)
    page[:5] = 0
    for x, y in [(200, 170), (310, 180), (256, 250), (205, 350), (310, 360)]:
        page[y, x] = (242, 200, 50) if x >= 256 else (31, 111, 180)
    return page"""
RIGHT = STUB.replace("\n    raise NotImplementedError  # replace this line", BODY)
NAME = "00_tiny"
LIMITS = grade.Limits(seconds=120, gigabytes=4)


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, path)


@pytest.fixture
def course(tmp_path):
    write(tmp_path / "course" / f"{NAME}.ipynb", STUB)
    return tmp_path / "course"


def grades(tmp_path, course, prefix=(), limits=LIMITS, **learners):
    """Each learner's row. A learner is the list of their cells."""
    for name, cells in learners.items():
        write(tmp_path / "class" / name / f"{NAME}.ipynb", *cells)
    return {row["learner"]: row for row in grade.grade(tmp_path / "class", limits, list(prefix), course)}


@pytest.fixture(scope="module")
def prefix():
    try:
        return grade.sandbox()
    except S2FError as reason:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip  # CI has bubblewrap: a skip would hide a fault
        stop(str(reason))


def test_right_wrong_and_missing(tmp_path, course):
    (tmp_path / "class" / "cho").mkdir(parents=True)
    (tmp_path / "class" / "dan").mkdir()
    (tmp_path / "class" / "dan" / f"{NAME}.ipynb").write_text("{ half a file")
    found = grades(tmp_path, course, ann=["1 / 0", RIGHT], bob=[STUB])
    assert {name: (row["right"], row["of"]) for name, row in found.items()} == {
        "ann": (1, 1), "bob": (0, 1), "cho": (0, 1), "dan": (0, 1),
    }  # fmt: skip
    assert found["ann"]["reasons"] == ""
    assert "not yet: it still raises NotImplementedError" in found["bob"]["reasons"]
    assert found["cho"]["reasons"] == "00 not handed in"
    assert "not a notebook that can be read" in found["dan"]["reasons"]


def test_the_courses_check_judges_not_the_learners(tmp_path, course):
    own = "def check_two_colors(answer):\n    return True\nprint('Right: of course')"
    gone = RIGHT.replace("check_two_colors(draw_two_colors);", "")
    found = grades(tmp_path, course, ann=[STUB, own], bob=[gone], cho=["x = 1"])
    assert [found[name]["right"] for name in ("ann", "bob", "cho")] == [0, 1, 0]
    assert "NameError" in found["cho"]["reasons"]


def test_an_endless_cell_costs_its_own_time_not_the_exercises_after_it(tmp_path, course):
    found = grades(tmp_path, course, limits=grade.Limits(seconds=60), ann=["while True: pass", RIGHT])
    assert found["ann"]["right"] == 1


def test_memory_and_processes_that_end_are_reasons(tmp_path, course):
    greedy, gone = ["x = bytearray(5 * 2**30)", STUB], ["import os; os._exit(3)", RIGHT]
    found = grades(tmp_path, course, greedy=greedy, gone=gone)
    assert "MemoryError" in found["greedy"]["reasons"]
    assert "exit status 3" in found["gone"]["reasons"]


PRYING = """
import os, socket
from s2f_helpers.common import paths

def outcome(act):
    try:
        return act()
    except Exception as error:
        return type(error).__name__

raise ValueError([
    outcome(lambda: os.environ.get("S2F_EBAY_SECRET", "unset")),
    outcome(lambda: open(PRIVATE).read()),
    outcome(lambda: str(socket.create_connection(("127.0.0.1", PORT), 5))),
    outcome(lambda: (paths.DATA / "mine").write_text("x")),
    outcome(lambda: open("/proc/self/status").read().split("CapEff:")[1].split()[0]),
])"""


def test_secrets_files_and_network_stay_outside(tmp_path, course, prefix, monkeypatch):
    monkeypatch.setenv("S2F_EBAY_SECRET", "open sesame")
    (tmp_path / "private.txt").write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        prying = PRYING.replace("PRIVATE", repr(str(tmp_path / "private.txt")))
        prying = prying.replace("PORT", str(server.getsockname()[1]))
        found = grades(tmp_path, course, prefix, eve=[prying, STUB], fay=[RIGHT])
    nothing = ["unset", "FileNotFoundError", "ConnectionRefusedError", "OSError", "0000000000000000"]
    assert f"ValueError: {nothing}" in found["eve"]["reasons"]
    assert found["fay"]["right"] == 1, "and an honest notebook works in there"


def test_without_bubblewrap_it_refuses(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["s2f", "grade", str(tmp_path)])
    assert __main__.main() == 1
    said = capsys.readouterr().err
    assert "apt-get install bubblewrap" in said and "--trust" in said


def test_the_command_writes_a_line_a_learner(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["s2f", "grade", str(tmp_path), "--trust", "--csv", str(tmp_path / "out.csv")])
    monkeypatch.setattr(grade, "grade", lambda *_: iter([{"learner": "=김", "right": 1, "of": 2, "reasons": "a\nb"}]))
    assert __main__.main() == 0
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8-sig")))
    assert rows == [{"learner": "'=김", "right": "1", "of": "2", "reasons": "a b"}], "no formula, one line a learner"


def test_an_empty_folder_is_told(tmp_path, course):
    (tmp_path / "class").mkdir()
    with pytest.raises(S2FError, match="expected FOLDER/<learner>"):
        grades(tmp_path, course)
