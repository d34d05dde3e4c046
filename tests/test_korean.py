"""The Korean edition says what the English one says, cell by cell, in the words of docs/terms.md."""

from __future__ import annotations

import copy
import importlib
import re
import sys

import nbformat
import pytest

from s2f_helpers.common.paths import ROOT

KOREAN = sorted((ROOT / "notebooks" / "ko").glob("*.ipynb"))
README, README_KO = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
FENCED = re.compile(r"```.*?```", flags=re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
SMALL = {str(n) for n in range(13)}  # which English writes as words
HANGUL, LETTER = "[가-힣]", "[^\\W\\d_]"


@pytest.fixture(scope="module")
def tool():
    sys.path.insert(0, str(ROOT / "tools"))
    names = ("notebooks", "solutions", "korean")
    for name in names:
        sys.modules.pop(name, None)
    yield importlib.import_module("korean")
    sys.path.remove(str(ROOT / "tools"))
    for name in names:
        sys.modules.pop(name, None)


def pair(path) -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    """The English notebook and the Korean one."""
    return nbformat.read(ROOT / "notebooks" / path.name, 4), nbformat.read(path, 4)


def words(text: str) -> str:
    """What is prose: without code, addresses and quoted titles of papers."""
    return re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]+>|https?://\S+|\[\*[^*]+\*", " ", text, flags=re.S)


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,]*(?:\.\d+)?(?<!,)", words(text)))


def faults(tool, english, korean, name: str) -> list[str]:
    """What is wrong with a Korean notebook, a sentence each."""
    if [cell.cell_type for cell in english.cells] != [cell.cell_type for cell in korean.cells]:
        return ["cells are missing or too many"]
    found, fresh = [], tool.translated(copy.deepcopy(english), copy.deepcopy(korean), name)
    for number, (mine, theirs, made) in enumerate(zip(korean.cells, english.cells, fresh.cells, strict=True)):
        if mine != made:
            waits = made.source.startswith("<!-- To translate")
            found.append(f"cell {number}: {'no translation of today' if waits else 'run tools/korean.py'}")
        if mine.cell_type == "markdown":
            found += [f"cell {number}: {fault}" for fault in untrue(tool, theirs.source, mine.source)]
    return found


def untrue(tool, english: str, korean: str) -> list[str]:
    """Where one translated text says something else than its original."""
    skeleton = [
        ("headings", lambda text: re.findall(r"^#+(?= )", FENCED.sub("", text), flags=re.M)),
        ("folds", lambda text: re.findall(r"</?(?:details|summary)>", text)),
        ("blocks of code", FENCED.findall),
        ("names in code", lambda text: sorted(set(re.findall(r"`[^`\n]+`", FENCED.sub("", text))))),
        ("rows of a table", lambda text: len(re.findall(r"^\|", text, flags=re.M))),
        ("numbered points", lambda text: re.findall(r"^\d+\.(?= )", text, flags=re.M)),
    ]
    found = [what for what, of in skeleton if of(english) != of(korean)]
    links = [tool.address(target) for target in LINK.findall(FENCED.sub("", tool.BADGES.sub("", english)))]
    if sorted(links) != sorted(LINK.findall(FENCED.sub("", tool.BADGES.sub("", korean)))):
        found.append("links")
    if missing := numbers(english) - numbers(korean):
        found.append(f"numbers {sorted(missing)}")
    found += [f"{place} does not show as emphasis" for place in broken_emphasis(korean)]
    if re.search(LETTER, words(korean)) and not re.search(HANGUL, korean):
        found.append("not translated")
    return found


def broken_emphasis(text: str) -> list[str]:
    """Stars between a sign and a syllable, as in ``**(GAN)**은``, which CommonMark shows as stars."""
    found = []
    for paragraph in re.sub(r"```.*?```|`[^`\n]*`", "code", text, flags=re.S).split("\n"):
        for count, stars in enumerate(re.finditer(r"(?<=(.))\*+(?=(.))", " " + paragraph + " ")):
            outside, inside = (stars[2], stars[1]) if count % 2 else (stars[1], stars[2])
            if re.match(HANGUL, outside) and re.match(r"[^\w\s]", inside):
                found.append(paragraph[max(0, stars.start() - 12) : stars.end() + 5])
    return found


@pytest.mark.parametrize("path", KOREAN, ids=lambda path: path.stem)
def test_korean_notebook_is_the_english_one(tool, path):
    english, korean = pair(path)
    assert not faults(tool, english, korean, path.name)


def test_every_notebook_has_its_korean_one():
    english = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    korean = {path.name for path in KOREAN}
    assert korean == english
    assert all(f"(notebooks/ko/{name})" in README_KO for name in korean)


def drop_a_cell(english, korean):
    del korean.cells[2]


