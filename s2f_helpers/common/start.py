"""The first call of every notebook: right versions, one preset, one seed, one look of all figures."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from s2f_helpers.common.presets import preset, seed_everything
from s2f_helpers.common.types import S2FError

__all__ = ["start"]


def start(seed: int = 0) -> str:
    """Check Python and torch, seed everything, style the figures, say in one line what this machine will do.

    Returns:
        The preset's name: ``"smoke"``, ``"cpu"`` or ``"gpu"``.

    Raises:
        S2FError: when Python or torch is too old for the course, with the way out.
    """
    if sys.version_info < (3, 11):
        raise S2FError(f"this course needs Python 3.11 or later; this kernel runs {sys.version.split()[0]}")
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        raise S2FError(f"this course needs torch 2.6 or later, got {torch.__version__}: pip install 'torch==2.11.0'")
    seed_everything(seed)
    plt.style.use(Path(__file__).with_name("course.mplstyle"))
    name = preset()
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "the CPU"
    print(f"Preset {name!r} on {device}. Python {sys.version.split()[0]}, torch {torch.__version__}.")
    return name
