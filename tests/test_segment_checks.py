"""The self-checks of notebook 05 against their solutions and the wrong answers that learners plausibly give."""

from __future__ import annotations

import numpy as np
import pytest
from torchvision.ops import box_iou, nms

from s2f_helpers.segment.checks import check_lost, check_rate, check_suppress


def suppress(boxes, scores, limit, spares=lambda kept, gone: kept, fits=lambda overlap, limit: overlap <= limit):
    """Non-maximum suppression, with what it looks at left open: who spares nobody, and what fits."""
    overlap, kept, gone = box_iou(boxes, boxes), [], []
    for place in scores.argsort(descending=True).tolist():
        fine = all(fits(overlap[place, other], limit) for other in spares(kept, gone))
        (kept if fine else gone).append(place)
    return kept


SUPPRESSED = {
    "right": (suppress, "Right:"),
    "worst first": (lambda boxes, scores, limit: suppress(boxes, -scores, limit), "a better one is gone"),
    "by boxes that went": (lambda *args: suppress(*args, spares=lambda kept, gone: kept + gone), "no better box that"),
    "keeps what overlaps": (lambda *args: suppress(*args, fits=lambda overlap, limit: overlap > limit), "whose IoU is"),
    "as a mask": (lambda boxes, scores, limit: [place in nms(boxes, scores, limit) for place in range(60)], "places"),
    "in the order of the boxes": (lambda *args: sorted(suppress(*args)), "in another order"),
    "all of them": (lambda boxes, scores, limit: scores.argsort(descending=True), "whose IoU is"),
    "a stub": (None, "not yet: it stopped with TypeError"),
}


@pytest.mark.parametrize("name", SUPPRESSED)
def test_suppress(name, capsys):
    function, said = SUPPRESSED[name]
    assert check_suppress(function) is (name == "right")
    assert said in capsys.readouterr().out


RATES = {
    "right": (lambda rate, made_for, batch, gpus: rate * batch * gpus / made_for, "Right:"),
    "one GPU's pictures only": (lambda rate, made_for, batch, gpus: rate * batch / made_for, "is 0.125 times"),
    "upside down": (lambda rate, made_for, batch, gpus: rate * made_for / (batch * gpus), "is 8 times"),
    "the root of it": (lambda rate, made_for, batch, gpus: rate * (batch * gpus / made_for) ** 0.5, "is 0.354 times"),
    "copied": (lambda rate, made_for, batch, gpus: rate, "0.125 times the 16 a step"),
}


@pytest.mark.parametrize("name", RATES)
def test_rate(name, capsys):
    function, said = RATES[name]
    assert check_rate(function) is (name == "right")
    assert said in capsys.readouterr().out


def sheet(*boxes):
    """A mask of the pixels in any of the boxes (x0, y0, x1, y1)."""
    mask = np.zeros((100, 100), bool)
    for x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = True
    return mask


LOST = {
    "right": (lambda: (sheet((5, 5, 15, 95), (5, 85, 95, 95)), sheet((17, 5, 95, 15), (85, 5, 95, 83))), "Right:"),
    "side by side": (lambda: (sheet((5, 5, 45, 95)), sheet((50, 5, 95, 95))), "IoU of their boxes is 0.00"),
    "one upon the other": (lambda: (sheet((5, 5, 80, 80)), sheet((10, 10, 85, 85))), "share 4900 pixels"),
    "two pieces": (lambda: (sheet((5, 5, 20, 95), (80, 5, 95, 95)), sheet((30, 5, 70, 95))), "first garment is in sev"),
    "threads": (lambda: (sheet((5, 5, 6, 95), (5, 94, 95, 95)), sheet((8, 5, 95, 6), (94, 5, 95, 92))), "nobody would"),
    "numbers": (lambda: (sheet((5, 5, 45, 95)).astype(int),) * 2, "got int64"),
}


@pytest.mark.parametrize("name", LOST)
def test_lost(name, capsys):
    function, said = LOST[name]
    assert check_lost(function, 0.5) is (name == "right")
    assert said in capsys.readouterr().out
