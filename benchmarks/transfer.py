"""What drawn garments teach about real ones: Lite0 taught from the wardrobe, from photos and from both, equally long.

    python benchmarks/transfer.py [STEPS DRAWN]

Every run starts from ImageNet and takes the same number of steps; "both" sees photos and drawn outfits as often as
there are of each. All are measured on the same validation photos (every third), against silver masks. One thread,
about 2 CPU minutes each on a processor with bfloat16; stopped, it goes on where it was. Writes results/transfer.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch
from machine import machine

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.data import load_clothing, wardrobe_dataset
from s2f_helpers.data.dataset import Dataset
from s2f_helpers.segment import recipe
from s2f_helpers.segment.lesson import train_and_score
from s2f_helpers.segment.train import quiet

TARGET = ROOT / "benchmarks" / "results" / "transfer.json"
SIDE = 160
MEASURED = 3  # every so many validation photos


def coco_file(dataset: Dataset, folder: Path) -> Path:
    """All photos of a data set in one file, whatever their split."""
    whole = replace(dataset, photos=dataset.photos.assign(split=""))
    return whole.to_coco(folder) / "annotations" / "instances_default.json"


def main(steps: str = "300", drawn: str = "1000") -> None:
    torch.set_num_threads(1)
    chosen = replace(recipe("cpu"), iterations=int(steps), side=SIDE)
    folder = ROOT / "runs" / f"transfer-{steps}-{drawn}"
    photos, wardrobe = load_clothing(), wardrobe_dataset(folder / "drawn", int(drawn), size=192)
    real, val = (photos.where(photos.photos["split"] == split) for split in ("train", "val"))
    val = val.where(val.photos.index % MEASURED == 0)
    val_file = coco_file(val, folder / "val")
    content = {"machine": machine(), "recipe": asdict(chosen), "measured": len(val), "runs": {}}
    for taught, dataset in (("wardrobe", wardrobe), ("photos", real), ("both", (wardrobe + real).repair()[0])):
        with quiet():
            _, scores = train_and_score(chosen, coco_file(dataset, folder / taught), val_file, folder / f"run-{taught}")
        content["runs"][taught] = asdict(scores) | {"photos": len(dataset)}
        print(f"{taught:9} {len(dataset):5} photos: mask AP {scores.mask_ap:.3f}, any category "
              f"{scores.agnostic_mask_ap:.3f}, right category {scores.best_category:.0%}", flush=True)  # fmt: skip
        atomic_write(TARGET, (json.dumps(content, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
