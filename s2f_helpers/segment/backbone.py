"""EfficientNet-Lite0 as an MMDetection backbone."""

from __future__ import annotations

from mmdet.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from s2f_helpers.common.lite0 import lite0

__all__ = ["CHANNELS", "Lite0"]

CHANNELS = (24, 40, 112, 320)


@MODELS.register_module()
class Lite0(BaseModule):
    """Four feature maps of an ImageNet EfficientNet-Lite0: strides 4, 8, 16, 32; channels :data:`CHANNELS`.

    Batch norms keep their ImageNet statistics (a detector's batches are too small to measure new ones),
    and the first ``frozen_stages`` stages are not trained: their edges and textures are right already,
    and they cost most of the time.

    Args:
        frozen_stages: how many of the seven stages to freeze, with the stem; 0 freezes the stem alone.
    """

    def __init__(self, frozen_stages: int = 3) -> None:
        super().__init__(init_cfg=None)
        self.body = lite0(features_only=True, out_indices=(1, 2, 3, 4))
        for frozen in (self.body.conv_stem, self.body.bn1, *self.body.blocks[:frozen_stages]):
            frozen.requires_grad_(False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Feature maps of (B, 3, H, W) images in [-1, 1]; H and W are multiples of 32."""
        return self.body(images)

    def train(self, mode: bool = True) -> Lite0:
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self
