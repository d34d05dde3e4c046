"""Equal budgets of computing for unlike networks: how many steps each can take in so many seconds, alone."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from s2f_helpers.gan import TrainConfig, train

NEVER = 10**9
WARM_UP, TIMED = 5, 20
ON_GPU = torch.cuda.is_available()
# without AVX-512 half precision is emulated, and takes hours
PRECISION = "bf16" if ON_GPU or torch.backends.cpu.get_cpu_capability().startswith("AVX512") else "no"
AT_128 = TrainConfig(
    side=128, ema=0.99, save_every=NEVER, judge_every=NEVER, workers=12 if ON_GPU else 0, precision=PRECISION
)  # fmt: skip


def seconds_a_step(pictures, recipe, batch: int) -> float:
    """Of a training at 128 px: by the clock on a GPU, which nobody else may use now; else CPU time of one thread."""
    clock, times = time.perf_counter if ON_GPU else time.process_time, []
    train_steps(WARM_UP + TIMED, pictures, recipe, batch, on_step=lambda *_: times.append(clock()))
    return (times[-1] - times[WARM_UP - 1]) / TIMED


def train_steps(steps: int, pictures, recipe, batch: int, seed: int = 0, on_step=None) -> nn.Module:
    """The average generator after so many steps at 128 px."""
    with TemporaryDirectory() as run:
        return train(pictures, replace(AT_128, steps=steps, batch=batch, seed=seed), Path(run), recipe, on_step=on_step)
