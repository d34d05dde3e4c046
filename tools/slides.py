"""Slides for teachers, from the notebooks: ``make slides`` writes ``build/slides/00.html`` and so on.

What is on a slide follows from what a notebook is already; no cell is marked by hand.

- A heading begins a slide, with the first sentences below it. A prediction is a slide of its own.
- A picture, a small table, and a few printed lines that a prediction waits for: a slide each, with the caption and, in
  a fold, the code; the first one stands under its heading, if nothing comes between. Setup, stubs of exercises, hints
  and solutions stay away.
- The whole prose goes into the speaker's notes (key ``S``).

A deck is one file that fetches nothing.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from matplotlib.mathtext import math_to_image
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pygments.formatters import HtmlFormatter

from notebooks import ROOT

WORDS, ROWS, ITEMS = 45, 10, 8
FOLD = re.compile(r"<details>.*?</details>", re.DOTALL)
BOUNDARY = re.compile(r"""(?<=[.!?])([*_"”)]*)\s+(?=[A-Z"“*`[(])""")
CAPTION = re.compile(r"\*(?!\*)(.+?)(?<!\*)\*(?!\*)(?=\s|$)", re.DOTALL)


def reveal() -> Path:
    """The folder of reveal.js, which the package sphinx-revealjs carries."""
    found = importlib.util.find_spec("sphinx_revealjs")
    if not found:
        raise SystemExit("sphinx-revealjs, which carries reveal.js, is not here: make slides installs it")
    return Path(found.origin).parent / "_static" / "revealjs"


def formula(tex: str) -> str:
    """TeX as a picture inside the page, so that no MathJax is fetched."""
    stream = io.BytesIO()
    math_to_image(f"${tex}$", stream, format="svg")
    data = base64.b64encode(stream.getvalue()).decode()
    return f'<img class="formula" alt="{tex}" src="data:image/svg+xml;base64,{data}">'


def sentences(text: str, words: int) -> str:
    """The first sentences of a paragraph, so many words at most but one at least; no emphasis is cut in two."""
    parts = re.split(r"\n", BOUNDARY.sub(r"\1\n", " ".join(text.split())))
    said = parts.pop(0)
    while parts and (said.count("**") % 2 or len(f"{said} {parts[0]}".split()) <= words):
        said = f"{said} {parts.pop(0)}"
    return said


def short(text: str) -> str:
    """What of a section's markdown fits on a slide: its first sentences, and of a list or a table the beginning."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"^((?!- |\d+\. ).+)\n(?=- |\d+\. )", r"\1\n\n", text, flags=re.M)
    kept, room = [], WORDS
    for block in filter(None, map(str.strip, re.split(r"\n\s*\n", text))):
        if room <= 0:
            break
        if block.startswith("|"):
            kept.append("\n".join(block.splitlines()[: ROWS + 2]))
            break
        if re.match(r"- |\d+\. ", block):
            items = re.split(r"\n(?=- |\d+\. )", block)[:ITEMS]
            kept.append("\n".join(sentences(item, 26) for item in items))
            break
        kept.append(sentences(block, room))
        room -= len(block.split())
    return "\n\n".join(kept)


def addresses(text: str) -> str:
    """Links to notebooks become links to their decks; other files of the repository are named, not linked."""
    text = re.sub(r"\]\((?:\.\./)*(?:notebooks/)?(\d\d)_\w+\.ipynb[^)]*\)", r"](\1.html)", text)
    text = re.sub(r"(?<!!)\[([^\]]+)\]\((?!https?:|\d\d\.html)[^)]*\)", r"\1", text)
    return re.sub(r"\$\$?([^$\n]+)\$\$?", lambda found: formula(found[1]), text)


def page(text: str, kind: str, data: str = "") -> NotebookNode:
    """A cell of markdown: ``kind`` is reveal's slide type, ``data`` what the style sheet should know of the slide."""
    meta = {"slideshow": {"slide_type": kind} | ({"data": {"kind": data}} if data else {})}
    return new_markdown_cell(addresses(text), metadata=meta)


def framed(style: str, text: str) -> str:
    return f'<div class="{style}">\n\n{text}\n\n</div>'


def code(source: str, outputs: list) -> NotebookNode:
    return new_code_cell(source, outputs=outputs, metadata={"slideshow": {"slide_type": "-"}})


def visible(output: NotebookNode) -> bool:
    """Pictures and small tables."""
    data = output.get("data", {})
    table = data.get("text/html", "")
    return "image/png" in data or bool(table and table.count("<tr") <= ROWS and not re.search(r'src="http|<scr', table))


def printed(cell: NotebookNode) -> list[NotebookNode]:
    """What a cell prints, as one output; nothing where it is more than a slide holds."""
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    return [new_output("stream", text=text)] if 0 < len(text.splitlines()) <= ROWS else []


def title(head: str) -> Iterator[NotebookNode]:
    """The first cell: title, promise and level; then what the learner can do by the end."""
    lines = [line for line in head.splitlines() if line.startswith(("# ", "**", "Level: "))]
    yield page("\n\n".join(lines), "slide")
    if goals := re.search(r"^By the end you can…\n+((?:- .*\n?)+)", head, flags=re.M):
        yield page(f"## By the end you can…\n\n{goals[1]}", "slide")


def prose(text: str, code_below: str) -> Iterator[NotebookNode]:
    """Slides of a markdown cell without its folds: one a heading, one a prediction; and all of it as notes."""
    for block in re.split(r"^(?=#{2,4} |\*\*Predict)", text, flags=re.M):
        if heading := re.match(r"(#{2,4}) .+", block):
            kind = "slide" if heading[1] == "##" else "subslide"
            yield page(f"{heading[0]}\n\n{short(block[heading.end() :])}", kind, "heading")
        elif block.startswith("**Predict"):
            yield page(re.split(r"\n\s*\n", block.strip())[0], "subslide", "question")
            yield code(code_below, [])
        if block.strip():
            yield page(block, "notes")


def kind(cell: NotebookNode) -> str:
    """What the style sheet knows of a slide's first cell."""
    return cell.metadata.slideshow.get("data", {}).get("kind", "")


def shown(cell: NotebookNode, caption: str, where: str, answers: bool) -> Iterator[list[NotebookNode]]:
    """For each slide that a code cell gives, its cells: where we are, outputs and code, caption.

    ``answers``: a prediction waits for what the cell prints.
    """
    slides = [[output] for output in cell.outputs if visible(output)]
    if answers and (lines := printed(cell)):
        slides = [*slides[:-1], slides[-1] + lines] if slides else [lines]
    for outputs in slides:
        below = [page(framed("caption", caption), "-")] if caption and "image/png" in outputs[0].get("data", {}) else []
        yield [page(framed("where", where), "subslide"), code(cell.source, outputs), *below]


def deck(notebook: NotebookNode) -> NotebookNode:
    """The notebook of the slides: cells of ``notebook``, shortened and marked for nbconvert."""
    first, *cells = notebook.cells
    slides, where, exercise, answers = [*title(first.source)], "", False, False
    for cell, following in zip(cells, [*cells[1:], new_markdown_cell("")], strict=True):
        if cell.cell_type == "markdown":
            exercise, answers = "<summary>" in cell.source, "**Predict" in cell.source
            text = FOLD.sub("", cell.source)
            slides += prose(text, "" if exercise or following.cell_type == "markdown" else following.source)
            where = [where, *re.findall(r"^#{2,4} (.+)$", text, flags=re.M)][-1]
        elif not exercise and "google.colab" not in cell.source:
            caption = CAPTION.match(following.source) if following.cell_type == "markdown" else None
            for slide in shown(cell, caption[1] if caption else "", where, answers):
                said = [other for other in slides if other.metadata.slideshow.slide_type != "notes"]
                slides += slide[1:] if kind(said[-1]) == "heading" else slide
    return new_notebook(cells=slides)


def html(notebook: NotebookNode, assets: Path) -> str:
    """The deck of a notebook as one page. ``assets``: the folder of reveal.js."""
    exporter = SlidesExporter(template_file=str(Path(__file__).with_suffix(".html.j2")), exclude_output_prompt=True)
    style = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    files = {"reveal_css": "dist/reveal.css", "reveal_js": "dist/reveal.js", "notes_js": "plugin/notes/notes.js"}
    inside = {name: (assets / path).read_text(encoding="utf-8") for name, path in files.items()}
    heading = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    return exporter.from_notebook_node(deck(notebook), {**inside, "code_css": style, "title": heading})[0]


def main() -> None:
    target = ROOT / "build" / "slides"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        made = target / f"{path.name[:2]}.html"
        made.write_text(html(nbformat.read(path, 4), reveal()), encoding="utf-8")
        print(made.relative_to(ROOT))


if __name__ == "__main__":
    main()