def change_code(english, korean):
    next(cell for cell in korean.cells if cell.cell_type == "code").source += "\nx = 1"


def change_an_output(english, korean):
    next(cell for cell in korean.cells if cell.get("outputs")).outputs.pop()


def change_the_english(english, korean):
    english.cells[2].source += " And one thing more."


def leave_english(english, korean):
    korean.cells[2].source = english.cells[2].source


def lead_elsewhere(english, korean):
    korean.cells[-1].source = LINK.sub("](nowhere.ipynb)", korean.cells[-1].source, count=1)


def open_another_file(english, korean):
    korean.cells[0].source = korean.cells[0].source.replace("notebooks/ko/", "notebooks/")


def another_figure(english, korean):
    korean.cells[0].source = re.sub(r"\d+ ?s\b|\d+초", "7초", korean.cells[0].source)


@pytest.mark.parametrize(
    "spoil",
    [drop_a_cell, change_code, change_an_output, change_the_english, leave_english, lead_elsewhere, open_another_file,
     another_figure],
)  # fmt: skip
def test_a_spoilt_copy_is_found(tool, spoil):
    english, korean = pair(KOREAN[0])
    spoil(english, korean)
    assert faults(tool, english, korean, KOREAN[0].name)


def test_a_translation_follows_its_cell_and_an_old_one_is_kept(tool):
    new = nbformat.v4
    english = new.new_notebook(cells=[new.new_markdown_cell(text) for text in ("One.", "Two.", "Three.")])
    empty = new.new_notebook()
    korean = tool.translated(copy.deepcopy(english), empty, "x.ipynb")
    assert all("To translate" in cell.source for cell in korean.cells)
    for cell, text in zip(korean.cells, ("하나.", "둘.", "셋."), strict=True):
        cell.source = text
    english.cells = [new.new_code_cell("1"), english.cells[2], english.cells[0], new.new_markdown_cell("Two, changed.")]
    moved = tool.translated(copy.deepcopy(english), korean, "x.ipynb")
    assert [cell.source for cell in moved.cells[:3]] == ["1", "셋.", "하나."]
    assert "Two, changed." in moved.cells[3].source and "둘." in moved.cells[3].source
    again = tool.translated(copy.deepcopy(english), moved, "x.ipynb")
    assert again.cells == moved.cells, "a second run changes nothing"
    again.cells[3].source = "둘, 바뀜."
    assert tool.translated(english, again, "x.ipynb").cells[3].source == "둘, 바뀜."


def avoided(terms: str) -> dict[str, str]:
    """The words that the term table rules out, and what to write."""
    rows = [line.strip("| ").split(" | ") for line in terms.splitlines() if line.startswith("| ")][1:]
    return {word.strip(): row[1] for row in rows for word in row[2].split(",") if word.strip("– ")}


def misnamed(text: str) -> dict[str, str]:
    """Ruled-out words of a text, and what to write."""
    table = avoided((ROOT / "docs" / "terms.md").read_text(encoding="utf-8"))
    return {wrong: right for wrong, right in table.items() if wrong in words(text)}


@pytest.mark.parametrize("path", KOREAN, ids=lambda path: path.stem)
def test_one_word_for_one_thing(path):
    cells = nbformat.read(path, 4).cells
    assert not misnamed("\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))


def test_one_word_for_one_thing_in_the_readme_and_the_rule_can_fail():
    assert not misnamed(README_KO)
    assert misnamed("생성기와 `생성기`") and not misnamed("`생성기`와 생성자")


def test_emphasis_that_would_show_as_stars_is_found():
    assert broken_emphasis("이것은 **생성자(generator)**입니다") and broken_emphasis("이것**(저것)** 말고")
    assert not broken_emphasis("**생성자**는 **판별자(discriminator)** 와 (*둘*)이") and not broken_emphasis(README_KO)


def test_korean_readme_promises_what_the_english_one_does():
    for what in (
        r"```(?:bash|python)\n(.*?)```",
        r"(`(?:make|python|pip|conda) [^`\n]+`)",
        r"\]\(((?:notebooks|weights|docs)/[^)]+)\)",
    ):
        english = set(re.findall(what, README, flags=re.S))
        korean = {found.replace("notebooks/ko/", "notebooks/") for found in re.findall(what, README_KO, flags=re.S)}
        assert korean == english
    assert "(README.ko.md)" in README and "(README.md)" in README_KO


def test_korean_readme_has_the_english_figures():
    tables = [[row for row in text.splitlines() if row.startswith("|")] for text in (README, README_KO)]
    assert len(tables[0]) == len(tables[1])
    for english, korean in zip(*tables, strict=True):
        assert numbers(english) <= numbers(korean), korean
        assert not {n for n in numbers(korean) - numbers(english) if n not in SMALL}, korean
    assert numbers(README_KO) <= numbers(README) | SMALL
