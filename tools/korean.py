"""Keep ``notebooks/ko/`` in step with ``notebooks/``: ``python tools/korean.py notebooks/*.ipynb`` (runs nothing).

Code, outputs and addresses are the English notebook's. A Korean markdown cell remembers in its metadata a hash of the
English text that it translates, so a translation follows its cell wherever that moves. Where the English is new or has
changed, the cell keeps its old text below a comment with the English of today: translate, then delete the comment.
Such cells are listed, and the exit status is 1 while there are any. Words: ``docs/terms.md``.
"""

from __future__ import annotations

import hashlib
import re
import sys
from difflib import SequenceMatcher
from pathlib import Path

import nbformat
from solutions import deeper

from notebooks import ROOT, describe, write_addresses

BADGES = re.compile(r"^\[!\[Open in Colab\].*$", flags=re.M)
TIME = re.compile(r"time: .*?(?= · needs: )")  # written by tools/times.py, in both languages
TODO = re.compile(r"\A<!-- To translate; then delete this comment\.\n.*?\n-->\n", flags=re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HANGUL = re.compile("[가-힣]")


def fingerprint(english: str) -> str:
    """What tells one English text from another; its badges and its measured time do not count."""
    return hashlib.sha256(TIME.sub("", BADGES.sub("", english)).encode()).hexdigest()[:10]


def address(target: str) -> str:
    """Where a link of an English notebook leads from ``notebooks/ko/``: to Korean pages where there are any."""
    target = deeper(f"]({target})", "ko")[2:-1]
    target = re.sub(r"^\.\./(\d\d_\w+\.ipynb)", r"\1", target)
    return target.replace("../README.md", "../README.ko.md")


def linked(korean: str, english: str) -> str:
    """The translation, with those of its links that are still the English cell's led to where they should."""
    links = set(LINK.findall(english))
    return LINK.sub(lambda link: f"]({address(link[1])})" if link[1] in links else link[0], korean)


def paired(english: list[str], korean: list[nbformat.NotebookNode]) -> list[str]:
    """An old text for each English cell, or "": that of the same hash, else what stood in its place."""
    known = {cell.metadata.get("translates"): cell.source for cell in korean}
    new, old = [fingerprint(text) for text in english], list(known)
    texts = [known.get(mark, "") for mark in new]
    for _, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        lost = [known[mark] for mark in old[first:last] if mark not in new]
        empty = [place for place in range(start, end) if not texts[place]]
        for place in empty[:-1]:
            texts[place] = lost.pop(0) if lost else ""
        if empty:  # more old cells than new ones: cells were joined
            texts[empty[-1]] = "\n\n".join(lost)
    return texts


def waiting(text: str, english: str) -> str:
    """A cell's text below the English that somebody still has to translate."""
    body = text if HANGUL.search(text) else english
    return f"<!-- To translate; then delete this comment.\n{english.replace('-->', '->')}\n-->\n{body}"


def translated(english: nbformat.NotebookNode, korean: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """``notebooks/ko/<name>``, from the English notebook (changed in place) and the Korean one of yesterday."""
    old = [cell for cell in korean.cells if cell.cell_type == "markdown"]
    done = {cell.metadata.get("translates") for cell in old if not TODO.match(cell.source)}
    new = [cell for cell in english.cells if cell.cell_type == "markdown"]
    for cell, text in zip(new, paired([cell.source for cell in new], old), strict=True):
        mark, source = fingerprint(cell.source), cell.source
        text = TODO.sub("", text)
        cell.metadata["translates"] = mark
        cell.source = linked(text if mark in done else waiting(text, source), source)
    for cell in english.cells:
        if cell.cell_type == "code":
            cell.source = deeper(cell.source, "ko")
    write_addresses(english, f"ko/{name}")
    describe(english)
    return english


def main(paths: list[str]) -> int:
    """Refresh the Korean notebooks of the English ``paths``, list what waits for a translator, return the status."""
    count = 0
    for path in map(Path, paths):
        place = ROOT / "notebooks" / "ko" / path.name
        place.parent.mkdir(exist_ok=True)
        old = nbformat.read(place, 4) if place.exists() else nbformat.v4.new_notebook()
        notebook = translated(nbformat.read(path, 4), old, path.name)
        nbformat.write(notebook, place)
        for number, cell in enumerate(notebook.cells):
            if TODO.match(cell.source):
                count += 1
                print(f"notebooks/ko/{path.name}: cell {number} is to be translated")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
