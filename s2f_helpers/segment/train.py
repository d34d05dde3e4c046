"""Train Mask R-CNN with MMDetection's Runner.

    python -m s2f_helpers.segment.train --work-dir runs/segment --preset cpu

Run it again with the same folder and it goes on from the last checkpoint. ``torchrun`` with
``--launcher pytorch`` spreads it over several GPUs. ``python -m s2f_helpers.segment.export`` then makes the
weights that ship.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from mmengine.runner import Runner

from s2f_helpers.common.presets import PRESETS, preset
from s2f_helpers.segment.coco import photos_as_coco, wardrobe_as_coco
from s2f_helpers.segment.config import Recipe, recipe, segmenter_config

__all__ = ["train"]


def train(chosen: Recipe, train_file: Path, val_file: Path, work_dir: Path, launcher: str = "none") -> Path:
    """Train, or go on from the last checkpoint in ``work_dir``; returns ``work_dir``.

    Args:
        train_file, val_file: COCO files, see :mod:`s2f_helpers.segment.coco`.
        launcher: how the processes of a distributed run were started, in mmengine's words.
    """
    config = segmenter_config(chosen, train_file, val_file, work_dir)
    config.resume = True
    config.launcher = launcher
    Runner.from_cfg(config).train()
    return work_dir


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, default=Path("runs/segment"))
    parser.add_argument("--preset", choices=PRESETS, default=preset())
    parser.add_argument("--iterations", type=int, help="instead of the preset's")
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm"), default="none")
    arguments = parser.parse_args()
    chosen = recipe(arguments.preset)
    if arguments.iterations:
        chosen = dataclasses.replace(chosen, iterations=arguments.iterations)
    if arguments.preset == "smoke":
        files = wardrobe_as_coco(16), wardrobe_as_coco(4, seed=1000)
    else:
        files = photos_as_coco("train"), photos_as_coco("val")
    train(chosen, *files, arguments.work_dir, arguments.launcher)


if __name__ == "__main__":
    _main()
