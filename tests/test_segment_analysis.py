"""What the analysis says of hand-made garments, where the right answer can be counted on fingers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.segment import Segmenter
from s2f_helpers.segment.analysis import (
    IOUS,
    KINDS,
    confusion,
    count_kinds,
    judge,
    mask_iou,
    precision_recall,
    worst_pictures,
)
from s2f_helpers.segment.evaluate import evaluate, pictures
from s2f_helpers.segment.scenes import compose

PHOTO = np.zeros((40, 100, 3), np.uint8)


def block(x: int, width: int = 10, category: str = "shirt", score: float = 1.0) -> Garment:
    """A full-height strip of the picture: IoUs are ratios of widths."""
    mask = np.zeros((40, 100), bool)
    mask[:, x : x + width] = True
    return Garment(PHOTO, mask, category, score)


def test_iou_is_the_ratio_of_widths():
    assert mask_iou([block(0), block(5)], [block(0), block(50)]) == pytest.approx(np.array([[1, 0], [1 / 3, 0]]))
    assert mask_iou([], [block(0)]).shape == (0, 1) and mask_iou([block(0)], []).shape == (1, 0)


def test_every_kind_of_error_is_told_apart():
    truths = [block(0), block(20), block(40), block(60), block(80)]
    found = [
        block(0, score=0.9),  # right
        block(0, score=0.8),  # the same again
        block(20, category="coat", score=0.7),  # fits, wrong name
        block(46, score=0.6),  # IoU 4/16
        block(66, category="coat", score=0.5),  # IoU 4/16, wrong name
        block(32, 4, score=0.4),  # on nothing
        block(80, score=0.2),  # below the threshold: its garment is missed
    ]
    verdicts = judge([truths], [found], score=0.3)
    assert [verdict.kind for verdict in verdicts] == [
        "right", "duplicate", "class", "localisation", "both", "background", "missed", "missed",
    ]  # fmt: skip
    assert verdicts[3].truth is truths[2] and verdicts[3].iou == pytest.approx(0.25)
    assert verdicts[5].truth is None and [verdict.truth for verdict in verdicts[6:]] == [truths[3], truths[4]]
    assert count_kinds(verdicts) == dict(zip(KINDS, (1, 1, 1, 1, 1, 1, 2), strict=True))


def test_the_surest_of_two_gets_the_garment():
    verdicts = judge([[block(0)]], [[block(1, score=0.5), block(0, score=0.4)]])
    assert [(verdict.kind, verdict.found.score) for verdict in verdicts] == [("right", 0.5), ("duplicate", 0.4)]


def test_precision_and_recall_by_hand():
    """Two true garments; found: right, wrong, right, by falling score."""
    truths, found = [[block(0), block(50)]], [[block(0, score=0.9), block(25, score=0.6), block(50, score=0.3)]]
    curve = precision_recall(truths, found)
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert curve.recall.tolist() == [0.5, 0.5, 1.0] and curve.score.tolist() == [0.9, 0.6, 0.3]
    assert curve.average_precision == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)


def average_precision(truths, found, category=None) -> float:
    return float(np.mean([precision_recall(truths, found, category, iou).average_precision for iou in IOUS]))


def test_a_name_counts_only_where_it_is_asked_for():
    truths, found = [[block(0)]], [[block(0, category="coat", score=0.9)]]
    assert average_precision(truths, found) == pytest.approx(1.0)
    assert average_precision(truths, found, category="shirt") == 0.0
    assert np.isnan(average_precision(truths, found, category="dress"))


def test_confusion_has_the_missed_and_the_invented():
    names = ("shirt", "coat")
    truths = [[block(0), block(30, category="coat"), block(60)]]
    found = [[block(0, category="coat"), block(30, category="coat"), block(90, category="shirt")]]
    assert confusion(truths, found, names).tolist() == [[0, 1, 1], [0, 1, 0], [1, 0, 0]]


def test_the_worst_pictures_are_those_with_the_most_loss():
    segmenter, easy = Segmenter.load(), make_garment("t-shirt", 1, 256)
    elsewhere = replace(easy, mask=np.roll(easy.mask, 60, axis=1))
    truths = [[easy], [], [replace(easy, category="hat")], [elsewhere]]
    (first, named), (second, moved), (last, little) = worst_pictures(segmenter, truths)
    assert (first, second, last) == (2, 3, 0)
    assert named["loss_cls"] > 10 * little["loss_cls"] and moved["loss_mask"] > 10 * little["loss_mask"]
    assert worst_pictures(segmenter, truths, 1) == [(2, named)]


class Memory:
    """Answers with what it was told to."""

    def __init__(self, answers):
        self.answers = iter(answers)
        self.score_threshold = 0.0

    def batch(self, photos):
        return [next(self.answers) for _ in photos]


strips = st.builds(
    block,
    st.integers(0, 80),
    st.integers(4, 60),
    st.sampled_from(["shirt", "coat"]),
    st.integers(5, 100).map(lambda n: n / 100),
)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.lists(strips, min_size=1, max_size=4), st.lists(strips, max_size=6)), min_size=1, max_size=4)
)
def test_average_precision_equals_pycocotools(monkeypatched_replace, pairs):
    """Over names and IoUs; scores apart, as ties are broken by the order of sorting."""
    scores = iter(np.linspace(0.99, 0.1, 24))
    found = [[replace(garment, score=float(next(scores))) for garment in got] for _, got in pairs]
    truths = [true for true, _ in pairs]
    got = evaluate(Memory([sorted(some, key=lambda g: -g.score) for some in found]), truths)
    assert got.agnostic_mask_ap == pytest.approx(average_precision(truths, found))
    for name, value in got.by_category.items():
        assert value == pytest.approx(average_precision(truths, found, category=name))


@pytest.fixture(scope="module")
def monkeypatched_replace():
    """``evaluate`` lowers the threshold on a copy; a Memory is no dataclass."""
    patch = pytest.MonkeyPatch()
    patch.setattr("s2f_helpers.segment.evaluate.replace", lambda segmenter, **_: segmenter)
    yield
    patch.undo()


def test_sizes_are_cocos(monkeypatched_replace):
    """20 × 40 pixels are small, 40 × 40 are medium; only the larger one is found."""
    truths = [[block(0, 20), block(50, 40)]]
    got = evaluate(Memory([[replace(truths[0][1], score=0.8)]]), truths)
    assert got.by_size == {"small": 0.0, "medium": pytest.approx(1.0)}


def test_several_garments_a_picture_are_measured(monkeypatched_replace):
    truths = [[block(0), block(50, category="coat")], [block(20)]]
    half = [[replace(truths[0][0], score=0.8)], [replace(truths[1][0], score=0.7)]]
    whole, part = evaluate(Memory(truths), truths), evaluate(Memory(half), truths)
    assert whole.mask_ap == pytest.approx(1.0) and whole.f1[0.9] == 1.0
    assert part.by_category == {"shirt": pytest.approx(1.0), "coat": 0.0}
    assert part.f1[0.5] == pytest.approx(2 * 2 / (2 + 3)) and part.best_category == 1.0


@pytest.mark.parametrize("truths", [[], [[block(0)], []]], ids=["no pictures", "no garment"])
def test_nothing_to_measure_is_said(monkeypatched_replace, truths):
    with pytest.raises(S2FError, match="evaluate: "):
        evaluate(Memory([[], []]), truths)


# --- scenes


def test_a_scene_shows_each_garment_where_its_mask_says():
    garments = [make_garment(name, seed=4, size=128, background="white") for name in ("dress", "pants", "hat")]
    for count in (1, 2, 3):
        for seed in range(5):
            scene = compose(garments[:count], seed, size=160)
            assert [garment.category for garment in scene] == [garment.category for garment in garments[:count]]
            assert len({id(garment.photo) for garment in scene}) == 1 and scene[0].photo.shape == (160, 160, 3)
            assert np.add.reduce([garment.mask.astype(int) for garment in scene]).max() == 1
            for garment, source in zip(scene, garments, strict=False):
                assert (
                    np.abs(np.median(garment.photo[garment.mask], 0) - np.median(source.photo[source.mask], 0)).max()
                    < 25
                ), "the garment's own colours are in its mask"


def test_little_of_a_garment_is_hidden():
    """Three of one shape and one size: without overlap, each would show the same share of its box."""
    disc = np.hypot(*np.mgrid[-32:32, -32:32]) < 30
    coin = Garment(np.full((64, 64, 3), 90, np.uint8), disc, "hat")
    for seed in range(20):
        for garment in compose([coin] * 3, seed, size=128):
            x0, y0, x1, y1 = garment.box
            assert garment.mask.sum() > 0.85 * np.pi / 4 * max(x1 - x0, y1 - y0) ** 2


def test_a_seed_is_a_scene():
    coat = make_garment("coat", seed=1, size=64)
    first, again, other = (compose([coat], seed, 96)[0] for seed in (1, 1, 2))
    assert np.array_equal(first.photo, again.photo) and not np.array_equal(first.mask, other.mask)


@pytest.mark.parametrize("mask", [np.zeros((40, 100), bool), np.eye(900, dtype=bool)], ids=["empty", "a hair"])
def test_what_cannot_be_laid_down_is_said(mask):
    with pytest.raises(S2FError, match="compose: "):
        compose([Garment(np.zeros((*mask.shape, 3), np.uint8), mask, "hat")], seed=0)


def test_scenes_of_the_test_split_hold_two_and_three(photos):
    from s2f_helpers.segment.scenes import cutout_scenes

    scenes = list(cutout_scenes("val", 4))
    assert [len(scene) for scene in scenes] == [2, 3, 2, 3]
    assert all(garment.category in category_ids() for scene in scenes for garment in scene)


def test_unknown_pictures_are_named():
    with pytest.raises(S2FError, match="'photos', 'corrected', 'cutouts' or 'scenes'"):
        next(pictures("val", "drawings"))


def test_corrected_masks_are_of_the_test_split():
    with pytest.raises(S2FError, match="ask for split 'test', not 'val'"):
        next(pictures("val", "corrected"))
