"""Train for a budget of CPU time instead of steps, so that unlike networks, and a busy machine, are treated alike."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from torch import nn

from s2f_helpers.gan import TrainConfig, train

NEVER = 10**9
AT_128 = TrainConfig(side=128, steps=10**7, workers=0, ema=0.99, save_every=NEVER, judge_every=NEVER)


class BudgetSpentError(Exception):
    """The way out of a training loop that would go on."""


def train_for(minutes: float, pictures, recipe, batch: int = 4, seed: int = 0) -> tuple[nn.Module, int]:
    """The average generator after so many minutes of this process's CPU time, at 128 px, and the steps it took."""
    began, found = time.process_time(), {}

    def watch(step, losses, average) -> None:
        found.update(step=step, average=average)
        if time.process_time() - began > 60 * minutes:
            raise BudgetSpentError

    with TemporaryDirectory() as run:
        try:
            train(pictures, replace(AT_128, batch=batch, seed=seed), Path(run), recipe, on_step=watch)
        except BudgetSpentError:
            return found["average"], found["step"]
    raise AssertionError("the budget outlasted the steps")
