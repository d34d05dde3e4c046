"""What every notebook of the course has, and what no notebook and no page may have."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys

import nbformat
import pytest

from s2f_helpers.common.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
COPIES = [path for folder in ("solutions", "ko") for path in sorted((ROOT / "notebooks" / folder).glob("*.ipynb"))]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "weights").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
SECRETS = r"\bsk-\w{16,}|\bAKIA[0-9A-Z]{16}|\bghp_\w{20,}|\bBearer [\w.-]{16,}|BEGIN [A-Z ]*PRIVATE KEY"
ABSOLUTE = r"(?<![\w.:/])/(?:home|root|tmp|work|Users|mnt|var)/\w|\b[A-Z]:\\\\?Users"
SPELLING = {  # the course's words; identifiers and titles of others' papers are not prose
    r"\bcolors?\b": "colour",
    r"\bgray\b": "grey",
    r"\bdatasets?\b": "data set",
    r"\bneighbors?\b": "neighbour",
    r"\bbehaviors?\b": "behaviour",
    r"\bcenter(ed|s)?\b": "centre",
    r"\bground[- ]truth\b": "truth",
    r"\bbounding boxes\b": "boxes",
}


def name(path) -> str:
    return str(path.relative_to(ROOT))


def prose(path) -> str:
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")


@pytest.fixture
def times(monkeypatch):
    """``tools/times.py``, which writes the measured times into the pages."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for module in ("notebooks", "times"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    return importlib.import_module("times")


@pytest.mark.parametrize("path", NOTEBOOKS + COPIES, ids=name)
def test_each_badge_opens_that_very_file(path):
    head = nbformat.read(path, 4).cells[0].source
    targets = re.findall(r"\]\((https?://[^)\s]+\.ipynb)\)", head)
    assert len(targets) >= 2, "expected badges for Colab and GitHub at least"
    for target in targets:
        inside = target.split("/blob/main/")[-1].replace("http://localhost:8888/lab/tree/", "notebooks/")
        assert inside == name(path), f"this badge opens another file: {target}"


@pytest.mark.parametrize("path", NOTEBOOKS + COPIES + PAGES, ids=name)
def test_links_to_files_find_them(path):
    for target in LINK.findall(re.sub(r"```.*?```|`[^`]*`", "", prose(path), flags=re.S)):
        if not target.startswith(("http:", "https:", "#", "mailto:", "attachment:")):
            assert (path.parent / target.split("#")[0]).exists(), f"{target} leads nowhere"


@pytest.mark.parametrize("path", NOTEBOOKS + COPIES + PAGES, ids=name)
def test_files_that_prose_names_are_there(path):
    for named in re.findall(r"`((?:s2f_helpers|tools|benchmarks|tests|docs|weights)/[\w/.]+\.\w+)`", prose(path)):
        assert (ROOT / named).exists(), f"{named} is not in the repository"


@pytest.mark.parametrize("path", NOTEBOOKS + COPIES, ids=name)
def test_outputs_hold_nothing_that_should_not_be_published(path):
    notebook = nbformat.read(path, 4)
    assert "widgets" not in notebook.metadata, "widget state: run tools/notebooks.py, which drops it"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error", f"{cell.source[:60]!r} ended in an error"
            text = json.dumps({key: value for key, value in output.items() if key != "data"}, ensure_ascii=False)
            for kind, value in output.get("data", {}).items():
                assert kind != "application/vnd.jupyter.widget-view+json", "a view whose widget nobody has"
                text += "" if kind.startswith("image/") else json.dumps(value, ensure_ascii=False)
            text = re.sub(r"data:image/[\w+]+;base64,[\w+/=]+", "", text)
            assert not re.search(ABSOLUTE, text), f"a path of somebody's machine: {re.search(ABSOLUTE, text)[0]}"
        assert not re.search(SECRETS, json.dumps(cell)), "that looks like a key"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *sorted((ROOT / "notebooks" / "ko").glob("*.ipynb"))], ids=name)
def test_each_figure_is_told_in_words(path):
    for number, cell in enumerate(nbformat.read(path, 4).cells):
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                told = output.metadata.get("image/png", {}).get("alt", "")
                assert len(told) > 10, f"cell {number}: put a caption in *italics* first below it"


