"""Grade learners' notebooks: ``python -m s2f_helpers grade FOLDER`` (``FOLDER/<learner>/<notebook>.ipynb``).

Each notebook runs in a process of its own, with limits on time, memory and processes, inside bubblewrap: no network,
none of your environment's variables, your files out of sight, a copy of nothing but the course to read. Then the
*course's* self-checks judge the learner's answers. Explain and open exercises are for you to read.

Learners' code runs in the process that judges it. Limits and sandbox protect you and the machine; they cannot keep a
determined person from faking a "Right". Read a few notebooks, as you would anyway.
"""

from __future__ import annotations

import argparse
import ast
import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import DATA, ROOT, WEIGHTS, cache_dir
from s2f_helpers.common.types import S2FError

__all__ = ["Limits", "add_arguments", "checks_of", "grade", "grade_folder", "sandbox"]

LARGEST_REPORT = 1_000_000
NOBODY = "65534"
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")


@dataclass(frozen=True)
class Limits:
    """What one notebook may use.

    Attributes:
        seconds: wall clock for the notebook; a single cell gets a third of it.
        gigabytes: memory of each process that it starts.
        processes: processes and threads together. Linux does not hold root to it: grade as another user.
    """

    seconds: int = 600
    gigabytes: int = 8
    processes: int = 256


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m s2f_helpers grade``."""
    parser.add_argument("folder", type=Path, help="one folder a learner in it, their notebooks inside")
    parser.add_argument("--csv", type=Path, help="where to write; default FOLDER/grades.csv")
    parser.add_argument(
        "--trust", action="store_true", help="run without bubblewrap: as you, with your files and network"
    )
    for name, value in asdict(Limits()).items():
        parser.add_argument(f"--{name}", type=int, default=value, help=f"for one notebook; default {value}")


def grade_folder(options: argparse.Namespace) -> None:
    """The command: grade, write the CSV, say where it is."""
    limits = Limits(options.seconds, options.gigabytes, options.processes)
    prefix = [] if options.trust else sandbox()
    rows = []
    for row in grade(options.folder, limits, prefix):
        rows.append(row)
        print(f"{row['learner']:24} {row['right']} of {row['of']}", flush=True)
    target = options.csv or options.folder / "grades.csv"
    text = io.StringIO()
    writer = csv.DictWriter(text, ["learner", "right", "of", "reasons"])
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    atomic_write(target, text.getvalue().encode("utf-8-sig"))  # the mark tells spreadsheets that names are UTF-8
    print(f"written to {target}")


def sandbox() -> list[str]:
    """The command line that bubblewrap needs in front of ours.

    Raises:
        S2FError: where bubblewrap is missing or may not make namespaces.
    """
    binary = shutil.which("bwrap")
    way_out = "Or add --trust, if you have read the notebooks: they then run as you, with your files and your network."
    if not binary:
        raise S2FError(f"learners' code runs in bubblewrap only: sudo apt-get install bubblewrap. {way_out}")
    readable = [Path(sys.base_prefix), Path(sys.prefix), ROOT / "s2f_helpers", DATA, WEIGHTS, ROOT / "pyproject.toml"]
    command = [binary, "--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev"]
    command += ["--unshare-user", "--uid", NOBODY, "--gid", NOBODY, "--cap-drop", "ALL", "--tmpfs", "/tmp"]
    for path in [*map(Path, SYSTEM), *readable]:
        command += ["--ro-bind-try", str(path), str(path)]
    probe = subprocess.run([*command, "/bin/true"], capture_output=True, text=True)
    if probe.returncode:
        raise S2FError(f"bubblewrap is here but may not work ({probe.stderr.strip()}). {way_out}")
    return command


def checks_of(course: Path) -> list[dict[str, str]]:
    """The self-checks that a notebook calls, in order: ``name``, ``call``, and ``setup``, the imports they need."""
    found = []
    for cell in nbformat.read(course, 4).cells:
        if cell.cell_type != "code" or "s2f_helpers" not in cell.source or "check_" not in cell.source:
            continue
        tree = ast.parse(cell.source)
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and "checks" in (node.module or "")]
        setup = "\n".join(map(ast.unparse, imports))
        names = {alias.name for node in imports for alias in node.names}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                found.append({"name": node.func.id, "call": ast.unparse(node), "setup": setup})
    return found


def grade(folder: Path, limits: Limits, prefix: list[str], notebooks: Path = ROOT / "notebooks") -> Iterator[dict]:
    """One row a learner: ``learner``, ``right``, ``of`` and ``reasons``, a reason for each check that is not right.

    Args:
        prefix: what :func:`sandbox` gives, or nothing for code you trust.
        notebooks: the course's own notebooks, which say what the checks are.

    Raises:
        S2FError: when there is no learner's folder with a notebook in it.
    """
    course = {path.stem: checks_of(path) for path in sorted(notebooks.glob("*.ipynb"))}
    handed_in = {}
    for learner in sorted(path for path in Path(folder).glob("*") if path.is_dir() and not path.is_symlink()):
        papers = [path for path in sorted(learner.rglob("*.ipynb")) if path.is_file() and not path.is_symlink()]
        papers = [path for path in papers if ".ipynb_checkpoints" not in path.parts]
        handed_in[learner.name] = {name: path for name in course for path in papers if name in path.stem}
    wanted = [name for name in course if course[name] and any(name in papers for papers in handed_in.values())]
    if not wanted:
        raise S2FError(f"{folder}: expected FOLDER/<learner>/<notebook>.ipynb, such as kim/{next(iter(course))}.ipynb")
    for learner, papers in handed_in.items():
        right, reasons = 0, []
        for name in wanted:
            passed, faults = _judge(papers.get(name), course[name], limits, prefix)
            right += passed
            reasons += [f"{name[:2]} {fault}" for fault in faults]
        total = sum(len(course[name]) for name in wanted)
        yield {"learner": learner, "right": right, "of": total, "reasons": "; ".join(reasons)}


def _judge(paper: Path | None, checks: list[dict], limits: Limits, prefix: list[str]) -> tuple[int, list[str]]:
    """How many checks a learner's notebook passes, and a reason for each that it does not."""
    if paper is None:
        return 0, ["not handed in"]
    report, ending = _run(paper, checks, limits, prefix)
    verdicts = {line["check"]: line["said"] for line in report if "check" in line}
    right = {line["check"] for line in report if line.get("right") is True}
    faults = [f"{one['name']}: {verdicts.get(one['name'], ending)}" for one in checks if one["name"] not in right]
    errors = [f"first error, {line['error']}" for line in report if "error" in line][:1]
    return len(right & {one["name"] for one in checks}), faults + (errors if faults else [])


