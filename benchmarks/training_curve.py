"""How a training went: the judge's score by step, and yardsticks on the same photos, for notebook 04 and the card.

    python benchmarks/training_curve.py runs/gan [runs/gan-2 ...]

A second run is taken to begin with the best weights of the first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from machine import machine
from safetensors import safe_open

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.data import load_cutouts
from s2f_helpers.gan import Generator
from s2f_helpers.gan.judge import make_judge, paint
from s2f_helpers.gan.metrics import kid, lite0_features
from s2f_helpers.sketch import colorize

TARGET = ROOT / "benchmarks" / "results" / "training.json"
COUNT = 128


def yardsticks() -> dict[str, float]:
    """KID of the shipped weights, of other val photos, of the judge's own blurred by 2 px, and of flat colour."""
    cutouts = load_cutouts("val")
    judge = make_judge(cutouts, COUNT)
    order = np.random.default_rng(0).permutation(len(cutouts))
    own, others = ([cutouts.image(i) for i in part] for part in (order[:COUNT], order[COUNT : 2 * COUNT]))
    pictures = {
        "shipped weights": paint(Generator.load().net, judge.sketches, judge.categories),
        "other photos": others,
        "photos, blurred": [cv2.GaussianBlur(photo, (0, 0), 2) for photo in own],
        "flat colour": [colorize(sketch) for sketch in judge.sketches],
    }
    return {name: kid(lite0_features(crowd), judge.photos)[0] for name, crowd in pictures.items()}


def read(run: Path) -> list[tuple[int, float]]:
    return torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)["scores"]


def main(*runs: str) -> None:
    stages, done = [], 0
    for run in map(Path, runs):
        scores = read(run)
        stages.append([(done + step, score) for step, score in scores])
        done += min(scores, key=lambda judged: judged[1])[0]
    with safe_open(Path(runs[-1]) / "generator.safetensors", "pt") as file:
        about = json.loads(file.metadata()["about"])
    content = {"machine": machine(), "about": about, "photos": COUNT, "stages": stages, "yardsticks": yardsticks()}
    TARGET.parent.mkdir(exist_ok=True)
    atomic_write(TARGET, json.dumps(content, indent=1).encode())
    print(f"{machine()}\n{about}")
    for number, stage in enumerate(stages, start=1):
        for step, score in stage:
            print(f"stage {number}{step:6}{1000 * score:7.1f}")
    for name, score in content["yardsticks"].items():
        print(f"{name:16} {1000 * score:7.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