def test_the_publication_rules_can_fail():
    assert re.search(ABSOLUTE, 'File "/home/kim/x.py"') and re.search(ABSOLUTE, r"C:\\Users\\kim")
    assert not re.search(ABSOLUTE, "https://example.org/home/page") and re.search(SECRETS, "AKIA" + "A" * 16)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_anatomy(path):
    cells = nbformat.read(path, 4).cells
    head, everything = cells[0].source, prose(path)
    assert re.match(r"# \d · .+\n\n\*\*.+\*\*\n", head), "title, and one bold line that promises"
    assert re.search(r"^Level: .+ · time: \d+ s .+ · needs: .+$", head, flags=re.M)
    assert "By the end you can…" in head and head.count("\n- ") >= 3
    assert everything.count("**Predict") >= 2
    parts = ["## Exercises", "## What went wrong for others", "## Recap", "## Questionnaire", "## Further reading"]
    assert [part for part in re.findall(r"^## .+$", everything, flags=re.M) if part in parts] == parts, "in this order"
    for kind in ("Fill in", "Explain", "Break", "Open"):
        tasks = [cell.source for cell in cells if re.search(rf"^### (Exercise )?\d · {kind}:", cell.source, flags=re.M)]
        assert tasks and all("<details><summary>Hint</summary>" in task for task in tasks), f"{kind}: task and hint"
    whole = "\n\n".join(cell.source for cell in cells)
    for task in re.findall(
        r"^### (?:Exercise )?\d · (?:Fill in|Explain|Break|Open):.*?(?=^###? |\Z)", whole, flags=re.M | re.S
    ):
        assert re.search(r"\bcheck_\w+\(", task), f"no self-check: {task.splitlines()[0]}"
    number = int(path.name[:2])
    for other in NOTEBOOKS[max(0, number - 1) : number] + NOTEBOOKS[number + 1 : number + 2]:
        assert f"({other.name})" in everything.split("## Further reading")[1], "the way on and back"
    assert all(len(cell.source.splitlines()) <= 30 for cell in cells if cell.cell_type == "code")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_each_question_has_its_answer(path):
    def count(text, head):
        part = re.search(rf"^## {head}.*?(?=^## |\Z)", text, flags=re.M | re.S)[0]
        return len(re.findall(r"^\d+\. ", part, flags=re.M))

    answers = (ROOT / "docs" / "teach" / "answers.md").read_text(encoding="utf-8")
    assert count(prose(path), "Questionnaire") == count(answers, path.name[:2]) >= 5


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "docs/teach/README.md", *NOTEBOOKS], ids=name)
def test_times_are_the_measured_ones(path, times):
    def quote(text, measured):
        if path.suffix == ".ipynb":
            return times.head(text, path.name, measured)
        return (times.readme if path.parent == ROOT else times.teachers)(text, measured)

    measured = times.measured()
    assert sorted(measured["cpu"]["notebooks"]) == [notebook.name for notebook in NOTEBOOKS], "benchmarks/notebooks.py"
    text = nbformat.read(path, 4).cells[0].source if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")
    assert quote(text, measured) == text, "run tools/times.py, then tools/solutions.py"
    slower = {row: {"seconds": known["seconds"] + 7} for row, known in measured["cpu"]["notebooks"].items()}
    assert quote(text, measured | {"cpu": measured["cpu"] | {"notebooks": slower}}) != text, "it quotes no time"
    assert "GPU" in quote(text, measured | {"gpu": measured["cpu"]}), "and a time on a GPU has its place"


@pytest.mark.parametrize("path", NOTEBOOKS + sorted((ROOT / "docs" / "teach").glob("*.md")), ids=name)
def test_one_word_for_one_thing(path):
    names = r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+|\[\*[^*]+\*|clothing-dataset|pix2pix-edges-with-color"
    text = re.sub(names, " ", prose(path), flags=re.S)
    found = {wrong: right for wrong, right in SPELLING.items() if re.search(wrong, text)}
    assert not found, f"write {', '.join(found.values())}"


def misspelt(*paths) -> str:
    """What codespell says of files and folders, by the settings in ``pyproject.toml``: a line a fault."""
    command = [sys.executable, "-m", "codespell_lib", "--toml", ROOT / "pyproject.toml", *paths]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert not done.stderr, done.stderr
    return done.stdout


def test_english_is_spelt_as_the_dictionary_spells_it(tmp_path):
    for path in NOTEBOOKS:  # code too: its comments are read as much as the prose
        sources = "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells)
        (tmp_path / f"{path.stem}.md").write_text(sources, encoding="utf-8")
    kinds = ["*.md", "*.py", "*.sh", "*.toml", "*.yml", "Makefile"]
    files = subprocess.run(["git", "ls-files", *kinds], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert misspelt(tmp_path, *files.split()) == ""


def test_a_slip_of_the_pen_is_found(tmp_path):
    (tmp_path / "page.md").write_text("To and fro, each " + "seper" + "ate.", encoding="utf-8")
    assert "==> separate" in misspelt(tmp_path)
