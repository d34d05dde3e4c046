"""Which losses help? Each variant trains for the same CPU time at 128 px from the same start, and is scored on val.

    python benchmarks/loss_choice.py [START.safetensors MINUTES variant ...]

The budget is CPU time of the training process, so that a busy machine is fair to all.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import torch
from budget import train_for
from machine import machine
from scores import make_exam, show, take

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.data import load_cutouts
from s2f_helpers.gan import Generator, LossWeights, make_recipe

ALL = LossWeights()
VARIANTS = {
    "all": ALL,
    "no perceptual": replace(ALL, perceptual=0),
    "no hints": replace(ALL, hints=0),
    "no region": replace(ALL, region=0),
    "perceptual x3": replace(ALL, perceptual=3 * ALL.perceptual),
    "pixels / 3": replace(ALL, pixel=ALL.pixel / 3, region=ALL.region / 3),
}


def main(start: str = str(WEIGHTS / "generator.safetensors"), minutes: str = "5", *chosen: str) -> None:
    torch.set_num_threads(1)
    pictures, exam = load_cutouts("train"), make_exam(load_cutouts("val"), 128)
    print(f"{machine()}; {minutes} CPU minutes each, one thread, bf16, 128 px, from {Path(start).name}", flush=True)
    for name in chosen or VARIANTS:
        recipe = make_recipe(weights=VARIANTS[name])
        recipe.generator.load_state_dict(Generator.load(start).net.state_dict())
        net, steps = train_for(float(minutes), pictures, replace(recipe, learning_rate=2e-4))
        for count in (0, 15):
            show(f"{name}: {steps} steps, {count} hints", take(exam, net, count))
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
