"""MMDetection's own Mask R-CNN config, made light enough for a CPU."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import mmdet
from mmengine.config import Config

from s2f_helpers.common.presets import preset
from s2f_helpers.common.types import S2FError
from s2f_helpers.data import category_ids
from s2f_helpers.segment.backbone import CHANNELS

__all__ = ["CONFIG_NAME", "RECIPES", "Recipe", "model_config", "recipe", "segmenter_config"]

CONFIG_NAME = "mask-rcnn_lite0_fpn64"  # written beside the weights: another network needs another name
BASE = Path(mmdet.__file__).parent / ".mim" / "configs" / "_base_"
WIDTH = 64  # channels of the feature pyramid and of every head
GROUP_NORM = {"type": "GN", "num_groups": 16}


@dataclass(frozen=True)
class Recipe:
    """How long and how large to train.

    Attributes:
        side: longest side of a picture, in pixels.
        batch: pictures a step.
        iterations: steps in all; the learning rate falls to zero over them.
        learning_rate: of AdamW, for the heads; the backbone learns at a fifth of it.
        workers: processes that load pictures.
        checkpoint_every: steps.
    """

    side: int
    batch: int
    iterations: int
    learning_rate: float
    workers: int
    checkpoint_every: int


RECIPES = {
    "smoke": Recipe(side=96, batch=2, iterations=4, learning_rate=1e-4, workers=0, checkpoint_every=2),
    "cpu": Recipe(side=256, batch=4, iterations=2400, learning_rate=5e-4, workers=0, checkpoint_every=300),
    "gpu": Recipe(side=448, batch=16, iterations=6000, learning_rate=1e-3, workers=8, checkpoint_every=1000),
}


def recipe(name: str | None = None) -> Recipe:
    """The recipe of a preset: the one that :func:`s2f_helpers.common.presets.preset` picks, unless named.

    >>> recipe("smoke").batch
    2
    """
    name = name or preset()
    if name not in RECIPES:
        raise S2FError(f"unknown recipe {name!r}: expected one of {', '.join(RECIPES)}")
    return RECIPES[name]


def segmenter_config(chosen: Recipe, train_file: Path, val_file: Path, work_dir: Path) -> Config:
    """The whole config for MMDetection's Runner; it validates once, after the last step.

    Args:
        train_file, val_file: COCO files, see :mod:`s2f_helpers.segment.coco`.
        work_dir: where logs and checkpoints go.

    Raises:
        S2FError: for fewer than two iterations (one to warm up, one to learn).
    """
    if chosen.iterations < 2:
        raise S2FError(f"iterations: expected 2 or more, got {chosen.iterations}")
    config = Config.fromfile(BASE / "default_runtime.py")
    config.model = model_config()
    config.merge_from_dict(_schedule(chosen) | {"work_dir": str(work_dir), "randomness": {"seed": 0}})
    loader = {"num_workers": chosen.workers, "persistent_workers": chosen.workers > 0}
    config.train_dataloader = loader | _train_photos(chosen, train_file)
    config.val_dataloader = loader | _val_photos(chosen, val_file)
    config.val_evaluator = {"type": "CocoMetric", "ann_file": str(val_file), "metric": ["bbox", "segm"]}
    return config


def model_config() -> Config:
    """The network: ``mask-rcnn_r50_fpn`` as mmdet ships it; what is not named below is theirs."""
    config = Config.fromfile(BASE / "models" / "mask-rcnn_r50_fpn.py")
    config.merge_from_dict({"model": {
        "data_preprocessor": {"mean": [127.5] * 3, "std": [127.5] * 3},
        "backbone": {"_delete_": True, "type": "Lite0", "frozen_stages": 3},
        "neck": {"in_channels": list(CHANNELS), "out_channels": WIDTH, "norm_cfg": GROUP_NORM},
        "rpn_head": {"in_channels": WIDTH, "feat_channels": WIDTH},
        "roi_head": {
            "bbox_roi_extractor": {"out_channels": WIDTH, "roi_layer": {"sampling_ratio": 2}},
            "bbox_head": {
                "in_channels": WIDTH,
                "fc_out_channels": 4 * WIDTH,
                "num_classes": len(category_ids()),
                "reg_class_agnostic": True,
            },
            # garments fill their photos: pool 28 x 28 from the finest maps and draw 56 x 56 masks
            "mask_roi_extractor": {
                "out_channels": WIDTH,
                "finest_scale": 112,
                "roi_layer": {"output_size": 28, "sampling_ratio": 2},
            },
            "mask_head": {
                "num_convs": 3,
                "in_channels": WIDTH,
                "conv_out_channels": WIDTH,
                "num_classes": len(category_ids()),
                "class_agnostic": True,
                "norm_cfg": GROUP_NORM,
            },
        },
        "train_cfg": {
            "rpn": {"sampler": {"num": 128}},
            "rpn_proposal": {"nms_pre": 500, "max_per_img": 200},
            "rcnn": {"sampler": {"num": 32}, "mask_size": 56},
        },
        # one garment keeps one name: overlapping boxes of different categories suppress each other too
        "test_cfg": {
            "rpn": {"nms_pre": 300, "max_per_img": 100},
            "rcnn": {"max_per_img": 20, "nms": {"class_agnostic": True}},
        },
    }})  # fmt: skip
    return config.model


def _photos(coco_file: Path) -> dict:
    classes = {"classes": category_ids()}
    return {"type": "CocoDataset", "ann_file": str(coco_file), "data_prefix": {"img": ""}, "metainfo": classes}


LOAD_PHOTO = {"type": "LoadImageFromFile"}
LOAD_MASKS = {"type": "LoadAnnotations", "with_bbox": True, "with_mask": True}


def _train_photos(chosen: Recipe, coco_file: Path) -> dict:
    one_photo = [LOAD_PHOTO, LOAD_MASKS, {"type": "CutOutOnWhite", "probability": 0.3}]
    together = [
        {"type": "PairPhotos", "probability": 0.2},
        {"type": "RandomResize", "scale": (chosen.side,) * 2, "ratio_range": (0.7, 1.1), "keep_ratio": True},
        {"type": "RandomFlip", "prob": 0.5},
        {"type": "PhotoMetricDistortion", "hue_delta": 90},
        {"type": "PackDetInputs"},
    ]
    photos = _photos(coco_file) | {"pipeline": one_photo}
    return {
        "batch_size": chosen.batch,
        "sampler": {"type": "InfiniteSampler", "shuffle": True},
        "dataset": {"type": "MultiImageMixDataset", "dataset": photos, "pipeline": together},
    }


def _val_photos(chosen: Recipe, coco_file: Path) -> dict:
    meta = ("img_id", "img_path", "ori_shape", "img_shape", "scale_factor")
    pipeline = [
        LOAD_PHOTO,
        {"type": "Resize", "scale": (chosen.side,) * 2, "keep_ratio": True},
        LOAD_MASKS,
        {"type": "PackDetInputs", "meta_keys": meta},
    ]
    return {
        "batch_size": 1,
        "sampler": {"type": "DefaultSampler", "shuffle": False},
        "dataset": _photos(coco_file) | {"pipeline": pipeline, "test_mode": True},
    }


def _schedule(chosen: Recipe) -> dict:
    steps = chosen.iterations
    warm_up = max(1, min(200, steps // 4))
    decay = {"norm_decay_mult": 0.0, "bias_decay_mult": 0.0}
    return {
        "train_cfg": {"type": "IterBasedTrainLoop", "max_iters": steps, "val_interval": steps},
        "val_cfg": {"type": "ValLoop"},
        "optim_wrapper": {
            "type": "OptimWrapper",
            "optimizer": {"type": "AdamW", "lr": chosen.learning_rate, "weight_decay": 0.05},
            "clip_grad": {"max_norm": 10.0},
            "paramwise_cfg": decay | {"custom_keys": {"backbone": {"lr_mult": 0.2}}},
        },
        "param_scheduler": [
            {"type": "LinearLR", "start_factor": 0.01, "by_epoch": False, "begin": 0, "end": warm_up},
            {"type": "CosineAnnealingLR", "eta_min": 0.0, "by_epoch": False, "begin": warm_up, "end": steps,
             "T_max": steps - warm_up},
        ],
        "default_hooks": {
            "checkpoint": {"by_epoch": False, "interval": chosen.checkpoint_every, "max_keep_ckpts": 3},
            "logger": {"interval": 20},
        },
        "custom_hooks": [{"type": "PlainCheckpoint"}],
        "log_processor": {"by_epoch": False},
    }  # fmt: skip
