"""The solutions that notebooks hide pass the notebooks' own checks."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from s2f_helpers.common.paths import ROOT

SOLUTION = re.compile(r"<summary>Solution</summary>\s+```python\n(.*?)```", re.DOTALL)


def imports_of(sources) -> ast.Module:
    """What the cells import, without running anything else of them."""
    nodes = [node for source in sources for node in ast.parse(source).body]
    return ast.Module([node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)], [])


@pytest.mark.parametrize(
    "notebook, task, check",
    [
        ("06_search_by_picture.ipynb", "class Wardrobe", "check_wardrobe"),
        ("06_search_by_picture.ipynb", "def wardrobe_items", "check_items"),
        ("07_draw_and_search.ipynb", "def buttons", "check_buttons"),
    ],
)
def test_a_hidden_solution_passes_the_notebooks_own_check(notebook, task, check):
    cells = nbformat.read(ROOT / "notebooks" / notebook, 4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code" and "google.colab" not in cell.source]
    hidden = [block for cell in cells for block in SOLUTION.findall(cell.source)]
    names = {}
    exec(compile(imports_of(code), notebook, "exec"), names)
    exec(next(block for block in hidden if task in block), names)
    exec(next(source for source in code if f"def {check}" in source), names)
    assert names[check](names[task.split()[1]]).startswith("Right")
