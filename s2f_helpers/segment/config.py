"""MMDetection's own Mask R-CNN config: on ResNets as they ship it, and made light enough for a CPU."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import mmdet
import requests
import torch
from mmengine.config import Config, ConfigDict
from torchvision.models import ResNet50_Weights, ResNet101_Weights

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import has_bfloat16, preset
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.segment.parts import CHANNELS

__all__ = ["NETWORKS", "Network", "Recipe", "model_config", "recipe", "segmenter_config"]

BASE = Path(mmdet.__file__).parent / ".mim" / "configs" / "_base_"
ZOO = (
    "https://download.openmmlab.com/mmdetection/v2.0/mask_rcnn/mask_rcnn_{0}_fpn_mstrain-poly_3x_coco/"
    "mask_rcnn_{0}_fpn_mstrain-poly_3x_coco_{1}.pth"
)
WIDTH = 64  # channels of the light network's feature pyramid and of its every head
LARGEST_RATIO = 1.1  # of a training picture to the recipe's side
GROUP_NORM = {"type": "GN", "num_groups": 16}
ASK_SECONDS = 5
COMMON = 0.1  # a category in a smaller share of the photos is shown more often: √(COMMON / share) times, rounded up


@dataclass(frozen=True)
class Network:
    """What there is to know about a backbone's network.

    Attributes:
        name: written beside its weights: another network needs another name.
        largest: bytes that its weights take at most.
        seconds: CPU-seconds a training step takes for a million pixels, as measured without bfloat16 (R101: at least
            R50's).
        starts: what its training can start from, by name: an address, a file here, or "" for what needs none.
    """

    name: str
    largest: int
    seconds: float
    starts: dict[str, str]


NETWORKS = {
    "lite0": Network("mask-rcnn_lite0_fpn64", 30_000_000, 5.3, {
        "imagenet": "", "shipped": str(WEIGHTS / "segmenter.safetensors"),
    }),
    "r50": Network("mask-rcnn_r50_fpn", 100_000_000, 145.0, {
        "coco": ZOO.format("r50", "20210524_201154-21b550bb"),
        "imagenet": ResNet50_Weights.IMAGENET1K_V1.url, "none": "",
    }),
    "r101": Network("mask-rcnn_r101_fpn", 140_000_000, 145.0, {
        "coco": ZOO.format("r101", "20210524_200244-5675c317"),
        "imagenet": ResNet101_Weights.IMAGENET1K_V1.url, "none": "",
    }),
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """What to train, how long and how large.

    Attributes:
        side: longest side of a picture, in pixels.
        batch: pictures a step, in each process.
        iterations: steps in all; the learning rate falls to zero over them.
        learning_rate: for ``rate_batch`` pictures a step. Lite0 learns with AdamW, its backbone at a fifth of
            the rate; ResNets with mmdet's SGD.
        rate_batch: pictures a step, all processes together, that the rate was chosen for.
        workers: processes that load pictures.
        checkpoint_every: steps.
        amp: half precision where it is safe; needs a GPU. (On a processor that has bfloat16 it is used anyway.)
        backbone: a key of :data:`NETWORKS`.
        start: a key of its ``starts``: "shipped" (the whole network, as in ``weights/``), "coco" (the whole network),
            "imagenet" (the backbone) or "none".
    """

    side: int
    batch: int
    iterations: int
    learning_rate: float
    rate_batch: int
    workers: int
    checkpoint_every: int
    amp: bool = False
    backbone: str = "lite0"
    start: str = "imagenet"

    def scaled_rate(self, processes: int = 1) -> float:
        """The learning rate for this batch in so many processes: linear in the pictures a step.

        Goyal et al. 2017, https://arxiv.org/abs/1706.02677

        >>> recipe("smoke", "r50").scaled_rate()  # mmdet's 0.02 is for 16 pictures a step
        0.0025
        """
        return self.learning_rate * self.batch * processes / self.rate_batch


RECIPES = {
    "smoke": Recipe(side=96, batch=2, iterations=4, learning_rate=1e-4, rate_batch=2, workers=0, checkpoint_every=2),
    "cpu": Recipe(side=256, batch=4, iterations=5000, learning_rate=5e-4, rate_batch=4, workers=0,
                  checkpoint_every=100),
    "gpu": Recipe(side=448, batch=16, iterations=6000, learning_rate=1e-3, rate_batch=16, workers=8,
                  checkpoint_every=1000, amp=True),
}  # fmt: skip


def recipe(name: str | None = None, backbone: str = "lite0") -> Recipe:
    """The recipe of a preset: the one that :func:`s2f_helpers.common.presets.preset` picks, unless named.

    ResNets take mmdet's learning rate and, but for smoke, its COCO weights as a start.

    Raises:
        S2FError: for an unknown name or backbone.

    >>> recipe("smoke").batch
    2
    """
    name = name or preset()
    if name not in RECIPES:
        raise S2FError(f"unknown recipe {name!r}: expected one of {', '.join(RECIPES)}")
    if backbone not in NETWORKS:
        raise S2FError(f"unknown backbone {backbone!r}: expected one of {', '.join(NETWORKS)}")
    if backbone == "lite0":
        return RECIPES[name]
    start = "none" if name == "smoke" else "coco"
    return replace(RECIPES[name], learning_rate=0.02, rate_batch=16, backbone=backbone, start=start)


def segmenter_config(chosen: Recipe, train_file: Path, val_file: Path, work_dir: Path, processes: int = 1) -> Config:
    """The whole config for MMDetection's Runner and tools; it validates once, after the last step.

    ``config.dump("segmenter.py")`` writes a file that mmdet's own ``tools/train.py``, ``tools/test.py`` and
    ``DetInferencer`` take; this package must be importable, as the file asks for it.

    Args:
        train_file, val_file: COCO files, see :mod:`s2f_helpers.segment.coco`.
        work_dir: where logs and checkpoints go.
        processes: of a distributed run; the learning rate grows with them.

    Raises:
        S2FError: for fewer than two iterations (one to warm up, one to learn), or an unknown start.
    """
    if chosen.iterations < 2:
        raise S2FError(f"iterations: expected 2 or more, got {chosen.iterations}")
    # mmengine writes the config down six times a run, and would have yapf format it each time
    config = Config(Config.fromfile(BASE / "default_runtime.py").to_dict(), format_python_code=False)
    start = _available(chosen)
    config.model = model_config(chosen.backbone, start)
    config.load_from = NETWORKS[chosen.backbone].starts[start] if start in ("coco", "shipped") else None
    config.merge_from_dict(_schedule(chosen, processes) | {"work_dir": str(work_dir), "randomness": {"seed": 0}})
    loader = {"num_workers": chosen.workers, "persistent_workers": chosen.workers > 0}
    config.train_dataloader = loader | _train_photos(chosen, train_file)
    config.val_dataloader = config.test_dataloader = loader | _val_photos(chosen, val_file)
    scorer = {"type": "CocoMetric", "ann_file": str(val_file), "metric": ["bbox", "segm"]}
    config.val_evaluator = config.test_evaluator = scorer
    config.custom_imports = {"imports": ["s2f_helpers.segment"], "allow_failed_imports": False}
    if not torch.cuda.is_available():
        config.model_wrapper_cfg = {"type": "MMDistributedDataParallel", "device_ids": None}
    return config


def _available(chosen: Recipe) -> str:
    """The recipe's start, or "none", with a word about it, where its weights are neither here nor to be had."""
    starts = NETWORKS[chosen.backbone].starts
    if chosen.start not in starts:
        raise S2FError(f"{chosen.backbone} cannot start from {chosen.start!r}: expected one of {', '.join(starts)}")
    address = starts[chosen.start]
    if "://" not in address or (Path(torch.hub.get_dir()) / "checkpoints" / address.rsplit("/", 1)[1]).is_file():
        return chosen.start
    try:
        requests.head(address, timeout=ASK_SECONDS, allow_redirects=True).raise_for_status()
    except requests.RequestException as error:
        warnings.warn(
            f"{chosen.backbone} was to start from {address}, which does not answer ({type(error).__name__}): it "
            "starts from random numbers and will need far more photos and steps. Go online, or take lite0, whose "
            "ImageNet weights come with the course.", stacklevel=3,
        )  # fmt: skip
        return "none"
    return chosen.start


def model_config(backbone: str = "lite0", start: str = "none") -> ConfigDict:
    """The network: ``mask-rcnn_r50_fpn`` as mmdet ships it; what is not named below is theirs.

    Args:
        backbone: a key of :data:`NETWORKS`.
        start: "imagenet" has torchvision's weights fetched when a ResNet is trained; Lite0's come with the course.
    """
    config = Config.fromfile(BASE / "models" / "mask-rcnn_r50_fpn.py")
    changes = _light() if backbone == "lite0" else _resnet(int(backbone[1:]), start)
    for head in ("bbox_head", "mask_head"):
        changes[f"roi_head.{head}.num_classes"] = len(category_ids())
    config.merge_from_dict({f"model.{name}": value for name, value in changes.items()})
    return config.model


def _resnet(depth: int, start: str) -> dict[str, object]:
    source = {"type": "Pretrained", "checkpoint": f"torchvision://resnet{depth}"} if start == "imagenet" else None
    backbone = {"depth": depth, "init_cfg": source}
    if start == "none":  # mmdet freezes what is pretrained; random layers must learn
        backbone |= {"frozen_stages": -1, "norm_eval": False}
    return {"backbone": backbone}


def _light() -> dict[str, object]:
    return {
        "data_preprocessor": {"mean": [127.5] * 3, "std": [127.5] * 3},
        "backbone": {"_delete_": True, "type": "Lite0", "frozen_stages": 3},
        "neck": {"in_channels": list(CHANNELS), "out_channels": WIDTH, "norm_cfg": GROUP_NORM},
        "rpn_head": {"in_channels": WIDTH, "feat_channels": WIDTH},
        "roi_head.bbox_roi_extractor": {"out_channels": WIDTH, "roi_layer": {"sampling_ratio": 2}},
        "roi_head.bbox_head.in_channels": WIDTH,
        "roi_head.bbox_head.fc_out_channels": 4 * WIDTH,
        "roi_head.bbox_head.reg_class_agnostic": True,
        "roi_head.bbox_head.loss_cls.loss_weight": 2.0,  # garments are found and masked long before they are named
        # garments fill their photos: pool 28 x 28 from the finest maps and draw 56 x 56 masks
        "roi_head.mask_roi_extractor.out_channels": WIDTH,
        "roi_head.mask_roi_extractor.finest_scale": 112,
        "roi_head.mask_roi_extractor.roi_layer": {"output_size": 28, "sampling_ratio": 2},
        "roi_head.mask_head.num_convs": 3,
        "roi_head.mask_head.in_channels": WIDTH,
        "roi_head.mask_head.conv_out_channels": WIDTH,
        "roi_head.mask_head.class_agnostic": True,
        "roi_head.mask_head.norm_cfg": GROUP_NORM,
        "train_cfg.rpn.sampler.num": 128,
        "train_cfg.rpn_proposal": {"nms_pre": 500, "max_per_img": 200},
        "train_cfg.rcnn": {"sampler": {"num": 16}, "mask_size": 56},
        # one garment keeps one name: overlapping boxes of different categories suppress each other too
        "test_cfg": {
            "rpn": {"nms_pre": 300, "max_per_img": 100},
            "rcnn": {"max_per_img": 20, "nms": {"class_agnostic": True}},
        },
    }


LOAD_PHOTO = {"type": "LoadImageFromFile"}
LOAD_MASKS = {"type": "LoadAnnotations", "with_bbox": True, "with_mask": True}


def _photos(coco_file: Path) -> dict:
    images = coco_file.resolve().parent.parent / "images"  # where Dataset.to_coco's relative names lie
    classes = {"classes": category_ids()}
    return {"type": "CocoDataset", "ann_file": str(coco_file), "data_prefix": {"img": str(images)}, "metainfo": classes}


def _train_photos(chosen: Recipe, coco_file: Path) -> dict:
    one_photo = [LOAD_PHOTO, LOAD_MASKS, {"type": "CutOutOnWhite", "probability": 0.3}]
    # padded to one size, grey as the middle of the range: cuDNN plans anew for every size that it meets
    padded = (math.ceil(chosen.side * LARGEST_RATIO / 32) * 32,) * 2
    together = [
        {"type": "PairPhotos", "probability": 0.2},
        {"type": "RandomResize", "scale": (chosen.side,) * 2, "ratio_range": (0.7, LARGEST_RATIO), "keep_ratio": True},
        {"type": "RandomFlip", "prob": 0.5},
        {"type": "PhotoMetricDistortion", "hue_delta": 90},
        *([{"type": "Pad", "size": padded, "pad_val": {"img": (127.5,) * 3, "masks": 0}}] if chosen.amp else []),
        {"type": "PackDetInputs"},
    ]
    photos = _photos(coco_file) | {"pipeline": one_photo, "filter_cfg": {"filter_empty_gt": True}}
    balanced = {"type": "ClassBalancedDataset", "oversample_thr": COMMON, "dataset": photos}
    mixed = {"type": "MultiImageMixDataset", "dataset": balanced, "pipeline": together}
    return {"batch_size": chosen.batch, "sampler": {"type": "InfiniteSampler", "shuffle": True}, "dataset": mixed}


def _val_photos(chosen: Recipe, coco_file: Path) -> dict:
    resize = {"type": "Resize", "scale": (chosen.side,) * 2, "keep_ratio": True}
    meta = ("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")
    pipeline = [LOAD_PHOTO, resize, LOAD_MASKS, {"type": "PackDetInputs", "meta_keys": meta}]
    photos = _photos(coco_file) | {"pipeline": pipeline, "test_mode": True}
    return {"batch_size": 1, "sampler": {"type": "DefaultSampler", "shuffle": False}, "dataset": photos}


def _schedule(chosen: Recipe, processes: int) -> dict:
    steps = chosen.iterations
    warm_up = max(1, min(200, steps // 4))
    return {
        "train_cfg": {"type": "IterBasedTrainLoop", "max_iters": steps, "val_interval": steps},
        "val_cfg": {"type": "ValLoop"},
        "test_cfg": {"type": "TestLoop"},
        "optim_wrapper": _optimizer(chosen, processes),
        # for mmdet's own --auto-scale-lr, in case its user has another number of processes
        "auto_scale_lr": {"enable": False, "base_batch_size": chosen.batch * processes},
        "param_scheduler": [
            {"type": "LinearLR", "start_factor": 0.01, "by_epoch": False, "begin": 0, "end": warm_up},
            {"type": "CosineAnnealingLR", "eta_min": 0.0, "by_epoch": False, "begin": warm_up, "end": steps,
             "T_max": steps - warm_up},
        ],
        "default_hooks": {
            "checkpoint": {"by_epoch": False, "interval": chosen.checkpoint_every, "max_keep_ckpts": 3},
            "logger": {"interval": 20},
        },
        "custom_hooks": [{"type": "PlainCheckpoint"}, {"type": "FiniteLoss"}],
        "log_processor": {"by_epoch": False},
    }  # fmt: skip


def _optimizer(chosen: Recipe, processes: int) -> dict:
    rate = chosen.scaled_rate(processes)
    wrapper = {"type": "OptimWrapper", "clip_grad": {"max_norm": 10.0}}
    if chosen.amp:
        wrapper |= {"type": "AmpOptimWrapper", "loss_scale": "dynamic"}
    elif not torch.cuda.is_available() and has_bfloat16():
        wrapper |= {"type": "BFloat16OnCPU"}
    if chosen.backbone != "lite0":  # as in mmdet's schedule_1x
        return wrapper | {"optimizer": {"type": "SGD", "lr": rate, "momentum": 0.9, "weight_decay": 1e-4}}
    decay = {"norm_decay_mult": 0.0, "bias_decay_mult": 0.0}
    return wrapper | {
        "optimizer": {"type": "AdamW", "lr": rate, "weight_decay": 0.05, "fused": True},
        "paramwise_cfg": decay | {"custom_keys": {"backbone": {"lr_mult": 0.2}}},
    }
