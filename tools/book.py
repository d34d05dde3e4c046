"""The course as a website: ``make book`` writes ``build/book``, which opens from the disk and fetches nothing.

The pages are the README, the notebooks with the outputs they have, the teacher's pages, the cards of weights and data,
and the Korean edition where there is one. ``notebooks/solutions`` stays out: each solution lies in a fold of its own
notebook already. A link to anything else of the repository leads to where that is published.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import nbformat

from notebooks import ROOT, repository

LINK = re.compile(r"(\]\()(?!https?:|mailto:)([^)\s#]*)(#[^)\s]*)?(\))")
ANCHOR = re.compile(r'<a id="([^"]+)"></a>')  # what an English link leads to on a Korean page
BADGES = re.compile(r"^\[!\[.*$", re.M)
BADGE = re.compile(r"\[!\[([^\]]+)\]\([^)]+\)\]\(([^)]+)\)")
REMOTE = re.compile(
    r"""<(?:script|img|iframe)[^>]+src=["']https?:[^>]*|<link[^>]+stylesheet[^>]+href=["']https?:[^>]*"""
)
PARTS = {
    "The course": ["notebooks/*.ipynb"],
    "For teachers": ["docs/teach/*.md"],
    "Data and weights": ["data/README.md", "data/drawings/README.md", "weights/*.md"],
    "한국어": ["README.ko.md", "notebooks/ko/*.ipynb"],
}


def contents() -> dict[str, list[str]]:
    """The parts of the book and their pages, as paths below the repository; a part without pages is left out."""
    parts = {
        part: [path.relative_to(ROOT).as_posix() for pattern in patterns for path in sorted(ROOT.glob(pattern))]
        for part, patterns in PARTS.items()
    }
    return {part: pages for part, pages in parts.items() if pages}


def addresses(text: str, page: str, pages: set[str]) -> str:
    """The links of a page, as they must read in the book; its badges as plain links, which need no picture."""

    def link(found: re.Match) -> str:
        before, target, anchor, after = found[1], found[2], (found[3] or "").lower(), found[4]
        path = (ROOT / page).parent.joinpath(target).resolve() if target else ROOT / page
        inside = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        if inside in {"README.md", "."}:
            return f"{before}/index.md{anchor}{after}"
        if not target or inside in pages or path.suffix in {".png", ".gif"}:
            return f"{before}{target}{anchor}{after}"
        return f"{before}{repository()}/tree/main/{inside}{anchor}{after}"

    def plain(line: re.Match) -> str:
        return " · ".join(f"[{name}]({target})" for name, target in BADGE.findall(line[0]) if "localhost" not in target)

    text = ANCHOR.sub(lambda found: f"({found[1].lower()})=", text)
    return LINK.sub(link, BADGES.sub(plain, text))


def bound(notebook: nbformat.NotebookNode, page: str, pages: set[str]) -> nbformat.NotebookNode:
    """A notebook as a page of the book, changed in place: its links, and no picture from a shop's address."""
    notebook.metadata.language_info["pygments_lexer"] = "ipython3"  # knows the Colab cell's % and !
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = addresses(cell.source, page, pages)
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output.data["text/html"] = re.sub(r'src="https?:[^"]*"', "", output.data["text/html"])
    return notebook


def lay_out(source: Path) -> None:
    """Write every page, with its links, below ``source``, and the pictures they show."""
    parts = contents()
    pages = {page for part in parts.values() for page in part}
    for page in pages:
        if page.endswith(".ipynb"):
            nbformat.write(bound(nbformat.read(ROOT / page, 4), page, pages), made(source / page))
        else:
            text = (ROOT / page).read_text(encoding="utf-8")
            made(source / page).write_text(addresses(text, page, pages), encoding="utf-8")
    front = addresses((ROOT / "README.md").read_text(encoding="utf-8"), "README.md", pages)
    made(source / "index.md").write_text(front + toctree(parts), encoding="utf-8")
    for picture in [*ROOT.glob("docs/*.png"), *ROOT.glob("docs/*.gif")]:
        shutil.copyfile(picture, made(source / picture.relative_to(ROOT)))


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def toctree(parts: dict[str, list[str]]) -> str:
    """The book's contents, which Sphinx reads below the first page."""
    trees = [
        "\n".join(["```{toctree}", ":hidden:", f":caption: {part}", "", *pages, "```"]) for part, pages in parts.items()
    ]
    return "\n\n" + "\n\n".join(trees) + "\n"


def fetched(folder: Path) -> list[str]:
    """What the pages in a folder would fetch from elsewhere as soon as they are opened."""
    return [
        f"{page.relative_to(folder)}: {found}"
        for page in sorted(folder.rglob("*.html"))
        for found in REMOTE.findall(page.read_text(encoding="utf-8"))
    ]


def main() -> int:
    """Build. The exit status is 1 where a link leads nowhere or a page would need the network."""
    from sphinx.cmd.build import build_main

    source, target = ROOT / "build" / "book-pages", ROOT / "build" / "book"
    for folder in (source, target):
        shutil.rmtree(folder, ignore_errors=True)
    lay_out(source)
    status = build_main(["-q", "-W", "--keep-going", "-c", str(ROOT / "docs" / "book"), str(source), str(target)])
    faults = fetched(target)
    print("\n".join(faults), end="\n" if faults else "")
    print("the book has faults, see above" if status or faults else f"open {target / 'index.html'}")
    return 1 if status or faults else 0


if __name__ == "__main__":
    sys.exit(main())
