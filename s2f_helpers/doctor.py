"""What is here, what is missing, and the command that mends it: ``s2f doctor``, or ``python -m s2f_helpers doctor``.

In JupyterLab or Colab: ``from s2f_helpers.doctor import doctor; doctor()``. Downloads and changes nothing.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from s2f_helpers.common.paths import ROOT, SPLITS_CSV, WEIGHTS, cache_dir

__all__ = ["Finding", "doctor", "examine"]

OK, NOTE, FIX = "ok", "note", "FIX"
OLDEST, NEWEST = (3, 11), (3, 13)
SHIPPED = ("generator", "segmenter", "hed", "projection")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FREE_GB = 2


@dataclass(frozen=True)
class Finding:
    """One line of the screen.

    Attributes:
        state: ``"ok"``; ``"note"`` for what the course does without; ``"FIX"`` for what some notebook needs.
        remedy: a command, or empty.
    """

    name: str
    state: str
    said: str
    remedy: str = ""


def doctor() -> bool:
    """Print one line a part and, below what is missing, the command. Returns True when nothing needs mending."""
    findings = examine()
    for found in findings:
        print(f"{found.state:>4}  {found.name:<9} {found.said}")
        if found.remedy:
            print(f"{'':16}→ {found.remedy}")
    broken = [found.name for found in findings if found.state == FIX]
    print(f"\nTo mend: {', '.join(broken)}." if broken else "\nEverything the notebooks need is here.")
    return not broken


def examine() -> list[Finding]:
    """What each probe found. A probe that fails is a finding too: the doctor does not fall ill."""
    found = []
    for name, probe in PROBES.items():
        try:
            found.append(Finding(name, *probe()))
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:150]
            absent = isinstance(error, ModuleNotFoundError) and not importlib.util.find_spec(error.name)
            found.append(Finding(name, FIX, said, "" if absent else _install()))  # absent: see "packages"
    return found


def _install(*names: str) -> str:
    if "google.colab" in sys.modules:
        return f"%pip install -r {ROOT / 'requirements-colab.txt'}   (then Runtime → Restart)"
    wanted = " ".join(names) or f"-e {ROOT}"
    return f"{sys.executable} -m pip install -c {ROOT / 'constraints.txt'} {wanted}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _python() -> tuple[str, ...]:
    version = ".".join(map(str, sys.version_info[:3]))
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return OK, f"{version} at {sys.executable}"
    return FIX, f"{version}; the course needs 3.11 to 3.13", "S2F_PYTHON=/path/to/python3.11 make studio"


def _packages() -> tuple[str, ...]:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = [re.match(r"[\w.-]+", line)[0] for line in wanted]
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().split() if "==" in line)
    pins = {name.lower(): version for name, version in pins.items()}
    missing = [name for name in names if not _version(name)]
    if len(missing) > len(names) // 2:
        said = f"{len(missing)} of {len(names)} missing. Is this the course's Python? 'make doctor' asks the right one"
        return FIX, said, _install()
    if missing:
        return FIX, f"missing: {', '.join(missing)}", _install(*missing)
    other = [name for name in names if _version(name).split("+")[0] != pins[name.lower()]]
    if other:
        return NOTE, f"all {len(names)} here; in other versions than tested: {', '.join(other)}"
    return OK, f"all {len(names)} here, in the tested versions"


def _torch() -> tuple[str, ...]:
    import torch
    import torchvision

    torchvision.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)  # fails where the two come from different indexes
    return OK, f"{torch.__version__}, torchvision {torchvision.__version__}, {torch.get_num_threads()} threads"


def _gpu() -> tuple[str, ...]:
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        return OK, f"{torch.cuda.get_device_name()}, {memory:.0f} GB, CUDA {torch.version.cuda}"
    if shutil.which("nvidia-smi"):
        return NOTE, "the system has a driver, but torch sees no GPU", "nvidia-smi   (is the driver new enough?)"
    return NOTE, "none: the presets 'smoke' and 'cpu' do without"


def _mmdet() -> tuple[str, ...]:
    from s2f_helpers.segment import ops

    backend = ops.setup()
    import mmdet

    operators = {"mmcv": "a full mmcv", "torchvision": "torchvision", "torch": "plain PyTorch (slow)"}[backend]
    return OK, f"{mmdet.__version__}; NMS and RoIAlign from {operators}"


def _widgets() -> tuple[str, ...]:
    names = ("ipywidgets", "ipycanvas", "anywidget")
    for name in names:
        importlib.import_module(name)
    said = ", ".join(f"{name} {_version(name)}" for name in names)
    newest = tuple(map(int, _version("ipycanvas").split(".")[:3]))
    if "google.colab" in sys.modules and newest > (0, 13, 3):
        return FIX, f"{said}; Colab serves ipycanvas up to 0.13.3", "%pip install ipycanvas==0.13.3"
    return OK, said


def _course() -> tuple[str, ...]:
    if (ROOT / "pyproject.toml").is_file():
        return OK, str(ROOT)
    said = f"no data and weights beside the package, in {ROOT}"
    return FIX, said, "export S2F_HOME=/path/to/sketch2fashion   (or install it from there: pip install -e .)"


def _weights() -> tuple[str, ...]:
    from safetensors import safe_open

    total = 0
    for name in SHIPPED:
        path = WEIGHTS / f"{name}.safetensors"
        if not path.is_file():
            return FIX, f"{path.name} is missing", f"git -C {ROOT} checkout -- weights"
        try:
            with safe_open(path, "pt") as tensors:
                tensors.keys()
        except Exception:  # safetensors has an error of its own for each way to be broken
            return FIX, f"{path.name} is damaged or half a file", f"git -C {ROOT} checkout -- weights"
        total += path.stat().st_size
    return OK, f"{', '.join(SHIPPED)} ({total / 1e6:.0f} MB)"


def _photos() -> tuple[str, ...]:
    from s2f_helpers.data.clothing import photo_folder

    wanted = len(SPLITS_CSV.read_text(encoding="utf-8").splitlines()) - 1
    here = sum(1 for _ in photo_folder().glob("*.jpg"))
    command = f"{sys.executable} -m s2f_helpers.prepare   (163 MB)"
    if not here:
        return NOTE, "not fetched yet: synthetic garments stand in", command
    if here < wanted:
        return FIX, f"{here:,} of {wanted:,}: delete {photo_folder()} and fetch again", command
    return OK, f"{here:,} open photos"


def _index() -> tuple[str, ...]:
    names = sorted(path.name for path in cache_dir("index").iterdir() if path.is_dir())
    if names:
        return OK, ", ".join(names)
    return NOTE, "not built yet: the first search builds it, in minutes", f"{sys.executable} -m s2f_helpers.prepare"


def _mirror() -> tuple[str, ...]:
    mirror = os.environ.get("S2F_MIRROR", "")
    if not mirror:
        return OK, "S2F_MIRROR is not set: downloads come from their public address"
    if mirror.startswith(("http://", "https://")) or (ROOT / mirror).is_dir():
        return OK, f"S2F_MIRROR={mirror}"
    return FIX, f"S2F_MIRROR={mirror}: no such folder", "unset S2F_MIRROR   (or name the folder with the archive)"


def _browser() -> tuple[str, ...]:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found:
        return OK, f"{found} (only the tests need it)"
    return NOTE, "no chromium; only the browser tests need one", "tools/system.sh chromium"


def _disk() -> tuple[str, ...]:
    free = shutil.disk_usage(cache_dir("")).free / 2**30
    said = f"{free:.0f} GB free at {Path(cache_dir(''))}"
    return (OK, said) if free >= FREE_GB else (FIX, said, f"make {FREE_GB} GB free, or set S2F_CACHE to another disk")


def _preset() -> tuple[str, ...]:
    from s2f_helpers.common.presets import preset

    return OK, f"{preset()}, {os.cpu_count()} cores"


PROBES: dict[str, Callable[[], tuple[str, ...]]] = {
    "Python": _python,
    "course": _course,
    "packages": _packages,
    "torch": _torch,
    "GPU": _gpu,
    "mmdet": _mmdet,
    "widgets": _widgets,
    "weights": _weights,
    "photos": _photos,
    "index": _index,
    "mirror": _mirror,
    "browser": _browser,
    "disk": _disk,
    "preset": _preset,
}
