"""What MMDetection builds by name from this course: a backbone, half precision on processors, two transforms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.registry import MODELS, OPTIM_WRAPPERS, TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.model import BaseModule
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from s2f_helpers.common.lite0 import lite0
from s2f_helpers.data import cut_out

__all__ = ["CHANNELS", "BFloat16OnCPU", "CutOutOnWhite", "Lite0", "PairPhotos"]

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


@OPTIM_WRAPPERS.register_module()
class BFloat16OnCPU(OptimWrapper):
    """Half precision for processors that have it; mmengine's own is for GPUs alone."""

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Surround one step's forward pass."""
        with super().optim_context(model), torch.autocast("cpu", torch.bfloat16):
            yield


@TRANSFORMS.register_module()
class CutOutOnWhite(BaseTransform):
    """Sometimes cut the garment out and centre it on white, as the generator paints garments.

    Args:
        probability: share of the photos, in [0, 1]. Photos with several garments are left as they are.
    """

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def transform(self, results: dict) -> dict:
        masks = results["gt_masks"].masks
        if len(masks) != 1 or np.random.random() >= self.probability:
            return results
        image, mask = cut_out(results["img"], masks[0].astype(bool))
        return _with(results, image, mask[None], results["gt_bboxes_labels"])


@TRANSFORMS.register_module()
class PairPhotos(BaseTransform):
    """Sometimes put a second photo beside or below the first: ours show one garment each.

    Runs inside MMDetection's ``MultiImageMixDataset``, which hands over the second photo.

    Args:
        probability: share of the photos, in [0, 1].
    """

    def __init__(self, probability: float) -> None:
        self.probability = probability

    def get_indexes(self, dataset) -> int:
        """Index of the photo to add."""
        return np.random.randint(len(dataset))

    def transform(self, results: dict) -> dict:
        if np.random.random() >= self.probability:
            return results
        other = results["mix_results"][0]
        axis = np.random.randint(2)
        height, width = results["img"].shape[:2]
        shape = other["img"].shape
        shared, theirs = (height, shape[0]) if axis else (width, shape[1])  # the edge they share
        size = [max(1, round(side * shared / theirs)) for side in shape[1::-1]]
        second = cv2.resize(other["img"], size)
        second_masks = [cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) for mask in other["gt_masks"].masks]
        image = np.concatenate([results["img"], second], axis)
        own = len(results["gt_masks"].masks)
        masks = np.zeros((own + len(second_masks), *image.shape[:2]), np.uint8)
        masks[:own, :height, :width] = results["gt_masks"].masks
        for mask, placed in zip(second_masks, masks[own:], strict=True):
            placed[-mask.shape[0] :, -mask.shape[1] :] = mask
        labels = np.concatenate([results["gt_bboxes_labels"], other["gt_bboxes_labels"]])
        return _with(results, image, masks, labels)


def _with(results: dict, image: np.ndarray, masks: np.ndarray, labels: np.ndarray) -> dict:
    """The sample with another picture and other instances; boxes follow the masks."""
    height, width = image.shape[:2]
    bitmaps = BitmapMasks(masks.astype(np.uint8), height, width)
    return results | {
        "img": image,
        "img_shape": (height, width),
        "gt_masks": bitmaps,
        "gt_bboxes": bitmaps.get_bboxes(HorizontalBoxes),
        "gt_bboxes_labels": labels,
        "gt_ignore_flags": np.zeros(len(masks), bool),
    }
