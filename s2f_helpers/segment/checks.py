"""The self-checks of notebook 05; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision.ops import box_iou, nms

from s2f_helpers.common.checks import NotYet, check, choice

__all__ = ["check_blamed", "check_lost", "check_rate", "check_suppress"]

SHEET, LEAST_CLOTH = 100, 400


@check("sixty boxes, three limits, and you keep what torchvision keeps.")
def check_suppress(function: Callable[[Tensor, Tensor, float], list[int]]) -> None:
    """``function(boxes, scores, limit)``: the places that NMS keeps, best first; (N, 4) and (N,) ``float32``."""
    chance = torch.Generator().manual_seed(0)
    corners = torch.rand(60, 2, generator=chance) * 100
    boxes, scores = torch.cat([corners, corners + 40], dim=1), torch.rand(60, generator=chance)
    overlap = box_iou(boxes, boxes)
    for limit in (0.3, 0.5, 0.7):
        wanted, answer = nms(boxes, scores, limit).tolist(), [int(place) for place in function(boxes, scores, limit)]
        if len(set(answer)) < len(answer) or not set(answer) <= set(range(60)):
            raise NotYet(f"expected places from 0 to 59, each at most once; at limit {limit} you give {answer[:5]}…")
        kept = overlap[answer][:, answer].fill_diagonal_(0)
        if len(answer) and kept.max() > limit:
            raise NotYet(f"at limit {limit} you keep two boxes whose IoU is {kept.max():.2f}")
        lost = [place for place in answer if place not in wanted]
        if lost:
            raise NotYet(f"at limit {limit} you keep box {lost[0]}, and for its sake a better one is gone")
        if len(answer) < len(wanted):
            gone = next(place for place in wanted if place not in answer)
            raise NotYet(f"at limit {limit} box {gone} is lost, yet no better box that was kept overlaps it too much")
        if answer != wanted:
            raise NotYet("these are the right boxes in another order: the best comes first")


@check("for the team's one GPU with two pictures that makes 0.0025, where they had 0.02.")
def check_rate(function: Callable[[float, int, int, int], float]) -> None:
    """``function(rate, made_for, batch, gpus)``: the learning rate for ``batch`` pictures on each of ``gpus``."""
    for rate, made_for, batch, gpus in ((0.02, 16, 2, 8), (0.02, 16, 2, 1), (0.02, 16, 4, 2), (0.001, 8, 3, 4)):
        answer, times = function(rate, made_for, batch, gpus), batch * gpus / made_for
        if abs(answer - rate * times) > 1e-9:
            raise NotYet(
                f"{batch} pictures on each of {gpus} GPUs are {times:g} times the {made_for} a step that {rate:g} was "
                f"made for, and your rate is {answer / rate:.3g} times that one"
            )


@check("they share no pixel, and still one of them is lost: NMS looks at boxes, whatever lies in them.")
def check_lost(function: Callable[[], tuple[np.ndarray, np.ndarray]], limit: float) -> None:
    """``function()``: two masks, (100, 100) ``bool``, each in one piece, of which NMS at ``limit`` drops one."""
    masks = [np.asarray(mask) for mask in function()]
    if [(mask.shape, mask.dtype) for mask in masks] != [((SHEET, SHEET), np.dtype(bool))] * 2:
        came = ", ".join(f"{mask.dtype} of shape {mask.shape}" for mask in masks)
        raise NotYet(f"expected two masks, bool of shape ({SHEET}, {SHEET}), got {came}")
    for name, mask in zip(("first", "second"), masks, strict=True):
        if mask.sum() < LEAST_CLOTH:
            raise NotYet(f"the {name} garment has {mask.sum()} pixels: {LEAST_CLOTH} at least, or nobody would wear it")
        if cv2.connectedComponents(mask.astype(np.uint8))[0] != 2:
            raise NotYet(f"the {name} garment is in several pieces")
    if (masks[0] & masks[1]).any():
        raise NotYet(f"the two share {(masks[0] & masks[1]).sum()} pixels: they may lie close, but not on each other")
    x, y, width, height = torch.tensor([cv2.boundingRect(mask.astype(np.uint8)) for mask in masks]).T
    boxes = torch.stack([x, y, x + width, y + height], dim=1)
    fit = float(box_iou(boxes, boxes)[0, 1])
    if fit <= limit:
        raise NotYet(f"both are kept: the IoU of their boxes is {fit:.2f}, and only above {limit:g} one of them goes")


check_blamed = choice(
    "c",
    "a score speaks of the detector and of the annotations, and does not say of which.",
    {
        "a": "perfect for the photo: and what does the annotation outline?",
        "b": "what is asked at an IoU of 0.9, and of the name?",
        "d": "what in a low score would have told them which of the two is at fault?",
    },
)
