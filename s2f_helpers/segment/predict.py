"""Find the garments in a picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from torch import nn
from torchvision.ops import masks_to_boxes

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import device
from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.segment.weights import read_weights

__all__ = ["Segmenter"]

WORKING_SIDE = 1024  # masks of larger pictures are drawn at this size and enlarged
TOGETHER = 8
PADDED = 32  # mmdet fills pictures up to a multiple of this


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
        return self.batch([image])[0]

    def batch(self, images: Sequence[np.ndarray]) -> list[list[Garment]]:
        """The garments of each of ``images``, as one call each would find them; on a GPU in less time.

        Only pictures that fill the same space in the network go through it together, :data:`TOGETHER` at a time:
        beside a larger one a picture would be padded, and the padding seen.

        Raises:
            S2FError: as one call each; no picture is then answered.
        """
        photos = [_as_rgb(image) for image in images]
        small = [_at(photo, min(WORKING_SIDE, max(photo.shape[:2])), cv2.INTER_AREA) for photo in photos]
        seen = [_at(photo, self.side) for photo in small]
        alike: dict[tuple, list[int]] = defaultdict(list)
        for index, picture in enumerate(seen):
            alike[tuple(-(-side // PADDED) for side in picture.shape[:2])].append(index)
        garments: list[list[Garment]] = [[] for _ in photos]
        for places in alike.values():
            for start in range(0, len(places), TOGETHER):
                some = places[start : start + TOGETHER]
                found = self._detect([small[index].shape[:2] for index in some], [seen[index] for index in some])
                for index, instances in zip(some, found, strict=True):
                    garments[index] = self._garments(photos[index], instances)
        return garments

    @torch.inference_mode()
    def losses(self, garments: Sequence[Garment]) -> dict[str, float]:
        """The five losses that training would see in one picture, by mmdet's names; their sum tells hard from easy.

        Args:
            garments: all that are in the picture, sharing one ``photo``; one or more.
        """
        picture = _at(_as_rgb(garments[0].photo), self.side)
        masks = np.stack([_nearest(garment.mask.astype(np.uint8), picture.shape[:2]) for garment in garments])
        boxes = masks_to_boxes(torch.from_numpy(masks)) + torch.tensor([0, 0, 1, 1])
        labels = torch.tensor([self.classes.index(garment.category) for garment in garments])
        true = InstanceData(bboxes=boxes, labels=labels, masks=BitmapMasks(masks, *masks.shape[1:]))
        sample = DetDataSample(metainfo={"img_shape": picture.shape[:2]}, gt_instances=true)
        data = self.model.data_preprocessor({"inputs": [_as_tensor(picture)], "data_samples": [sample]}, training=True)
        with torch.random.fork_rng():  # the regions that are looked at are drawn by lot
            torch.manual_seed(0)
            found = self.model.loss(data["inputs"], data["data_samples"])
        losses = {name: sum(value) if isinstance(value, list) else value for name, value in found.items()}
        return {name: float(value) for name, value in losses.items() if name.startswith("loss")}

    @torch.inference_mode()
    def _detect(self, sizes: list[tuple[int, int]], seen: list[np.ndarray]) -> list:
        """MMDetection's instances (boxes, labels, scores, masks) in pictures ``seen``, masks of ``sizes``."""
        samples = [
            DetDataSample(metainfo={
                "ori_shape": (height, width),
                "img_shape": picture.shape[:2],
                "scale_factor": (picture.shape[1] / width, picture.shape[0] / height),
            })
            for (height, width), picture in zip(sizes, seen, strict=True)
        ]  # fmt: skip
        data = {"inputs": [_as_tensor(picture) for picture in seen], "data_samples": samples}
        return [answer.pred_instances for answer in self.model.test_step(data)]

    def _garments(self, photo: np.ndarray, found) -> list[Garment]:
        garments = []
        for mask, label, score in zip(found.masks, found.labels, found.scores, strict=True):
            small = mask.cpu().numpy().astype(np.uint8)
            if score >= self.score_threshold and small.any():
                full = _nearest(small, photo.shape[:2]).astype(bool)
                garments.append(Garment(photo, full, self.classes[int(label)], float(score)))
        return sorted(garments, key=lambda garment: -garment.score)


def _as_tensor(picture: np.ndarray) -> torch.Tensor:
    """(3, H, W) ``uint8`` BGR, as mmdet's preprocessor takes it."""
    return torch.from_numpy(np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)))


def _as_rgb(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) ``uint8``; transparency is laid on white."""
    shape = image.shape if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size else ()
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


def _at(photo: np.ndarray, longest: int, interpolation: int = cv2.INTER_LINEAR) -> np.ndarray:
    """The photo with its longest side at so many pixels."""
    height, width = photo.shape[:2]
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return photo if scale == 1 else cv2.resize(photo, size, interpolation=interpolation)


def _nearest(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The (H, W) ``uint8`` mask at another (height, width)."""
    return mask if mask.shape == size else cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST)
