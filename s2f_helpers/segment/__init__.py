"""Mask R-CNN for garments: MMDetection, on RoIAlign and NMS from torchvision.

>>> from s2f_helpers.segment import Segmenter          # doctest: +SKIP
>>> garments = Segmenter.load()(image)                 # doctest: +SKIP
"""

from s2f_helpers.segment.ops import setup

setup()  # first: everything below imports mmdet, which reads ``mmcv._ext`` while it is imported

from s2f_helpers.segment.backbone import Lite0  # noqa: E402
from s2f_helpers.segment.config import Recipe, recipe, segmenter_config  # noqa: E402
from s2f_helpers.segment.predict import Segmenter  # noqa: E402

__all__ = ["Lite0", "Recipe", "Segmenter", "recipe", "segmenter_config", "setup"]
