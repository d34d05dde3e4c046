"""Command line of :mod:`s2f_helpers.gan.train`: ``python -m s2f_helpers.gan --help``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from s2f_helpers.data import load_cutouts
from s2f_helpers.gan.train import preset_config, train


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the generator, or go on with a run.")
    parser.add_argument("--run", type=Path, default=Path("runs/gan"))
    parser.add_argument("--preset", choices=("smoke", "cpu", "gpu"))
    for name in ("side", "steps", "batch", "decay_steps", "workers", "seed"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"))
    options = vars(parser.parse_args())
    run, config = options.pop("run"), preset_config(options.pop("preset"))
    config = replace(config, **{name: value for name, value in options.items() if value is not None})

    def log(step: int, losses: Mapping[str, float]) -> None:
        if step % 50 == 0:
            print(step, *(f"{name} {loss:.3f}" for name, loss in losses.items()), flush=True)

    train(load_cutouts("train"), config, run, log)


if __name__ == "__main__":
    main()
