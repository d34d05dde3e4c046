"""Slides from every notebook: something on them, no solution, and nothing to fetch."""

from __future__ import annotations

import importlib
import re
import sys

import nbformat
import pytest

from s2f_helpers.common.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FOLD = re.compile(r"<details><summary>(?:Solution|Hint)</summary>(.*?)</details>", re.DOTALL)


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for name in ("notebooks", "slides"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("slides")


@pytest.fixture
def assets(tmp_path):
    """A folder like reveal.js's; the real one comes with ``make slides``."""
    for name in ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("/* reveal */", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_deck_has_slides_pictures_and_notes_and_fetches_nothing(path, tool, assets):
    notebook = nbformat.read(path, 4)
    page = tool.html(notebook, assets)
    headings = [line for cell in notebook.cells for line in re.findall(r"^## .+$", cell.source, flags=re.M)]
    assert page.count("<section") > len(headings) and "data:image/png" in page and '<aside class="notes">' in page
    assert not re.search(r"""<script[^>]+src=|<link|@import|url\(|<img[^>]+src=["'](?!data:)""", page)
    assert "MathJax" not in page and "$" not in re.sub(r"<(script|details|pre).*?</\1>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_hint_and_no_solution_is_shown(path, tool):
    notebook = nbformat.read(path, 4)
    said = "\n".join(cell.source for cell in tool.deck(notebook).cells)
    hidden = [block for cell in notebook.cells for block in FOLD.findall(cell.source)]
    lines = [line.strip() for block in hidden for line in block.splitlines() if len(line.strip()) > 30]
    others = "\n".join(FOLD.sub("", cell.source) for cell in notebook.cells)
    assert not [line for line in lines if line in said and line not in others]


def notebook_of(*cells):
    head = nbformat.v4.new_markdown_cell("# 9 · Test\n\n**A promise.**\n\nBy the end you can…\n- do it.")
    return nbformat.v4.new_notebook(cells=[head, *cells])


def test_what_becomes_a_slide(tool):
    markdown, output = nbformat.v4.new_markdown_cell, nbformat.v4.new_output
    picture = output("display_data", {"image/png": "AAAA"})
    notebook = notebook_of(
        markdown("## Look\n\nOne sentence. " + "And many more words follow here. " * 20),
        nbformat.v4.new_code_cell("show()", outputs=[picture]),
        markdown("*A garment.* And why.\n\n**Predict before you run:** how many?"),
        nbformat.v4.new_code_cell("count()", outputs=[output("stream", text="seven\n")]),
        markdown(
            "## Exercises\n\n### 1 · Fill in\n\nWrite it.\n\n<details><summary>Hint</summary>\n\nso\n\n</details>"
        ),
        nbformat.v4.new_code_cell("stub()", outputs=[output("stream", text="not yet: x\n"), picture]),
    )
    cells = [cell for cell in tool.deck(notebook).cells if cell.metadata.slideshow.slide_type != "notes"]
    starts = [cell.source for cell in cells if cell.metadata.slideshow.slide_type != "-"]
    assert [re.sub(r"\s+", " ", start)[:20].strip() for start in starts] == [
        "# 9 · Test **A promi", "## By the end you ca", "## Look One sentence", "**Predict before you",
        '<div class="where">', "## Exercises", "### 1 · Fill in Writ",
    ]  # fmt: skip
    assert len(starts[2].split()) < 60, "the rest is for the notes"
    assert [cell.source for cell in cells if cell.cell_type == "code"] == ["show()", "count()", "count()"]
    assert "A garment." in cells[4].source and "And why." not in cells[4].source


def test_links_stay_inside_the_decks(tool):
    text = "[two](02_photo_to_sketch.ipynb#Draw), [answers](../docs/teach/answers.md), [far](https://example.org)"
    assert tool.addresses(text) == "[two](02.html), answers, [far](https://example.org)"


def test_a_sentence_is_not_cut_inside_its_emphasis(tool):
    assert tool.sentences("**One. Two.** Three. Four.", 1) == "**One. Two.**"
    assert tool.sentences("One two. Three four. Five six.", 4) == "One two. Three four."
