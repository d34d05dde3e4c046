"""A garment picture as one vector: its shape (EfficientNet-Lite0, two layers) and its colours (CIELAB histogram)."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import timm
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from scipy.ndimage import gaussian_filter
from scipy.special import softmax
from torch import nn
from torch.nn import functional

from s2f_helpers.common.lite0 import lite0
from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import device, has_bfloat16
from s2f_helpers.common.types import S2FError
from s2f_helpers.search.pictures import check_picture

__all__ = [
    "AXES", "COLOR_WEIGHT", "LITE0", "PARTS", "Crop", "Embedder", "Encoder", "color_histogram", "crop_garment",
    "project", "timm_encoder", "weigh",
]  # fmt: skip

SIZE = 224
BATCH = 16
GEM_POWER = 3.0
GRID = 7
MIDDLE = 5
"""So many of the network's seven stages lie below the middle layer: 112 detectors in 14 x 14 places."""
BINS = (6, 10, 10)
LAB_RANGE = ((0.0, 100.0), (-80.0, 80.0), (-80.0, 80.0))
PARTS = {"last layer": 1280, "middle layer": 112 * GRID * GRID, "color": 600}
"""What :class:`Embedder` sees in a picture."""
KINDS = 13
AXES = {"shape": KINDS + 179, "color": 64}
"""What an index keeps of it; the first numbers of the shape are shares of kinds of garment."""
# Chosen on the validation photos (benchmarks/search_quality.py).
KIND_WEIGHT = 0.6
COLOR_WEIGHT = 0.25

PROJECTION = WEIGHTS / "projection.safetensors"
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
    mask = None if mask is None else np.asarray(mask, bool)
    check_picture(image, mask)
    mask = _not_background(image) if mask is None else mask
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
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    box = np.s_[top : top + height, left : left + width]
    side = int(np.ceil(max(height, width) * (1 + 2 * MARGIN)))
    above, before = (side - height) // 2, (side - width) // 2
    borders = (above, side - height - above, before, side - width - before, cv2.BORDER_CONSTANT)
    cloth = np.where(mask[box][..., None], image[box], 255).astype(np.uint8)
    square = cv2.copyMakeBorder(cloth, *borders, value=(255, 255, 255))
    return square, cv2.copyMakeBorder(mask[box].astype(np.float32), *borders, value=0)


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
    """Crops -> vectors of three unit-length parts: last layer (1280), middle layer (5488) and colour (600).

    The last layer knows what is there, not where: generalised-mean pooling (Radenović et al., 2018) drops the places.
    The middle layer knows less of what, but keeps 7 x 7 places: sleeves here, a collar there.
    """

    def __init__(self):
        self._device = device()
        network = lite0(num_classes=0, global_pool="").eval().to(self._device, memory_format=torch.channels_last)
        stages = network.blocks
        self._lower = nn.Sequential(network.conv_stem, network.bn1, *stages[:MIDDLE])
        self._upper = nn.Sequential(*stages[MIDDLE:], network.conv_head, network.bn2)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Embedder:
        """The default embedder; the network is read once per process."""
        return cls()

    def __call__(self, crops: Sequence[Crop]) -> np.ndarray:
        """(N, 7368) ``float32``, one row a crop."""
        images = [crop.image for crop in crops]
        shapes = [self._forward(images[at : at + BATCH]) for at in range(0, len(images), BATCH)]
        colors = np.stack([color_histogram(crop) for crop in crops])
        return np.concatenate([np.concatenate(shapes), colors], axis=1)

    @torch.inference_mode()
    def _forward(self, images: list[np.ndarray]) -> np.ndarray:
        batch = torch.from_numpy(np.stack(images)).to(self._device).permute(0, 3, 1, 2)
        batch = (batch.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._device.type == "cpu" and has_bfloat16()):
            middle = self._lower(batch)
            last = self._upper(middle).float()
        pooled = last.clamp(min=1e-6).pow(GEM_POWER).mean((2, 3)).pow(1 / GEM_POWER)
        places = functional.adaptive_avg_pool2d(middle.float(), GRID).flatten(1)
        return np.concatenate([_unit(part.cpu().numpy()) for part in (pooled, places)], axis=1)


