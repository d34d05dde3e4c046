"""A garment picture as one vector: its shape (EfficientNet-Lite0) and its colours (CIELAB histogram)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.ndimage import gaussian_filter

from s2f_helpers.common.lite0 import lite0
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import device, has_bfloat16
from s2f_helpers.common.types import S2FError

__all__ = [
    "AXES", "COLOR_WEIGHT", "SHAPE_DIMENSIONS", "VECTORS", "Crop", "Embedder", "color_histogram", "compress",
    "crop_garment", "weigh",
]  # fmt: skip

SIZE = 224
BATCH = 16
GEM_POWER = 3.0
SHAPE_DIMENSIONS = 1280
BINS = (6, 10, 10)
LAB_RANGE = ((0.0, 100.0), (-80.0, 80.0), (-80.0, 80.0))
AXES = {"shape": 192, "color": 64}
"""What an index keeps of a vector: each part's coordinates along so many main axes."""
VECTORS = f"lite0-gem{GEM_POWER:g}-{SIZE}_lab-{'x'.join(map(str, BINS))}_axes-{'-'.join(map(str, AXES.values()))}_1"
"""Names the way from a picture to an index's vector; vectors of different ways cannot be compared."""
# Where most of the first five results have both the query's category and nearly its colour, measured on the
# validation photos (benchmarks/search_quality.py); more would cost categories and gain few colours.
COLOR_WEIGHT = 0.25

NEAR_WHITE = 245
MARGIN = 0.04


@dataclass(frozen=True, eq=False)
class Crop:
    """A garment alone: centred in a square on white.

    Attributes:
        image: (S, S, 3) ``uint8`` RGB, white outside the garment.
        mask: (S, S) ``bool``, True where a pixel shows nothing but garment.
    """

    image: np.ndarray
    mask: np.ndarray


