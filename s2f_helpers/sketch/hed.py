"""Edges as people draw them: a network that learnt from hand-traced outlines which edges matter.

Xie and Tu, "Holistically-Nested Edge Detection", ICCV 2015. The weights' card is ``weights/hed.md``.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from s2f_helpers.common.paths import WEIGHTS
from s2f_helpers.common.presets import device
from s2f_helpers.common.types import S2FError

__all__ = ["HED", "hed_edges", "load_hed"]

MEAN = (122.67892, 116.66877, 104.00699)  # of ImageNet's photos, RGB in 0..255: what VGG-16 expects to be taken off
FILE_BYTES = (29_000_000, 30_000_000)
LARGEST_SIDE = 1024  # pixels; the first block alone then holds 64 maps of four megabytes each, twice


class HED(nn.Module):
    """VGG-16's five blocks of convolutions; each tells, at its own scale, where it sees an edge.

    Early blocks see fine texture sharply, late ones see whole objects, blurred. ``fuse`` weighs the five.
    """

    def __init__(self) -> None:
        super().__init__()
        widths, depths = (64, 128, 256, 512, 512), (2, 2, 3, 3, 3)
        blocks = zip((3, *widths), widths, depths, strict=False)
        self.blocks = nn.ModuleList(_block(before, width, depth) for before, width, depth in blocks)
        self.sides = nn.ModuleList(nn.Conv2d(width, 1, 1) for width in widths)
        self.fuse = nn.Conv2d(len(widths), 1, 1)
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)

    def forward(self, photos: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [-1, 1] to (B, 1, H, W): how surely each pixel lies on an edge, in [0, 1]."""
        sides = [
            F.interpolate(side(features), photos.shape[-2:], mode="bilinear")
            for side, features in zip(self.sides, self.features(photos, len(self.sides)), strict=True)
        ]
        return torch.sigmoid(self.fuse(torch.cat(sides, 1)))

    def features(self, photos: Tensor, blocks: int = 3) -> list[Tensor]:
        """What the first blocks see: (B, C, H / 2^k, W / 2^k) for k = 0, 1, …; how things look beside their colours."""
        seen = [self.blocks[0]((photos + 1) * 127.5 - self.mean)]
        for block in self.blocks[1:blocks]:
            seen.append(block(F.max_pool2d(seen[-1], 2, ceil_mode=True)))
        return seen


def _block(before: int, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers += [nn.Conv2d(width if index else before, width, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


@lru_cache(maxsize=1)
@torch.inference_mode(False)  # weights first met in inference mode could not be trained through later
def load_hed(path: Path = WEIGHTS / "hed.safetensors") -> HED:
    """The network with its weights, frozen, on :func:`s2f_helpers.common.presets.device`; read once.

    Raises:
        S2FError: when the file is missing, damaged, or made for another network.
    """
    net = HED()
    try:
        size = path.stat().st_size
        if not FILE_BYTES[0] <= size <= FILE_BYTES[1]:
            raise ValueError(f"{size:,} bytes where {FILE_BYTES[0]:,} to {FILE_BYTES[1]:,} were expected")
        tensors = load(path.read_bytes())
        broken = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
        if broken:
            raise ValueError(f"{broken[0]} holds numbers that are not finite")
        net.load_state_dict(tensors)
    except OSError as error:
        raise S2FError(
            f"no HED weights at {path}: take them from the repository, or make them: tools/hed.py"
        ) from error
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise S2FError(f"{path} does not hold HED's weights ({error}): take it from the repository again") from error
    return net.eval().requires_grad_(False).to(device())


@torch.inference_mode()
def hed_edges(image: np.ndarray) -> np.ndarray:
    """How surely each pixel lies on an edge that a person would draw.

    Args:
        image: (H, W, 3) ``uint8`` RGB, at most 1024 px a side.

    Returns:
        (H, W) ``float32`` in [0, 1]: soft ridges, several pixels wide.

    Raises:
        S2FError: for anything else, and when the weights cannot be read.
    """
    sides_fit = all(0 < side <= LARGEST_SIDE for side in image.shape)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not sides_fit:
        raise S2FError(
            f"HED: expected a uint8 picture of shape (H, W, 3), H and W from 1 to {LARGEST_SIDE}; "
            f"got {image.dtype} of shape {image.shape}. Make it smaller, or convert it to RGB"
        )
    net = load_hed()
    photo = torch.tensor(image, device=net.mean.device).permute(2, 0, 1)[None].float() / 127.5 - 1
    return net(photo)[0, 0].cpu().numpy()
