"""The rules of the house: layers, doors, and what may be committed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ROOMS = ["common", "data", "sketch", "gan", "segment", "search", "studio"]
PINS = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().lower().split() if "==" in line)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.lower())


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sum(project["optional-dependencies"].values(), project["dependencies"])


def imported_rooms(path: Path) -> set[str]:
    """The rooms a file imports at its top level or anywhere in its functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("s2f_helpers.")} & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_imports_only_from_rooms_before_it(room):
    allowed = set(ROOMS[: ROOMS.index(room) + 1])
    if room == "common":
        allowed |= {"sketch"}  # Sketch.from_image is the one name that reaches ahead, inside its function
    for path in (ROOT / "s2f_helpers" / room).rglob("*.py"):
        assert imported_rooms(path) <= allowed, f"{path.relative_to(ROOT)} reaches ahead"


def test_every_dependency_has_a_tested_version():
    pinned = {normal(name) for name in PINS}
    for line in requirements():
        assert normal(re.match(r"[\w.-]+", line)[0]) in pinned, f"{line} has no pin in constraints.txt"


def test_the_command_s2f_leads_to_the_doctor_and_the_grader(monkeypatch, capsys):
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]["s2f"]
    monkeypatch.setattr(sys, "argv", ["s2f", "--help"])
    with pytest.raises(SystemExit, match="0"):
        EntryPoint("s2f", declared, "console_scripts").load()()
    said = capsys.readouterr().out
    assert said.startswith("usage: s2f ") and "doctor" in said and "grade" in said


def test_makes_own_environment_has_the_command_too(monkeypatch):
    command = shutil.which("s2f", path=Path(sys.prefix) / "bin")
    if not command:
        stop = pytest.fail if os.environ.get("CI") else pytest.skip  # CI's is: a skip there would hide a fault
        stop("this environment was not made by tools/environment.sh")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    done = subprocess.run([command, "grade", "--trust", "no/such/folder"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "no/such/folder" in done.stderr and "Traceback" not in done.stderr


def test_conda_door_reads_the_same_two_files():
    pip = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"][-1]["pip"]
    assert pip == ["--constraint constraints.txt", "--editable .[test]"]


def test_colab_door_has_the_same_pins():
    """Colab brings torch, numpy and the widgets itself; what we add there is what we test, but for ipycanvas."""
    lines = (ROOT / "requirements-colab.txt").read_text().splitlines()
    colab = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert colab.pop("ipycanvas") == "0.13.3"
    pins = {normal(name): version for name, version in PINS.items()}
    assert colab and all(pins[normal(name)] == version for name, version in colab.items())
    wanted = {normal(re.match(r"[\w.-]+", line)[0]) for line in requirements()}
    assert {normal(name) for name in colab} <= wanted


def test_no_file_is_too_large_to_clone():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = {name: (ROOT / name).stat().st_size for name in files.splitlines() if (ROOT / name).is_file()}
    assert all(size <= 30_000_000 for size in sizes.values())
    assert all(size <= 1_000_000 for name, size in sizes.items() if name.endswith(".ipynb"))


def test_no_photo_of_others_is_committed():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not [name for name in files.splitlines() if name.lower().endswith((".jpg", ".jpeg"))]


@pytest.mark.parametrize("wish, policy", [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_waiting_threads_sleep_unless_the_user_wants_it_otherwise(wish, policy):
    told = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"} | wish
    code = "import s2f_helpers, os, sys; print(os.environ['OMP_WAIT_POLICY'], 'torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=told, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [policy, "False"], "set before torch is loaded, or it has no effect"