def crop_garment(image: np.ndarray, mask: np.ndarray | None = None, size: int = SIZE) -> Crop:
    """Cut the garment out, centre it in a white square and resize.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        mask: (H, W) ``bool``; None takes everything but the white (>= 245) that reaches the frame, so a
            picture without a white background counts as a whole.
        size: side of the square in pixels.

    Raises:
        S2FError: for another kind of array, or nothing to crop.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise S2FError("expected a picture as a uint8 RGB array of shape (H, W, 3)")
    mask = _not_background(image) if mask is None else np.asarray(mask, bool)
    if mask.shape != image.shape[:2]:
        raise S2FError(f"expected a mask of the picture's shape {image.shape[:2]}, got {mask.shape}")
    if not mask.any():
        raise S2FError("there is no garment to look for: the picture is white or the mask is empty")
    square, coverage = _square(image, mask)
    how = cv2.INTER_AREA if len(square) > size else cv2.INTER_LINEAR
    square, coverage = (cv2.resize(layer, (size, size), interpolation=how) for layer in (square, coverage))
    # The outermost pixels mix cloth and background.
    inside = cv2.erode(coverage, np.ones((3, 3), np.uint8)) > 0.99
    return Crop(square, inside if inside.any() else coverage >= coverage.max())


def _not_background(image: np.ndarray) -> np.ndarray:
    # A frame of white joins every white patch that reaches the picture's edge into one component,
    # so white cloth inside a garment's outline is not taken for background.
    white = np.pad((image.min(axis=2) >= NEAR_WHITE).astype(np.uint8), 1, constant_values=1)
    _, labels = cv2.connectedComponents(white, connectivity=4)
    return (labels != labels[0, 0])[1:-1, 1:-1]


def _square(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    height, width = mask[box].shape
    side = int(np.ceil(max(height, width) * (1 + 2 * MARGIN)))
    top, left = (side - height) // 2, (side - width) // 2
    inner = np.s_[top : top + height, left : left + width]
    square, coverage = np.full((side, side, 3), 255, np.uint8), np.zeros((side, side), np.float32)
    square[inner] = np.where(mask[box][..., None], image[box], 255)
    coverage[inner] = mask[box]
    return square, coverage


def color_histogram(crop: Crop) -> np.ndarray:
    """Smoothed CIELAB histogram of the garment's pixels, (600,) ``float32`` of unit length.

    Smoothing lets two close shades that fall in neighbouring bins still count as alike.
    """
    pixels = crop.image[crop.mask].astype(np.float32)[None] / 255
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0]
    low, high = np.array(LAB_RANGE, np.float32).T
    counts, _ = np.histogramdd(np.clip(lab, low, high), bins=BINS, range=LAB_RANGE)
    return _unit(gaussian_filter(counts, sigma=1.0, mode="constant").ravel()).astype(np.float32)


class Embedder:
    """Crops -> vectors of two unit-length parts, shape (1280) and colour (600)."""

    def __init__(self, gem_power: float = GEM_POWER):
        """
        Args:
            gem_power: exponent of the generalised-mean pooling (Radenović et al., 2018): 1 is the plain mean,
                large values approach the maximum.
        """
        self._gem_power = gem_power
        self._device = device()
        network = lite0(num_classes=0, global_pool="").eval()
        self._network = network.to(self._device, memory_format=torch.channels_last)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Embedder:
        """The default embedder; the network is read once per process."""
        return cls()

    def __call__(self, crops: Sequence[Crop]) -> np.ndarray:
        """(N, 1880) ``float32``, one row a crop."""
        colors = np.stack([color_histogram(crop) for crop in crops])
        return np.concatenate([self.shapes(crops), colors], axis=1)

    def shapes(self, crops: Sequence[Crop]) -> np.ndarray:
        """The shape part alone: (N, 1280) ``float32`` of unit length."""
        images = [crop.image for crop in crops]
        return np.concatenate([self._forward(images[at : at + BATCH]) for at in range(0, len(images), BATCH)])

    @torch.inference_mode()
    def _forward(self, images: list[np.ndarray]) -> np.ndarray:
        batch = torch.from_numpy(np.stack(images)).to(self._device).permute(0, 3, 1, 2)
        batch = (batch.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._device.type == "cpu" and has_bfloat16()):
            maps = self._network(batch)
        pooled = maps.float().clamp(min=1e-6).pow(self._gem_power).mean((2, 3)).pow(1 / self._gem_power)
        return _unit(pooled.cpu().numpy())


def compress(vectors: np.ndarray) -> np.ndarray:
    """(N, 1880) from :class:`Embedder` -> (N, 256) ``float32``: a seventh of the room, both parts again of unit length.

    On the validation photos the search is as good as with the long vectors (``weights/compression.md``).

    Raises:
        S2FError: when the axes are missing or damaged.
    """
    parts = np.split(vectors, [SHAPE_DIMENSIONS], axis=1)
    return np.concatenate([_unit(part @ axes) for part, axes in zip(parts, _axes(), strict=True)], axis=1)


@lru_cache(maxsize=1)
def _axes() -> tuple[np.ndarray, ...]:
    path = WEIGHTS / "compression.safetensors"
    try:
        axes = load_file(path)
        return tuple(axes[name].astype(np.float32) for name in AXES)
    except (OSError, SafetensorError, KeyError) as error:
        raise S2FError(f"{path} is missing or damaged ({error}): it comes with the course, fetch it again") from error


def weigh(vector: np.ndarray, color_weight: float = COLOR_WEIGHT) -> np.ndarray:
    """A query vector whose dot product with stored ones is (1 - weight) x shape + weight x colour similarity.

    That is the cosine of the two vectors joined with parts scaled by the weights' square roots. The stored parts
    are unweighted, so their balance can be changed without a new index.

    Args:
        vector: (256,) from :func:`compress`.
        color_weight: 0 looks at shape alone, 1 at colour alone.
    """
    if not 0 <= color_weight <= 1:
        raise S2FError(f"color_weight: expected a number from 0 to 1, got {color_weight}")
    shape, color = np.split(vector, [AXES["shape"]])
    return np.concatenate([(1 - color_weight) * shape, color_weight * color]).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
