"""How much work to do: ``smoke`` (seconds; CI), ``cpu`` (a coffee break on two cores), ``gpu``."""

from __future__ import annotations

import os

import torch

from s2f_helpers.common.types import S2FError

__all__ = ["PRESETS", "device", "has_bfloat16", "preset", "seed_everything"]

PRESETS = ("smoke", "cpu", "gpu")


def preset() -> str:
    """``S2F_PRESET`` if set, else ``gpu`` where CUDA is at hand, else ``cpu``."""
    name = os.environ.get("S2F_PRESET") or ("gpu" if torch.cuda.is_available() else "cpu")
    if name not in PRESETS:
        raise S2FError(f"S2F_PRESET: expected one of {', '.join(PRESETS)}; got {name!r}. Unset it or pick one.")
    return name


def device() -> torch.device:
    """The first CUDA device, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether the processor has bfloat16, which quickens networks; where it is emulated it slows them."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def seed_everything(seed: int = 0) -> None:
    """Seed Python, numpy and torch."""
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
