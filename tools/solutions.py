"""Make ``notebooks/solutions/`` from ``notebooks/``: ``python tools/solutions.py`` (a second; runs nothing).

An exercise is a markdown cell with its task, a folded hint and a folded solution, and below it the code cell with the
stub. The solution is that fold and stands nowhere else: here its definitions take the place of the stub's of the same
name. Nothing else changes but addresses, which lie one folder deeper. Solutions carry no outputs.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat

from notebooks import ROOT, write_addresses

SOLUTION = re.compile(r"<details><summary>Solution</summary>\s+```python\n(.*?)```", re.DOTALL)
DEEPER = (
    ('sys.path.insert(0, "..")', 'sys.path.insert(0, "../..")'),
    ("%cd /content/sketch2fashion/notebooks", "%cd /content/sketch2fashion/notebooks/{folder}"),
    ("-r ../requirements-colab.txt", "-r ../../requirements-colab.txt"),
)


def definitions(source: str) -> dict[str, tuple[int, int]]:
    """First and last line, from 0 and half open, of what a cell defines at its top level."""
    places = {}
    for node in ast.parse(source).body:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            places[node.name] = (first - 1, node.end_lineno)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            places[node.targets[0].id] = (first - 1, node.end_lineno)
    return places


def solved(stub: str, solution: str) -> str:
    """The stub's cell with the solution's definitions in place of its own.

    Raises:
        ValueError: when the solution defines something that the stub does not.
    """
    places, answers = definitions(stub), definitions(solution)
    if not answers or not set(answers) <= set(places):
        raise ValueError(f"the solution defines {sorted(answers)}, the cell below it {sorted(places)}")
    lines, new = stub.splitlines(), solution.splitlines()
    for name in sorted(answers, key=lambda name: -places[name][0]):
        (first, last), (start, end) = places[name], answers[name]
        lines[first:last] = new[start:end]
    return "\n".join(lines)


def deeper(source: str, folder: str) -> str:
    """A cell's addresses, as seen from ``notebooks/<folder>/``."""
    for old, new in DEEPER:
        source = source.replace(old, new.format(folder=folder))
    return re.sub(r"\]\((?!https?:|#|mailto:)([^)\s]+)\)", r"](../\1)", source)


def solve(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode | None:
    """``notebooks/<name>``, changed in place: exercises solved, no outputs. None where it has no solution."""
    pending, count = "", 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            pending = next(iter(SOLUTION.findall(cell.source)), pending)
            cell.source = deeper(cell.source, "solutions")
            continue
        cell.outputs, cell.execution_count = [], None
        if pending:
            cell.source, pending, count = solved(cell.source, pending), "", count + 1
        cell.source = deeper(cell.source, "solutions")
    write_addresses(notebook, f"solutions/{name}")
    return notebook if count else None


def main() -> None:
    target = ROOT / "notebooks" / "solutions"
    target.mkdir(exist_ok=True)
    for path in sorted(Path(ROOT / "notebooks").glob("*.ipynb")):
        if answer := solve(nbformat.read(path, 4), path.name):
            nbformat.write(answer, target / path.name)
            print(target.relative_to(ROOT) / path.name)


if __name__ == "__main__":
    main()
