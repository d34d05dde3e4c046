"""What a step and an answer of ours cost beside torchvision's own Mask R-CNN, and our operators beside theirs.

python benchmarks/segment_speed.py [RUNS SIDE]

Ours and theirs get the same wardrobe photos, batch of 2, and one thread; times are CPU time of this process, so that
a busy machine is fair to both. Not the same: anchors, samples a step and heads are each library's own.
Writes results/segment_speed.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from machine import machine, seconds
from mmengine.runner import Runner
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN, maskrcnn_resnet50_fpn
from torchvision.models.detection.backbone_utils import mobilenet_backbone

from s2f_helpers.common.download import atomic_write
from s2f_helpers.common.paths import ROOT
from s2f_helpers.common.types import Garment
from s2f_helpers.data import category_ids, category_index
from s2f_helpers.segment import Segmenter, ops, recipe, segmenter_config
from s2f_helpers.segment.coco import garments_of, wardrobe_as_coco
from s2f_helpers.segment.train import quiet
from s2f_helpers.segment.weights import build_model

TARGET = ROOT / "benchmarks" / "results" / "segment_speed.json"
BATCH = 2
OPERATOR_RUNS = 10  # for each run of a network: an operator is soon over
cpu_seconds = partial(seconds, clock=time.process_time)


def our_step(coco_file: Path, backbone: str, side: int, folder: Path) -> Callable[[], object]:
    chosen = replace(
        recipe("smoke", backbone), side=side, batch=BATCH, start="imagenet" if backbone == "lite0" else "none"
    )
    config = segmenter_config(chosen, coco_file, coco_file, folder)
    config.log_level = "ERROR"
    config.optim_wrapper.type = "OptimWrapper"  # full precision, as theirs
    runner = Runner.from_cfg(config)
    optimizer = runner.build_optim_wrapper(config.optim_wrapper)
    batch = next(iter(runner.build_dataloader(config.train_dataloader, seed=0)))
    runner.model.train()
    return lambda: runner.model.train_step(batch, optimizer)


def their_model(name: str, side: int) -> nn.Module:
    """torchvision's, at our picture size; nothing pretrained."""
    size = {"min_size": side, "max_size": side}
    if name == "resnet50":
        return maskrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=len(category_ids()) + 1, **size)
    size["box_detections_per_img"] = 20  # as Lite0's network is set
    body = mobilenet_backbone(backbone_name="mobilenet_v3_large", weights=None, fpn=True, trainable_layers=3)
    return MaskRCNN(body, len(category_ids()) + 1, rpn_anchor_generator=_anchors(body), **size)


def _anchors(body: nn.Module):
    """As torchvision's own Faster R-CNN on MobileNet has them."""
    from torchvision.models.detection.anchor_utils import AnchorGenerator

    return AnchorGenerator(((32, 64, 128, 256, 512),) * 3, ((0.5, 1.0, 2.0),) * 3)


def their_step(model: nn.Module, pictures: list[list[Garment]]) -> Callable[[], object]:
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    images = [tensor(garments[0].photo) for garments in pictures[:BATCH]]
    targets = [target(garments) for garments in pictures[:BATCH]]

    def step() -> None:
        optimizer.zero_grad()
        sum(model(images, targets).values()).backward()
        optimizer.step()

    return step


def tensor(photo: np.ndarray) -> Tensor:
    return torch.from_numpy(photo).permute(2, 0, 1).float() / 255


def target(garments: list[Garment]) -> dict[str, Tensor]:
    return {
        "boxes": torch.tensor([garment.box for garment in garments], dtype=torch.float32),
        "labels": torch.tensor([category_index(garment.category) + 1 for garment in garments]),
        "masks": torch.from_numpy(np.stack([garment.mask for garment in garments]).astype(np.uint8)),
    }


def training(pictures: list[list[Garment]], coco_file: Path, side: int, runs: int) -> list[dict]:
    print(f"a training step, {BATCH} pictures of {side} px, CPU-seconds")
    with tempfile.TemporaryDirectory() as folder, quiet():
        ours = {name: cpu_seconds(our_step(coco_file, name, side, Path(folder)), runs) for name in ("lite0", "r50")}
    theirs = {
        name: cpu_seconds(their_step(their_model(name, side), pictures), runs) for name in ("mobilenet", "resnet50")
    }
    return compare(ours, theirs)


