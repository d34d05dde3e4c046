"""How well the segmenter that ships finds garments: the figures of its card.

    python benchmarks/segmenter_scores.py [val|test]

Photos and their cut-outs on white; for test, also the corrected masks and scenes of two and three cut-outs. Test is
for the last look. Adds to results/segmenter_scores.json.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import torch
from machine import machine

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.segment import Segmenter
from s2f_helpers.segment.evaluate import evaluate, pictures

TARGET = ROOT / "benchmarks" / "results" / "segmenter_scores.json"
KINDS = {"val": ("photos", "cutouts"), "test": ("photos", "corrected", "scenes", "cutouts")}


def main(split: str = "val") -> None:
    torch.set_num_threads(1)
    segmenter = Segmenter.load()
    content = json.loads(TARGET.read_bytes()) if TARGET.exists() else {}
    for kind in KINDS[split]:
        scores = content[f"{split}, {kind}"] = asdict(evaluate(segmenter, pictures(split, kind)))
        content["machine"] = machine()
        print(f"{split}, {kind}: mask AP {scores['mask_ap']:.3f}, of any name {scores['agnostic_mask_ap']:.3f}; box AP "
              f"{scores['box_ap']:.3f}, {scores['agnostic_box_ap']:.3f}; IoU {scores['best_iou']:.3f}; right category "
              f"{scores['best_category']:.1%}; F1 {scores['f1']}", flush=True)  # fmt: skip
        atomic_write(TARGET, (json.dumps(content, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
