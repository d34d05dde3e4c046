"""Mask R-CNN for garments: MMDetection, on RoIAlign and NMS from torchvision (notebook 05)."""

from s2f_helpers.segment.ops import setup

setup()  # first: everything below imports mmdet, which looks for mmcv's operators while it is imported

from s2f_helpers.segment.config import Recipe, model_config, recipe, segmenter_config  # noqa: E402
from s2f_helpers.segment.hooks import FiniteLoss, LiveLosses, TelegramMessage  # noqa: E402
from s2f_helpers.segment.parts import CutOutOnWhite, Lite0, PairPhotos  # noqa: E402
from s2f_helpers.segment.predict import Segmenter  # noqa: E402
from s2f_helpers.segment.weights import PlainCheckpoint  # noqa: E402

__all__ = ["CutOutOnWhite", "FiniteLoss", "Lite0", "LiveLosses", "PairPhotos", "PlainCheckpoint", "Recipe",
           "Segmenter", "TelegramMessage", "model_config", "recipe", "segmenter_config", "setup"]  # fmt: skip