def _run(paper: Path, checks: list[dict], limits: Limits, prefix: list[str]) -> tuple[list[dict], str]:
    """What the run reported, and how it ended. Never reads the notebook itself: that is done inside."""
    with tempfile.TemporaryDirectory(prefix="s2f-grade-") as home, tempfile.TemporaryFile() as output:
        work = Path(home) / "notebooks"
        (Path(home) / "cache").mkdir()
        work.mkdir()
        shutil.copyfile(paper, work / "notebook.ipynb")
        (Path(home) / "checks.json").write_text(json.dumps(checks), encoding="utf-8")
        command = [sys.executable, "-m", "s2f_helpers.grade_run", home, *map(str, asdict(limits).values())]
        mounts = _lend_caches(Path(home) / "cache")
        if prefix:
            command = [*prefix, "--bind", home, home, *mounts, "--chdir", str(work), *command]
        process = subprocess.Popen(
            command, cwd=work, env=_environment(home), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(limits.seconds)
            ending = "the notebook ended early" if code == 0 else f"the process died (exit status {code})"
        except subprocess.TimeoutExpired:
            ending = f"stopped after {limits.seconds} s"
        finally:
            _kill(process)
        output.seek(0)
        return _lines(output.read(LARGEST_REPORT)), ending


def _kill(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _environment(home: str) -> dict[str, str]:
    """Nothing of ours but what the course needs: no keys, no tokens, no home."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": home, "PYTHONPATH": str(ROOT),
        "S2F_HOME": str(ROOT), "S2F_PRESET": "smoke", "S2F_CACHE": f"{home}/cache", "MPLBACKEND": "agg",
        "LANG": "C.UTF-8", "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1", "IPYTHONDIR": f"{home}/.ipython",
        "USER": "learner", "LOGNAME": "learner",
    }  # fmt: skip


def _lend_caches(target: Path) -> list[str]:
    """What takes minutes to make: a copy of the course's index, which its readers lock, and the cut-outs to read.

    Returns:
        What bubblewrap must mount for the cut-outs; a link stands in for it where there is no bubblewrap.
    """
    for path in (cache_dir("index") / name for name in ("photos", "wardrobe")):
        if path.is_dir():
            shutil.copytree(path, target / "index" / path.name)
    mounts = []
    for path in cache_dir("").glob("cutouts-*"):
        (target / path.name).symlink_to(path)
        mounts += ["--ro-bind", str(path), str(path)]
    return mounts


def _lines(content: bytes) -> list[dict]:
    """The report's lines that are what they should be; a learner's code may have written others."""
    found = []
    for line in content.decode("utf-8", "replace").splitlines():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and all(isinstance(value, str | bool) for value in row.values()):
            found.append({key: value[:200] if isinstance(value, str) else value for key, value in row.items()})
    return found


def _plain(value: object) -> str:
    """Text that a spreadsheet does not take for a formula."""
    text = " ".join(str(value).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
