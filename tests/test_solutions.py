"""Exercises and their solutions: one source, stubs that are not yet right, solutions that are."""

from __future__ import annotations

import ast
import importlib
import re
import shutil
import sys

import nbformat
import pytest

from s2f_helpers import grade
from s2f_helpers.common.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
SOLVED = sorted((NOTEBOOKS / "solutions").glob("*.ipynb"))
SOLUTION = re.compile(r"<summary>Solution</summary>\s+```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def maker(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for name in ("notebooks", "solutions"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("solutions")


def code_cells(path) -> list:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def test_committed_solutions_are_made_from_todays_notebooks(maker):
    made = {path.name: maker.solve(nbformat.read(path, 4), path.name) for path in NOTEBOOKS.glob("*.ipynb")}
    made = {name: notebook for name, notebook in made.items() if notebook}
    assert sorted(made) == [path.name for path in SOLVED], "run tools/solutions.py"
    for path in SOLVED:
        assert nbformat.read(path, 4) == made[path.name], f"{path.name} is of another day: run tools/solutions.py"


@pytest.mark.parametrize("path", SOLVED, ids=lambda path: path.stem)
def test_stub_and_solution_differ_nowhere_else(path):
    stubs, solutions = nbformat.read(NOTEBOOKS / path.name, 4).cells, nbformat.read(path, 4).cells
    assert [cell.cell_type for cell in stubs] == [cell.cell_type for cell in solutions]
    folds, after, changed = 0, False, 0
    for stub, solution in zip(stubs, solutions, strict=True):
        if stub.cell_type == "markdown":
            words = [re.sub(r"\]\([^)]*\)", "]()", cell.source) for cell in (stub, solution)]
            if not words[0].startswith("# "):  # the first cell's badges: another file's
                assert words[0] == words[1]
            found = len(SOLUTION.findall(stub.source))
            folds, after = folds + found, bool(found)
        elif "google.colab" not in stub.source and stub.source != solution.source:
            assert after, f"a cell changed that is no exercise:\n{stub.source}"
            changed, after = changed + 1, False
    assert folds == changed > 0


def test_a_solution_for_something_else_is_refused(maker):
    with pytest.raises(ValueError, match="other"):
        maker.solved("def one():\n    raise NotImplementedError", "def other():\n    return 1")
    stub = "import os\n\n\n@staticmethod\ndef one():\n    ...\n\n\nx = ...  # dots\nprint(x)"
    assert maker.solved(stub, "x = 3\n\n\ndef one():\n    return 1") == (
        "import os\n\n\ndef one():\n    return 1\n\n\nx = 3\nprint(x)"
    )


@pytest.mark.parametrize("path", SOLVED, ids=lambda path: path.stem)
def test_stubs_say_not_yet_and_no_later_cell_needs_them(path, maker):
    cells = nbformat.read(NOTEBOOKS / path.name, 4).cells
    for place, cell in enumerate(cells):
        for solution in SOLUTION.findall(cell.source):
            stub, *later = [other for other in cells[place:] if other.cell_type == "code"]
            said = "".join(output.get("text", "") for output in stub.outputs)
            assert said.startswith("not yet: ") and len(said.splitlines()) == 1, f"the stub was told {said!r}"
            for other in later:
                used = {node.id for node in ast.walk(parsed(other.source)) if isinstance(node, ast.Name)}
                assert not used & set(maker.definitions(solution)), f"a later cell needs it:\n{other.source}"


def parsed(source: str) -> ast.Module:
    """A cell without its magics."""
    return ast.parse(re.sub(r"^\s*[%!].*$", "pass", source, flags=re.M))


@pytest.mark.parametrize("path", SOLVED, ids=lambda path: path.stem)
def test_a_learner_who_solves_every_exercise_passes_every_check(path, tmp_path):
    (tmp_path / "ada").mkdir()
    shutil.copyfile(path, tmp_path / "ada" / path.name)
    (row,) = grade.grade(tmp_path, grade.Limits(seconds=900), prefix=[])
    assert row["reasons"] == "" and row["right"] == row["of"] > 0
