"""A real JupyterLab and a real chromium, with settings and drawings of their own."""

from __future__ import annotations

import pytest
from lab import chromium, running_lab
from playwright.sync_api import Page

VIEW = {"width": 1360, "height": 1400}


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Address of a JupyterLab that serves a copy of the notebooks."""
    with running_lab(tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """A browser."""
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def page(browser) -> Page:
    """An empty tab."""
    context = browser.new_context(viewport=VIEW)
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()
