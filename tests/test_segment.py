"""The segmenter's room: operators, config, training, the weights' file format, predictions."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.torch import load_file, save_file

from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.data.wardrobe import make_garment
from s2f_helpers.segment import Segmenter, ops, recipe, segmenter_config
from s2f_helpers.segment.coco import photos_as_coco, wardrobe_as_coco
from s2f_helpers.segment.evaluate import evaluate
from s2f_helpers.segment.export import export
from s2f_helpers.segment.train import train

CASES = range(8)


def random_rois(generator: torch.Generator, count: int, width: int, height: int) -> torch.Tensor:
    """Some inside, some half or wholly outside, some inverted, some without any area."""
    corner = (torch.rand(count, 2, generator=generator) * 2 - 0.5) * torch.tensor([width, height])
    extent = (torch.rand(count, 2, generator=generator) * 1.3 - 0.1) * torch.tensor([width, height])
    extent[::5] = 0
    image = torch.randint(0, 2, (count, 1), generator=generator).float()
    return torch.cat([image, corner, corner + extent], 1)


@pytest.mark.parametrize("case", CASES)
def test_plain_roi_align_equals_torchvision_forward_and_backward(case):
    generator = torch.Generator().manual_seed(case)
    height, width = torch.randint(1, 40, (2,), generator=generator).tolist()
    features = torch.randn(2, 3, height, width, generator=generator, dtype=torch.float64, requires_grad=True)
    scale = (1.0, 0.25)[case % 2]
    rois = random_rois(generator, 20, int(width / scale), int(height / scale)).double()
    options = (scale, *((7, 7), (3, 5))[case // 2 % 2], (0, 2)[case // 4], bool(case % 3))
    expected = torch.ops.torchvision.roi_align(features, rois, *options)
    got = ops.roi_align(features, rois, *options)
    torch.testing.assert_close(got, expected)
    upstream = torch.randn(expected.shape, generator=generator, dtype=torch.float64)
    wanted = torch.autograd.grad(expected, features, upstream)
    torch.testing.assert_close(torch.autograd.grad(got, features, upstream), wanted)


def test_plain_roi_align_of_no_regions_is_empty():
    assert ops.roi_align(torch.zeros(1, 3, 8, 8), torch.zeros(0, 5), 1.0, 7, 7, 0, True).shape == (0, 3, 7, 7)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_plain_nms_equals_torchvision(case, threshold):
    generator = torch.Generator().manual_seed(case)
    count = (0, 1, 200)[case % 3]
    corner = torch.rand(count, 2, generator=generator) * 100
    boxes = torch.cat([corner, corner + torch.rand(count, 2, generator=generator) * 60], 1)
    scores = torch.rand(count, generator=generator)
    assert ops.nms(boxes, scores, threshold).tolist() == torch.ops.torchvision.nms(boxes, scores, threshold).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("backend", ["torchvision", "torch"])
def test_mmcv_pools_and_learns_through_either_backend(backend, dtype, monkeypatch):
    """Known truth: the mean of a ramp over a box is the ramp at the box's middle; gradients sum to the upstream's."""
    import mmcv.ops

    for name in ("nms", "roi_align"):  # mmcv.ops names its functions as it names their modules
        monkeypatch.setattr(sys.modules[f"mmcv.ops.{name}"], "ext_module", ops._extension(backend))
    ramp = torch.arange(16, dtype=dtype).expand(1, 1, 16, 16).clone().requires_grad_()
    pooled = mmcv.ops.RoIAlign(1, 1.0, 0, "avg", True)(ramp, torch.tensor([[0, 4, 4, 8, 8]], dtype=dtype))
    assert pooled.item() == pytest.approx(5.5)
    pooled.sum().backward()
    assert ramp.grad.sum().item() == pytest.approx(1.0)
    boxes = torch.tensor([[0, 0, 10, 10], [1, 1, 10, 10], [20, 20, 30, 30]], dtype=dtype)
    _, kept = mmcv.ops.nms(boxes, torch.tensor([0.5, 0.9, 0.1], dtype=dtype), 0.5)
    assert kept.tolist() == [1, 2]


def test_other_operators_say_that_they_are_missing():
    extension = ops._extension("torch")
    with pytest.raises(S2FError, match="'deform_conv_forward' is not part of this course"):
        extension.deform_conv_forward()
    with pytest.raises(S2FError, match="pool_mode='max'"):
        extension.roi_align_forward(*[None] * 9, 0, True)


def test_setup_a_second_time_changes_nothing():
    import mmcv

    before = mmcv._ext
    assert ops.setup() == ops.setup() in ("mmcv", "torchvision", "torch")
    assert mmcv._ext is before


def test_setup_steps_aside_for_a_full_mmcv(monkeypatch):
    monkeypatch.delitem(sys.modules, "mmcv._ext")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    assert ops.setup() == "mmcv" and "mmcv._ext" not in sys.modules


def test_unknown_recipe_is_named():
    with pytest.raises(S2FError, match="expected one of smoke, cpu, gpu"):
        recipe("tpu")


def test_a_run_too_short_to_learn_is_refused(tmp_path):
    with pytest.raises(S2FError, match="2 or more"):
        segmenter_config(replace(recipe("smoke"), iterations=1), tmp_path / "t.json", tmp_path / "v.json", tmp_path)


def test_config_is_mmdets_with_our_backbone_and_categories(tmp_path):
    config = segmenter_config(recipe("cpu"), tmp_path / "t.json", tmp_path / "v.json", tmp_path)
    assert config.model.type == "MaskRCNN" and config.model.backbone.type == "Lite0"
    assert config.model.roi_head.bbox_head.num_classes == len(category_ids())
    assert config.train_dataloader.dataset.dataset.dataset.metainfo.classes == category_ids()
    assert config.train_cfg.max_iters == recipe("cpu").iterations


def test_coco_file_of_the_photos_holds_every_mask(photos):
    from pycocotools.coco import COCO

    coco = COCO(str(photos_as_coco("val")))
    assert len(coco.imgs) == len(coco.anns) == len(photos)
    first = coco.loadAnns(coco.getAnnIds())[0]
    assert coco.cats[first["category_id"]]["name"] == photos[0].category
    assert np.array_equal(coco.annToMask(first).astype(bool), photos[0].mask())


# --- a two-minute-old learner's run, in seconds: train on the wardrobe, stop, go on, export, load, predict


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segment")
    files = wardrobe_as_coco(8), wardrobe_as_coco(2, seed=100)
    train(replace(recipe("smoke"), iterations=2), *files, folder)
    train(replace(recipe("smoke"), iterations=3), *files, folder)
    return folder


@pytest.fixture(scope="module")
def weights(trained):
    target = trained / "weights" / "segmenter.safetensors"
    export(trained, target, side=96, score_threshold=0.0)
    return target


@pytest.fixture(scope="module")
def segmenter(weights):
    return Segmenter.load(weights)


def test_training_goes_on_from_its_checkpoint(trained):
    assert (trained / "last_checkpoint").read_text().endswith("iter_3.pth")
    logs = [json.loads(line) for path in sorted(trained.glob("*/vis_data/*.json"))[-1:]
            for line in path.read_text().splitlines() if "loss" in line]  # fmt: skip
    assert all(np.isfinite(log["loss"]) for log in logs)


def test_frozen_stages_keep_their_imagenet_weights_and_heads_learn(trained):
    from s2f_helpers.segment.weights import build_model

    state = torch.load(trained / "iter_3.pth", weights_only=True)
    fresh = build_model().state_dict()
    stem, norm = "backbone.body.conv_stem.weight", "backbone.body.bn1.running_mean"
    assert torch.equal(state["state_dict"][stem], fresh[stem]) and torch.equal(state["state_dict"][norm], fresh[norm])
    late = "backbone.body.blocks.6.0.conv_pw.weight"
    assert not torch.equal(state["state_dict"][late], fresh[late])


def test_shipped_file_is_small_and_loads_the_trained_numbers(trained, weights):
    assert weights.stat().st_size < 30_000_000
    state = torch.load(trained / "iter_3.pth", weights_only=True)["state_dict"]
    for name, tensor in load_file(weights).items():
        torch.testing.assert_close(tensor.to(state[name].dtype), state[name], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("background", ["white", "floor"])
def test_predictions_are_garments_best_first(segmenter, background):
    photo = make_garment("dress", seed=5, size=160, background=background).photo
    found = segmenter(photo)
    assert found, "a threshold of 0 reports everything"
    scores = [garment.score for garment in found]
    assert scores == sorted(scores, reverse=True) and min(scores) >= 0 and max(scores) <= 1
    for garment in found:
        assert garment.mask.shape == (160, 160) and garment.mask.dtype == bool and garment.mask.any()
        assert garment.category in category_ids()
        assert np.array_equal(garment.photo, photo)


def test_a_threshold_leaves_out_what_is_below_it(segmenter):
    photo = make_garment("coat", seed=1, size=128).photo
    middle = float(np.median([garment.score for garment in segmenter(photo)]))
    assert min(garment.score for garment in replace(segmenter, score_threshold=middle)(photo)) >= middle
    assert replace(segmenter, score_threshold=1.0)(photo) == []


@settings(max_examples=8, deadline=None)
@given(
    picture=hnp.arrays(
        np.uint8,
        st.tuples(st.integers(1, 90), st.integers(1, 90), st.sampled_from([None, 3, 4])).map(
            lambda shape: tuple(side for side in shape if side)
        ),
    )
)
def test_any_picture_is_answered_at_its_own_size(segmenter, picture):
    for garment in segmenter(picture):
        assert garment.mask.shape == picture.shape[:2] and garment.photo.shape == (*picture.shape[:2], 3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (4000, 3, 3), (2500, 2600)])
def test_odd_sizes_are_answered(segmenter, shape):
    for garment in segmenter(np.full(shape, 200, np.uint8)):
        assert garment.mask.shape == shape[:2]


def test_transparent_pixels_are_white(segmenter):
    photo = make_garment("skirt", seed=2, size=96)
    clear = np.dstack([np.where(photo.mask[..., None], photo.photo, 77), photo.mask * np.uint8(255)])
    on_white = np.where(photo.mask[..., None], photo.photo, np.uint8(255))
    assert [g.score for g in segmenter(clear)] == [g.score for g in segmenter(on_white)]


@pytest.mark.parametrize(
    "image",
    [np.zeros((8, 8, 3), np.float32), np.zeros((8, 8, 2), np.uint8), np.zeros((0, 4, 3), np.uint8),
     np.zeros(9, np.uint8), "shirt.jpg", None],
    ids=["float", "two channels", "empty", "flat", "path", "none"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(segmenter, image):
    with pytest.raises(S2FError, match="needs a picture"):
        segmenter(image)


# --- weights from strangers


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("code in a weights file was run",))


@pytest.fixture
def copy(weights, tmp_path):
    """A pair of weights to break."""
    target = tmp_path / "segmenter.safetensors"
    target.write_bytes(weights.read_bytes())
    target.with_suffix(".json").write_bytes(weights.with_suffix(".json").read_bytes())
    return target


def test_missing_weights_say_where_to_get_them(tmp_path):
    with pytest.raises(S2FError, match=r"no weights at .*They come with the course"):
        Segmenter.load(tmp_path / "segmenter.safetensors")


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, pickle.dumps(Bomb())], ids=["empty", "noise", "pickle"])
def test_damaged_or_hostile_weights_are_refused(copy, content):
    copy.write_bytes(content)
    with pytest.raises(S2FError, match="no readable safetensors"):
        Segmenter.load(copy)


def test_cut_off_weights_are_refused(copy):
    copy.write_bytes(copy.read_bytes()[:-1000])
    with pytest.raises(S2FError, match="no readable safetensors"):
        Segmenter.load(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda name, tensors: tensors.pop(name), "1 tensors differ"),
        (lambda name, tensors: tensors.update({name: tensors[name][..., None].contiguous()}), "1 tensors differ"),
        (lambda name, tensors: tensors.update({name: tensors[name] * float("nan")}), "not finite"),
    ],
    ids=["missing tensor", "wrong shape", "not a number"],
)
def test_weights_of_another_network_are_refused(copy, change, message):
    tensors = load_file(copy)
    change("roi_head.bbox_head.fc_cls.bias", tensors)
    save_file(tensors, copy)
    with pytest.raises(S2FError, match=message):
        Segmenter.load(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"classes": ["sock"]}, "other categories"),
        ({"config": "yolo"}, "another network"),
        ({"side": 10**6}, "side must be"),
        ({"score_threshold": 7}, "score_threshold 0 to 1"),
        ({"side": None}, "damaged"),
    ],
)
def test_facts_that_do_not_fit_are_refused(copy, change, message):
    facts = json.loads(copy.with_suffix(".json").read_text()) | change
    copy.with_suffix(".json").write_text(json.dumps(facts))
    with pytest.raises(S2FError, match=message):
        Segmenter.load(copy)


def test_a_checkpoint_that_carries_code_is_not_exported(tmp_path):
    torch.save({"state_dict": Bomb()}, tmp_path / "iter_1.pth")
    (tmp_path / "last_checkpoint").write_text(str(tmp_path / "iter_1.pth"))
    with pytest.raises(S2FError, match="no checkpoint of this training"):
        export(tmp_path, tmp_path / "out.safetensors", side=96)


def test_export_without_a_checkpoint_says_to_train(tmp_path):
    with pytest.raises(S2FError, match="train first"):
        export(tmp_path, tmp_path / "out.safetensors", side=96)


# --- the yardstick itself


class Oracle:
    """Answers with the truth, or with what ``change`` makes of it."""

    def __init__(self, change):
        self.change, self.truths = change, iter(TRUTHS)

    def batch(self, photos):
        asked = [next(self.truths) for _ in photos]
        return [self.change(Garment(truth.photo, truth.mask, truth.category, 0.75)) for truth in asked]


TRUTHS = [make_garment(category, seed=3, size=64) for category in ("t-shirt", "pants", "hat")]


def measured(change, monkeypatch):
    monkeypatch.setattr("s2f_helpers.segment.evaluate.replace", lambda segmenter, **_: segmenter)
    return evaluate(Oracle(change), TRUTHS)


def test_a_perfect_segmenter_scores_one(monkeypatch):
    scores = measured(lambda garment: [garment], monkeypatch)
    assert [scores.box_ap, scores.mask_ap, scores.agnostic_box_ap, scores.agnostic_mask_ap] == pytest.approx([1.0] * 4)
    assert scores.best_iou == scores.best_category == scores.f1[0.5] == 1.0 and scores.f1[0.8] == 0.0


def test_wrong_names_cost_the_categories_only(monkeypatch):
    scores = measured(lambda garment: [replace(garment, category="coat")], monkeypatch)
    assert scores.mask_ap == 0.0 and scores.agnostic_mask_ap == pytest.approx(1.0) and scores.best_category == 0.0


def test_false_alarms_cost_f1(monkeypatch):
    scores = measured(lambda garment: [garment, replace(garment, mask=~garment.mask, score=0.6)], monkeypatch)
    assert scores.f1[0.5] == pytest.approx(2 / 3) and scores.f1[0.7] == 1.0


def test_finding_nothing_scores_zero(monkeypatch):
    scores = measured(lambda garment: [], monkeypatch)
    assert scores.mask_ap == scores.best_iou == scores.f1[0.1] == 0.0


# --- many pictures at once


def test_a_batch_answers_as_one_at_a_time_does(segmenter):
    """Of many sizes and kinds, in any order; two fill the same space in the network, though not the same size."""
    shown = ("dress", 96), ("coat", 160), ("hat", 96), ("skirt", 64)
    photos = [make_garment(name, seed=5, size=size, background="floor").photo for name, size in shown]
    photos += [photos[1][:, :150], photos[0][:40], photos[2][..., 0], np.full((1, 1, 3), 9, np.uint8)]
    together = segmenter.batch(photos)
    assert len(together) == len(photos) and segmenter.batch([]) == []
    for photo, found in zip(photos, together, strict=True):
        alone = segmenter(photo)
        assert [g.category for g in found] == [g.category for g in alone]
        np.testing.assert_allclose([g.score for g in found], [g.score for g in alone], atol=1e-4)
        for one, other in zip(found, alone, strict=True):
            assert (one.mask ^ other.mask).sum() <= 0.002 * one.mask.size
            assert one.photo.shape[:2] == photo.shape[:2]


def test_one_bad_picture_refuses_the_batch(segmenter):
    with pytest.raises(S2FError, match="needs a picture"):
        segmenter.batch([np.zeros((8, 8, 3), np.uint8), np.zeros((0, 4, 3), np.uint8)])


def test_eight_thousand_pixels_are_answered_at_full_size(segmenter):
    photo = cv2.resize(make_garment("dress", seed=5, size=256).photo, (8000, 6000))
    found = replace(segmenter, score_threshold=sorted(g.score for g in segmenter(photo[::8, ::8]))[-1] * 0.9)(photo)
    assert found and all(garment.mask.shape == (6000, 8000) for garment in found)


def test_the_shipped_weights_still_load_and_answer():
    segmenter = Segmenter.load()
    garment = make_garment("dress", seed=3, size=256, background="floor")
    found = segmenter(garment.photo)
    assert found and (found[0].mask & garment.mask).sum() > 0.7 * (found[0].mask | garment.mask).sum()
