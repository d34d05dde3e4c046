"""What the original team's two mistakes cost: one detector taught three ways, measured on the same photos.

    python benchmarks/broken_merge.py [STEPS PHOTOS]

Wardrobe photos, the same start, the same number of steps. Taught from the team's merge; from the right merge; from
the right merge with the learning rate eight times too high, as theirs was. One thread, about 12 CPU minutes each;
writes results/broken_merge.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from machine import machine

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.data import load_coco
from s2f_helpers.segment import LiveLosses
from s2f_helpers.segment.lesson import lesson_recipe, make_merges, train_and_score
from s2f_helpers.segment.train import quiet

TARGET = ROOT / "benchmarks" / "results" / "broken_merge.json"
HELD_OUT = 100
EVERY = 20  # steps whose losses are averaged
TOO_HIGH = 8


def taught(chosen, train_file: Path, val_file: Path, folder: Path) -> dict:
    losses = LiveLosses(every=chosen.iterations + 1)
    start = time.process_time()
    with quiet():
        _, scores = train_and_score(chosen, train_file, val_file, folder, [losses])
    curves = {name: [step[name] for step in losses.history] for name in losses.history[0]}
    return asdict(scores) | {
        "learning_rate": chosen.learning_rate,
        "cpu_seconds": round(time.process_time() - start),
        "losses": {name: np.reshape(curve, (-1, EVERY)).mean(1).round(4).tolist() for name, curve in curves.items()},
    }


def main(steps: str = "1200", photos: str = "400") -> None:
    torch.set_num_threads(1)
    chosen = lesson_recipe(int(steps))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        merges = make_merges(folder, int(photos), HELD_OUT)
        sizes = {name: len(load_coco(getattr(merges, name))) for name in ("wrong", "right", "val")}
        content = {"machine": machine(), "recipe": asdict(chosen), "photos": sizes, "every": EVERY, "runs": {}}
        print(f"{content['machine']}; {steps} steps; photos {sizes}")
        for what, recipe, file in (
            ("team's merge", chosen, merges.wrong),
            ("right merge", chosen, merges.right),
            ("right merge, rate × 8", replace(chosen, learning_rate=TOO_HIGH * chosen.learning_rate), merges.right),
        ):
            run = content["runs"][what] = taught(recipe, file, merges.val, folder / f"run-{len(content['runs'])}")
            print(f"{what:22} mask mAP {run['mask_ap']:.3f}, any category {run['agnostic_mask_ap']:.3f}, box mAP "
                  f"{run['box_ap']:.3f}; {run['cpu_seconds']} CPU-seconds", flush=True)  # fmt: skip
            atomic_write(TARGET, (json.dumps(content, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
