"""Execute notebooks and keep outputs that are worth reading: ``python tools/notebooks.py notebooks/*.ipynb``.

What changes on every run (widget state, timings, progress bars) is dropped, and the launch badges and
the Colab cell are written from the one address in ``pyproject.toml``.
"""

from __future__ import annotations

import base64
import io
import os
import re
import sys
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT = Path(__file__).parents[1]
CAPTION = re.compile(r"\*(?!\*)(.+?)(?<!\*)\*(?!\*)", flags=re.S)  # in italics, first thing below a figure
WIDGET = "application/vnd.jupyter.widget-view+json"


def repository() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def badges(name: str) -> str:
    """The line of launch badges of ``notebooks/<name>``; each opens that very file.

    JupyterLab's works while one runs on this machine at its usual port with ``notebooks/`` as its folder, which is
    how ``make studio`` and ``jupyter lab notebooks/`` start it.
    """
    owner = repository().removeprefix("https://github.com/")
    colab = f"https://colab.research.google.com/github/{owner}/blob/main/notebooks/{name}"
    lab = f"http://localhost:8888/lab/tree/{name}"
    source = f"{repository()}/blob/main/notebooks/{name}"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Open in JupyterLab](https://img.shields.io/badge/JupyterLab-open-orange?logo=jupyter)]({lab}) "
        f"[![View on GitHub](https://img.shields.io/badge/GitHub-view-black?logo=github)]({source})"
    )


def write_addresses(notebook: nbformat.NotebookNode, name: str) -> None:
    """Put the badges in the first cell and the address into the Colab cell."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"^\[!\[Open in Colab\].*$", lambda _: badges(name), cell.source, flags=re.M)
        elif "google.colab" in cell.source:
            cell.source = re.sub(r"git clone (.*) https://\S+", rf"git clone \1 {repository()}.git", cell.source)


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop what differs between two runs of the same notebook."""
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                         "language_info": {"name": "python"}}  # fmt: skip
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags" and value}
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = smaller(output.data["image/png"])


def describe(notebook: nbformat.NotebookNode) -> None:
    """Give each figure the caption below it, for those who hear pages: nbconvert and readers of screens look there."""
    caption = ""
    for cell in reversed(notebook.cells):
        if cell.cell_type == "markdown":
            found = CAPTION.match(cell.source)
            caption = found[1] if found else ""
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.metadata["image/png"] = {"alt": caption.replace("*", "").replace("`", "")}


def smaller(png: str) -> str:
    """The same figure in at most 256 colours, which the eye hardly tells apart: a third of the bytes."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    stream = io.BytesIO()
    picture.quantize(256).save(stream, "PNG", optimize=True)
    packed = base64.b64encode(stream.getvalue()).decode() + "\n"
    return packed if len(packed) < len(png) else png


def _is_progress(output: nbformat.NotebookNode) -> bool:
    text = output.get("data", {}).get("text/plain", "")
    bar = WIDGET in output.get("data", {}) and re.search(r"\d+%\||\[\d\d:\d\d", text)
    return bool(bar) or (output.output_type == "stream" and output.name == "stderr")


def main(paths: list[str]) -> None:
    os.environ["TQDM_DISABLE"] = "1"
    for path in map(Path, paths):
        print(path, flush=True)
        notebook = nbformat.read(path, 4)
        write_addresses(notebook, path.name)
        NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(path.parent)}}).execute()
        clean(notebook)
        describe(notebook)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