def project(vectors: np.ndarray) -> np.ndarray:
    """(N, 7368) from :class:`Embedder` -> (N, 256) ``float32``: what an index keeps, 192 of shape and 64 of colour.

    The projection was learnt on train photos and on what the generator paints from their sketches, so that a painting
    and its photo come close (``weights/projection.md``). Both parts have unit length. S2FError: a damaged projection.
    """
    learnt = _projection()
    kinds, looks = np.split(vectors[:, : -PARTS["color"]] @ learnt["shape"] + learnt["offset"], [KINDS], axis=1)
    kinds = np.sqrt(softmax(kinds, axis=1))  # their dot products tell how far two lists of shares overlap
    shape = [np.sqrt(KIND_WEIGHT) * kinds, np.sqrt(1 - KIND_WEIGHT) * _unit(looks)]
    return np.concatenate([*shape, _colors(vectors[:, -PARTS["color"] :])], axis=1).astype(np.float32)


def _colors(histograms: np.ndarray) -> np.ndarray:
    return _unit(histograms @ _projection()["color"])


@lru_cache(maxsize=1)
def _projection() -> dict[str, np.ndarray]:
    try:
        learnt = load_file(PROJECTION)
        return {name: learnt[name].astype(np.float32) for name in ("shape", "offset", "color")}
    except (OSError, SafetensorError, KeyError) as error:
        raise S2FError(f"{PROJECTION} is missing or damaged ({error}): fetch the course again") from error


@dataclass(frozen=True)
class Encoder:
    """How an index turns crops into vectors: numbers of shape and, after them, 64 of colour.

    Attributes:
        name: stands in the index; vectors of different ways cannot be compared.
        dimensions: of shape and colour together.
        encode: crops -> (N, dimensions) ``float32``, both parts of unit length.
    """

    name: str
    dimensions: int
    encode: Callable[[Sequence[Crop]], np.ndarray]

    @classmethod
    def of(cls, name: str, dimensions: int, shapes: Callable[[Sequence[Crop]], np.ndarray]) -> Encoder:
        """Numbers of shape from anywhere, such as Azure's, and the course's of colour.

        >>> Encoder.of("mean", 3, lambda crops: np.array([crop.image.mean((0, 1)) for crop in crops])).dimensions
        67
        """

        def encode(crops: Sequence[Crop]) -> np.ndarray:
            colors = _colors(np.stack([color_histogram(crop) for crop in crops]))
            return np.concatenate([_unit(shapes(crops)), colors], axis=1).astype(np.float32)

        return cls(name, dimensions + AXES["color"], encode)


def _lite0(crops: Sequence[Crop]) -> np.ndarray:
    return project(Embedder.load()(crops))


# Changes with the projection, so that an index made with another one is built again.
_VERSION = f"{zlib.crc32(PROJECTION.read_bytes()):08x}" if PROJECTION.is_file() else "missing"
LITE0 = Encoder(f"lite0, projection {_VERSION}, kinds {KIND_WEIGHT}", sum(AXES.values()), _lite0)
"""The course's own."""


def timm_encoder(name: str, pretrained: bool = True) -> Encoder:
    """Any network that timm knows by this name, with weights from where timm keeps them; else an S2FError."""
    try:
        network = timm.create_model(name, pretrained=pretrained, num_classes=0).eval().to(device())
    except (RuntimeError, OSError) as error:
        raise S2FError(f"timm has no network {name!r}, or its weights cannot be fetched: {error}") from error
    mean, deviation = (torch.tensor(network.default_cfg[key])[:, None, None] for key in ("mean", "std"))

    @torch.inference_mode()
    def shapes(crops: Sequence[Crop]) -> np.ndarray:
        batch = torch.from_numpy(np.stack([crop.image for crop in crops])).permute(0, 3, 1, 2) / 255
        pieces = ((batch - mean) / deviation).to(device()).split(BATCH)
        return np.concatenate([network(piece).float().cpu().numpy() for piece in pieces])

    nothing = Crop(np.zeros((SIZE, SIZE, 3), np.uint8), np.ones((SIZE, SIZE), bool))
    return Encoder.of(f"timm {name}", shapes([nothing]).shape[1], shapes)


def weigh(vector: np.ndarray, color_weight: float = COLOR_WEIGHT) -> np.ndarray:
    """A query vector whose dot product with stored ones is (1 - weight) x shape + weight x colour similarity.

    The stored parts are unweighted, so their balance can be changed without a new index.

    Args:
        vector: (D,) from an :class:`Encoder`.
        color_weight: 0 looks at shape alone, 1 at colour alone.
    """
    if not 0 <= color_weight <= 1:
        raise S2FError(f"color_weight: expected a number from 0 to 1, got {color_weight}")
    shape, color = np.split(vector, [len(vector) - AXES["color"]])
    return np.concatenate([(1 - color_weight) * shape, color_weight * color]).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
