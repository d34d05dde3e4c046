"""A JupyterLab, a Voila and a chromium to drive, for the tests and for benchmarks."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, sync_playwright

from s2f_helpers.common.paths import ROOT, cache_dir

NOTEBOOKS = ROOT / "notebooks"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
# No pop-up over the page, and every cell in the document even when it is out of sight.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false"},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
START_S = 240


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Where another client than playwright's own finds the browser.
DEBUGGING_PORT = _free_port()


@contextmanager
def running_lab(home: Path) -> Iterator[str]:
    """Address (with its token, and ``{notebook}`` to fill in) of a JupyterLab that serves a copy of the notebooks."""
    shutil.copytree(NOTEBOOKS, home / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for name, values in LAB_SETTINGS.items():
        path = home / "settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    port, token = _free_port(), secrets.token_hex(16)
    command = [
        "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}", f"--notebook-dir={home / 'notebooks'}",
    ]  # fmt: skip
    with _serving(command, home, f"http://127.0.0.1:{port}/api?token={token}"):
        yield f"http://127.0.0.1:{port}/lab/tree/{{notebook}}?token={token}"


@contextmanager
def running_voila(home: Path, notebooks: Path) -> Iterator[str]:
    """Address (with ``{notebook}`` to fill in) of a Voila that serves a folder as `make app` serves one notebook."""
    if not os.environ.get("CI"):  # where it is installed, so that a skip would hide a fault
        pytest.importorskip("voila")
    port = _free_port()
    command = ["voila", str(notebooks), "--template", "studio", "--no-browser", f"--port={port}"]
    with _serving(command, home, f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/voila/render/{{notebook}}"


@contextmanager
def _serving(command: list[str], home: Path, address: str) -> Iterator[None]:
    with open(home / "log", "w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], env=_environment(home), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_up(address, server, home / "log")
            yield
        finally:
            _stop(server)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium (or the one at hand), driven by playwright."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert executable, "no chromium here: on Debian, apt-get install chromium fonts-noto-core"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*CHROMIUM_OPTIONS, f"--remote-debugging-port={DEBUGGING_PORT}"]
        )
        yield browser
        browser.close()


def _environment(home: Path) -> dict[str, str]:
    settings = {
        "PYTHONPATH": str(ROOT),
        "JUPYTER_PATH": str(ROOT / "tools"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "S2F_CACHE": str(_cache_without_drawing(home / "cache")),
    }
    return {**os.environ, **settings}


def _cache_without_drawing(folder: Path) -> Path:
    """The real cache, except that the person's own drawing is neither shown nor overwritten."""
    folder.mkdir()
    for entry in cache_dir("studio").parent.iterdir():
        if entry.name != "studio":
            (folder / entry.name).symlink_to(entry.resolve(), target_is_directory=entry.is_dir())
    return folder


def _wait_until_up(address: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.3)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")


def _stop(server: subprocess.Popen) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
