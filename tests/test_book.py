"""The website's pages as they are laid out; ``make book`` builds them, and fails where a link leads nowhere."""

from __future__ import annotations

import importlib
import json
import re
import sys

import nbformat
import pytest

from s2f_helpers.common.paths import ROOT


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    for name in ("notebooks", "book"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("book")


def prose(page) -> str:
    if page.suffix == ".md":
        return page.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in nbformat.read(page, 4).cells if cell.cell_type == "markdown")


def test_the_contents_name_every_notebook_and_every_teachers_page(tool):
    parts = tool.contents()
    for part, folder, ending in (("The course", "notebooks", "ipynb"), ("For teachers", "docs/teach", "md")):
        assert parts[part] == sorted(f"{folder}/{path.name}" for path in (ROOT / folder).glob(f"*.{ending}"))
    listing = tool.toctree(parts)
    assert all(f"\n{page}\n" in listing for pages in parts.values() for page in pages)


def test_the_korean_edition_is_a_part_where_there_is_one(tool, monkeypatch, tmp_path):
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    tool.made(tmp_path / "notebooks" / "00.ipynb").touch()
    assert tool.contents() == {"The course": ["notebooks/00.ipynb"]}
    tool.made(tmp_path / "notebooks" / "ko" / "00.ipynb").touch()
    assert tool.contents()["한국어"] == ["notebooks/ko/00.ipynb"]


def test_every_page_is_laid_out_and_leads_on(tool, tmp_path):
    tool.lay_out(tmp_path)
    pages = [*tmp_path.rglob("*.md"), *tmp_path.rglob("*.ipynb")]
    assert len(pages) == 1 + sum(map(len, tool.contents().values()))
    for page in pages:
        text = prose(page)
        assert "localhost:8888" not in text and not re.search(r"!\[[^\]]*\]\(http", text), (
            f"{page.name} needs a network"
        )
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)\s#]+)", re.sub(r"```.*?```|`[^`]*`", "", text)):
            place = tmp_path / target[1:] if target.startswith("/") else page.parent / target
            assert place.exists(), f"{page.relative_to(tmp_path)}: {target} leads nowhere"
        if page.suffix == ".ipynb":
            outputs = json.dumps([cell.get("outputs") for cell in nbformat.read(page, 4).cells])
            assert 'src=\\"http' not in outputs


def test_links_out_of_the_book_lead_to_the_repository(tool):
    pages = {"notebooks/01_photos_and_masks.ipynb", "docs/teach/README.md"}
    text = "[a](01_photos_and_masks.ipynb#Look-first) [b](../README.md#credits) [c](../LICENSE) [d](https://x.org/y)"
    assert tool.addresses(text, "notebooks/00_start_here.ipynb", pages) == (
        f"[a](01_photos_and_masks.ipynb#look-first) [b](/index.md#credits) [c]({tool.repository()}/tree/main/LICENSE)"
        " [d](https://x.org/y)"
    )


def test_a_page_that_would_fetch_something_is_a_fault(tool, tmp_path):
    (tmp_path / "good.html").write_text('<img src="a.png"><a href="https://x.org">x</a><script src="b.js"></script>')
    assert tool.fetched(tmp_path) == []
    for remote in ('<script async src="https://x.org/b.js">', '<link rel="stylesheet" href="http://x.org/c.css">'):
        (tmp_path / "bad.html").write_text(remote)
        assert len(tool.fetched(tmp_path)) == 1
