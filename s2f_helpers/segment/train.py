"""Train Mask R-CNN with MMDetection's Runner.

    python -m s2f_helpers.segment.train --work-dir runs/segment --preset cpu

Run it again with the same folder and it goes on from the last checkpoint. ``torchrun`` with
``--launcher pytorch`` spreads it over several GPUs. ``python -m s2f_helpers.segment.export`` then makes the
weights that ship. ``config.py`` in the folder is for MMDetection's own tools.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import io
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from s2f_helpers.common.presets import PRESETS, preset
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.segment.coco import check_coco, photos_as_coco, wardrobe_as_coco
from s2f_helpers.segment.config import NETWORKS, Recipe, recipe, segmenter_config
from s2f_helpers.segment.hooks import TelegramMessage
from s2f_helpers.segment.weights import check_classes, last_checkpoint, load_from_plain

__all__ = ["check_device", "quiet", "train"]


def train(
    chosen: Recipe, train_file: Path, val_file: Path, work_dir: Path, launcher: str = "none", hooks: Sequence[Hook] = ()
) -> Path:
    """Train, or go on from the last checkpoint in ``work_dir``; returns ``work_dir``.

    Args:
        train_file, val_file: COCO files, see :mod:`s2f_helpers.segment.coco`.
        launcher: how the processes of a distributed run were started, in mmengine's words.
        hooks: more mmengine hooks, such as :class:`s2f_helpers.segment.hooks.LiveLosses`.

    Raises:
        S2FError: for annotations that the audit finds unfit, a checkpoint of other categories, a recipe that needs
            a GPU where there is none, or a loss that is not finite.
    """
    check_device(chosen)
    first = os.environ.get("RANK", "0") == "0" or launcher == "none"
    if first:
        check_coco(train_file)
        check_coco(val_file)
    processes = int(os.environ.get("WORLD_SIZE") or os.environ.get("SLURM_NTASKS") or 1)
    config = segmenter_config(chosen, train_file, val_file, work_dir, 1 if launcher == "none" else processes)
    config.launcher = launcher
    if first:
        work_dir.mkdir(parents=True, exist_ok=True)
        config.dump(work_dir / "config.py")
    last = last_checkpoint(work_dir)
    if last is not None:
        check_classes(load_from_plain(str(last), map_location="cpu"), last, category_ids())
        config.resume, config.load_from = True, str(last)
    if launcher == "pytorch" and not torch.cuda.is_available():
        torch.distributed.init_process_group("gloo")  # mmengine's own way wants a GPU for each process
    runner = Runner.from_cfg(config)
    runner.register_custom_hooks(list(hooks))
    try:
        runner.train()
    except Exception as error:
        for hook in runner.hooks:  # mmengine tells its hooks of an end, but not of an error
            if isinstance(hook, TelegramMessage):
                hook.stopped(runner, error)
        raise
    return work_dir


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the reports of mmengine and pycocotools off the screen; errors and pictures still come through."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def check_device(chosen: Recipe) -> None:
    """Refuse half precision without a GPU, and say how long the recipe would take on the CPU.

    Raises:
        S2FError: where ``chosen.amp`` is set and CUDA is not at hand.
    """
    if not chosen.amp or torch.cuda.is_available():
        return
    pixels = chosen.iterations * chosen.batch * chosen.side**2
    hours = NETWORKS[chosen.backbone].seconds * pixels / 1e6 / 3600
    raise S2FError(
        f"this recipe is for a GPU and there is none here: {chosen.iterations:,} steps of {chosen.batch} pictures of "
        f"{chosen.side} px take {chosen.backbone} about {hours:,.0f} hours of one CPU core. Take preset cpu; or, to "
        "have it run here all the same, full precision: replace(recipe, amp=False), --no-amp"
    )


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work-dir", type=Path, default=Path("runs/segment"))
    parser.add_argument("--preset", choices=PRESETS, default=preset())
    parser.add_argument("--backbone", choices=NETWORKS, default="lite0")
    parser.add_argument("--start", help="shipped (lite0), coco, imagenet or none, instead of the recipe's")
    parser.add_argument("--iterations", type=int, help="instead of the preset's")
    parser.add_argument("--batch", type=int, help="pictures a step and process; the learning rate follows")
    parser.add_argument("--amp", action=argparse.BooleanOptionalAction, help="half precision, instead of the preset's")
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm"), default="none")
    parser.add_argument("--telegram", action="store_true", help="tell S2F_TELEGRAM_CHAT when it ends")
    parser.add_argument("--data", type=Path, help="a folder as Dataset.to_coco writes it; default: the open photos")
    arguments = parser.parse_args()
    named = {name: getattr(arguments, name) for name in ("start", "iterations", "batch", "amp")}
    chosen = dataclasses.replace(
        recipe(arguments.preset, arguments.backbone),
        **{name: value for name, value in named.items() if value is not None},
    )
    if arguments.data:
        files = tuple(arguments.data / "annotations" / f"instances_{split}.json" for split in ("train", "val"))
    elif arguments.preset == "smoke":
        files = wardrobe_as_coco(16), wardrobe_as_coco(4, seed=1000)
    else:
        files = photos_as_coco("train"), photos_as_coco("val")
    hooks = [TelegramMessage()] if arguments.telegram else []
    train(chosen, *files, arguments.work_dir, arguments.launcher, hooks)
    if torch.distributed.is_initialized():  # its threads, left to the interpreter's end, can abort the process
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    _main()
