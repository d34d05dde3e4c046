"""Command line of :mod:`s2f_helpers.gan.train`: ``python -m s2f_helpers.gan --help``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from torch import nn

from s2f_helpers.data import load_cutouts
from s2f_helpers.gan.judge import make_judge
from s2f_helpers.gan.recipe import make_recipe
from s2f_helpers.gan.train import TrainConfig, preset_config, train


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the generator, or go on with a run; keep the best by val's KID")
    parser.add_argument("--run", type=Path, default=Path("runs/gan"), help="on Colab: a folder of your Drive")
    parser.add_argument("--preset", choices=("smoke", "cpu", "gpu"))
    parser.add_argument("--learning-rate", type=float, default=4e-4)
    parser.add_argument("--crop", type=int, default=64, help="side of the window, in pixels, that HED's eyes look at")
    for field in fields(TrainConfig):
        kind = type(getattr(TrainConfig(), field.name))
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=kind, default=argparse.SUPPRESS)
    options = vars(parser.parse_args())
    run, preset, rate, crop = (options.pop(name) for name in ("run", "preset", "learning_rate", "crop"))
    config = replace(preset_config(preset), **options)
    recipe = replace(make_recipe(), learning_rate=rate, crop=crop)

    def log(step: int, losses: Mapping[str, float], average: nn.Module) -> None:
        if step % 50 == 0:
            print(step, *(f"{name} {loss:.3f}" for name, loss in losses.items()), flush=True)

    train(load_cutouts("train"), config, run, recipe, make_judge(load_cutouts("val"), side=config.side), log)


if __name__ == "__main__":
    main()