@torch.inference_mode()
def answering(pictures: list[list[Garment]], side: int, runs: int) -> list[dict]:
    print(
        f"an answer, one picture of {side} px, CPU-seconds; nothing trained, so that all draw as many masks as they may"
    )
    photos = [garments[0].photo for garments in pictures]
    light = replace(Segmenter.load(), model=build_model().eval(), side=side)
    heavy = replace(light, model=build_model("r50").eval())
    ours = {
        name: cpu_seconds(lambda segmenter=segmenter: segmenter(photos[0]), runs)
        for name, segmenter in (("lite0", light), ("r50", heavy))
    }
    theirs = {}
    for name in ("mobilenet", "resnet50"):
        model = their_model(name, side).eval()
        theirs[name] = cpu_seconds(lambda model=model: model([tensor(photos[0])]), runs)
    together = cpu_seconds(lambda: light.batch(photos[:8]), runs) / 8
    print(f"  lite0 in batches of 8: {together:.3f} a picture")
    return compare(ours, theirs)


def compare(ours: dict[str, float], theirs: dict[str, float]) -> list[dict]:
    rows = []
    for (name, mine), (other, their) in zip(ours.items(), theirs.items(), strict=True):
        print(f"  ours, {name}: {mine:.3f}   torchvision, {other}: {their:.3f}   ratio {mine / their:.2f}")
        rows.append({"ours": name, "seconds": round(mine, 4), "theirs": other, "their_seconds": round(their, 4)})
    return rows


def operators(runs: int) -> list[dict]:
    """Through mmcv, as the network calls them; torchvision's own Python functions; ours in plain PyTorch."""
    import mmcv.ops
    import torchvision

    generator = torch.Generator().manual_seed(0)
    features = torch.randn(2, 64, 64, 64, generator=generator, requires_grad=True)
    corner = torch.rand(200, 2, generator=generator) * 200
    boxes = torch.cat([corner, corner + 20 + torch.rand(200, 2, generator=generator) * 36], 1)
    rois = torch.cat([torch.randint(0, 2, (200, 1), generator=generator).float(), boxes], 1)
    scores = torch.rand(200, generator=generator)
    pool = mmcv.ops.RoIAlign(14, 0.25, 2, "avg", True)
    align = torchvision.ops.roi_align
    ways = {
        f"mmcv on {ops.setup()}": (lambda: pool(features, rois), lambda: mmcv.ops.nms(boxes, scores, 0.5)),
        "torchvision": (
            lambda: align(features, rois, 14, 0.25, 2, True), lambda: torchvision.ops.nms(boxes, scores, 0.5),
        ),
        "plain PyTorch": (
            lambda: ops.roi_align(features, rois, 0.25, 14, 14, 2, True), lambda: ops.nms(boxes, scores, 0.5),
        ),
    }  # fmt: skip
    print("operators, milliseconds: RoIAlign of 200 regions forward and backward, NMS of 200 boxes")
    rows = []
    for name, (align_it, suppress) in ways.items():
        both = 1000 * cpu_seconds(lambda align_it=align_it: align_it().sum().backward(), runs)
        thinned = 1000 * cpu_seconds(suppress, runs)
        print(f"  {name:20} RoIAlign {both:7.1f}   NMS {thinned:6.2f}")
        rows.append({"operators": name, "roi_align_ms": round(both, 2), "nms_ms": round(thinned, 3)})
    return rows


def main(runs: str = "3", side: str = "192") -> None:
    torch.set_num_threads(1)
    print(machine())
    coco_file = wardrobe_as_coco(8, size=int(side))
    pictures = list(garments_of(coco_file))
    content = {
        "machine": machine(),
        "side": int(side),
        "batch": BATCH,
        "step": training(pictures, coco_file, int(side), int(runs)),
        "answer": answering(pictures, int(side), int(runs)),
        "operators": operators(OPERATOR_RUNS * int(runs)),
    }
    atomic_write(TARGET, (json.dumps(content, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
