"""What the original team's merge costs: one detector, taught from it and from the right one; both mAPs.

python benchmarks/broken_merge.py [STEPS PHOTOS]

Wardrobe photos, the same start, the same steps, the same correctly annotated photos to measure on. One thread.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import time
from pathlib import Path

import torch
from machine import machine

from s2f_helpers.common.types import S2FError
from s2f_helpers.segment.coco import check_coco
from s2f_helpers.segment.lesson import lesson_recipe, make_merges, train_and_score


def main(steps: str = "200", photos: str = "160") -> None:
    torch.set_num_threads(1)
    logging.disable(logging.INFO)
    print(f"{machine()}; {steps} steps on {photos} photos")
    with tempfile.TemporaryDirectory() as folder:
        merges = make_merges(Path(folder), int(photos))
        try:
            check_coco(merges.raw)
        except S2FError as refusal:
            print(refusal)
        for name, file in (("team's merge", merges.wrong), ("right merge", merges.right)):
            start = time.process_time()
            with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
                _, scores = train_and_score(lesson_recipe(int(steps)), file, merges.val, Path(folder) / f"run-{name}")
            print(f"{name:13} mask mAP {scores.mask_ap:.3f}, any category {scores.agnostic_mask_ap:.3f}, box mAP "
                  f"{scores.box_ap:.3f}; {time.process_time() - start:.0f} CPU-seconds", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
