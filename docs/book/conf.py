"""Sphinx's settings for the website; ``tools/book.py`` lays out the pages and builds it."""

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

project = "Sketch2Fashion"
author = "the authors of Sketch2Fashion"
copyright = "the authors of Sketch2Fashion: prose CC BY 4.0, code MIT"
extensions = ["myst_nb"]
nb_execution_mode = "off"  # the pages show what tools/notebooks.py has run
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
suppress_warnings = ["mystnb.unknown_mime_type", "mystnb.mime_type"]  # a widget has no picture on a page
html_theme = "sphinx_book_theme"
html_title = "Sketch2Fashion"
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": True,
    "home_page_in_toc": True,
    "navbar_persistent": [],
}
html_static_path = ["static"]
html_css_files = ["book.css"]
html_math_renderer = "mathml"  # the default fetches MathJax


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(latex2mathml.tex2mathml(node.astext()))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(latex2mathml.tex2mathml(node.astext(), as_block=True))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
