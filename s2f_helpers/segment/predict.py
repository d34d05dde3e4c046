"""Find the garments in a picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.structures import DetDataSample
from torch import nn

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import device
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.segment.weights import read_weights

__all__ = ["Segmenter"]

WORKING_SIDE = 1024  # masks of larger pictures are drawn at this size and enlarged


@dataclass(frozen=True, eq=False)
class Segmenter:
    """Mask R-CNN: a picture in, garments with masks out.

    Attributes:
        model: MMDetection's detector, in evaluation mode.
        classes: category ids in class-index order.
        side: longest side, in pixels, of the pictures the model sees.
        score_threshold: garments below this score, in [0, 1], are not reported.
    """

    model: nn.Module
    classes: tuple[str, ...]
    side: int
    score_threshold: float

    @classmethod
    def load(cls, path: str | Path | None = None) -> Segmenter:
        """From ``weights/segmenter.safetensors`` and the ``.json`` beside it, or from another such pair.

        Raises:
            S2FError: when the weights are missing, damaged or made for another network.
        """
        model, facts = read_weights(Path(path) if path else WEIGHTS / "segmenter.safetensors")
        return cls(model.to(device()), facts.classes, facts.side, facts.score_threshold)

    def __call__(self, image: np.ndarray) -> list[Garment]:
        """Garments in ``image``, best score first; none found gives an empty list.

        Args:
            image: ``uint8``, (H, W, 3) RGB, (H, W, 4) RGBA (laid on white), or (H, W) grey; any size.

        Returns:
            Garments whose ``photo`` is the picture as RGB and whose mask has the picture's size.

        Raises:
            S2FError: for anything else.
        """
        photo = _as_rgb(image)
        working = _shrunk(photo, WORKING_SIDE)
        found = self._detect(working)
        height, width = photo.shape[:2]
        garments = []
        for mask, label, score in zip(found.masks, found.labels, found.scores, strict=True):
            full = mask.cpu().numpy().astype(np.uint8)
            if score < self.score_threshold or not full.any():
                continue
            if full.shape != (height, width):
                full = cv2.resize(full, (width, height), interpolation=cv2.INTER_NEAREST)
            garments.append(Garment(photo, full.astype(bool), self.classes[int(label)], float(score)))
        return sorted(garments, key=lambda garment: -garment.score)

    @torch.inference_mode()
    def _detect(self, photo: np.ndarray):
        """MMDetection's instances (boxes, labels, scores, masks) at the size of ``photo``."""
        height, width = photo.shape[:2]
        scale = self.side / max(height, width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        seen = cv2.resize(photo, size, interpolation=cv2.INTER_LINEAR)
        sample = DetDataSample(metainfo={
            "ori_shape": (height, width),
            "img_shape": seen.shape[:2],
            "scale_factor": (size[0] / width, size[1] / height),
        })  # fmt: skip
        bgr = torch.from_numpy(np.ascontiguousarray(seen[..., ::-1].transpose(2, 0, 1)))  # mmdet's channel order
        return self.model.test_step({"inputs": [bgr], "data_samples": [sample]})[0].pred_instances


def _as_rgb(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) ``uint8``; transparency is laid on white."""
    is_picture = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size > 0
    shape = image.shape if is_picture else ()
    if len(shape) == 2:
        return np.repeat(image[..., None], 3, axis=2)
    if len(shape) == 3 and shape[2] == 3:
        return image
    if len(shape) == 3 and shape[2] == 4:
        alpha = image[..., 3:].astype(np.float32) / 255
        return (image[..., :3] * alpha + 255 * (1 - alpha)).round().astype(np.uint8)
    came = f"{image.dtype} of shape {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    raise S2FError(f"the segmenter needs a picture: uint8 of shape (H, W, 3), (H, W, 4) or (H, W); got {came}. "
                   "Read the file with cv2.imread or numpy.asarray(PIL.Image.open(...)).")  # fmt: skip


def _shrunk(photo: np.ndarray, side: int) -> np.ndarray:
    height, width = photo.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return photo
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
