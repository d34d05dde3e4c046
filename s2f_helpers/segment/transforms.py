"""Two ways to show the detector more than one garment on one floor (our photos hold just that)."""

from __future__ import annotations

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks

from s2f_helpers.data.clothing import cut_out

__all__ = ["CutOutOnWhite", "PairPhotos"]


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
    """Sometimes put a second photo beside or below the first, so that several garments are seen.

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
        second = cv2.resize(other["img"], _fitting(other["img"].shape, height, width, axis))
        second_masks = [cv2.resize(mask, second.shape[1::-1], interpolation=cv2.INTER_NEAREST)
                        for mask in other["gt_masks"].masks]  # fmt: skip
        image = np.concatenate([results["img"], second], axis)
        own = len(results["gt_masks"].masks)
        masks = np.zeros((own + len(second_masks), *image.shape[:2]), np.uint8)
        masks[:own, :height, :width] = results["gt_masks"].masks
        for mask, placed in zip(second_masks, masks[own:], strict=True):
            placed[-mask.shape[0] :, -mask.shape[1] :] = mask
        labels = np.concatenate([results["gt_bboxes_labels"], other["gt_bboxes_labels"]])
        return _with(results, image, masks, labels)


def _fitting(shape: tuple, height: int, width: int, axis: int) -> tuple[int, int]:
    """(width, height) at which the second photo shares an edge with the first."""
    if axis:
        return max(1, round(shape[1] * height / shape[0])), height
    return width, max(1, round(shape[0] * width / shape[1]))


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
