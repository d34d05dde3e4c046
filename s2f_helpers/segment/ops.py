"""The two compiled operators Mask R-CNN needs, without compiling mmcv.

``mmcv-lite`` comes without its compiled module ``mmcv._ext``. :func:`setup` puts a module of that name
in its place with NMS and RoIAlign from torchvision (CPU and CUDA), or in plain PyTorch where
torchvision's operators do not load. A full mmcv, where one is installed, is left alone.

RoIAlign is He et al. 2017, https://arxiv.org/abs/1703.06870, in the form torchvision and mmcv share.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import types

import torch
from torch import Tensor

from s2f_helpers.common.types import S2FError

__all__ = ["nms", "roi_align", "setup"]

EXTENSION = "mmcv._ext"


def setup() -> str:
    """Make ``mmcv._ext`` importable. Call it before anything imports mmdet; again does nothing.

    Returns:
        Which operators are in use: ``"mmcv"``, ``"torchvision"`` or ``"torch"``.
    """
    present = sys.modules.get(EXTENSION)
    if present is not None:
        return getattr(present, "BACKEND", "mmcv")
    if importlib.util.find_spec(EXTENSION) is not None:
        return "mmcv"
    import mmcv

    extension = _extension("torchvision" if _torchvision_loads() else "torch")
    sys.modules[EXTENSION] = mmcv._ext = extension
    return extension.BACKEND


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Non-maximum suppression in plain PyTorch.

    Args:
        boxes: (N, 4) float, x0, y0, x1, y1.
        scores: (N,) float.
        iou_threshold: a box goes when it overlaps a better one by more than this.
        offset: 1 where pixel boxes include their last row and column, else 0.

    Returns:
        (K,) int64 indices of the boxes to keep, best score first.
    """
    order = scores.argsort(descending=True, stable=True)
    ranked = boxes[order].float()
    area = (ranked[:, 2:] - ranked[:, :2] + offset).prod(1)
    corner0 = torch.maximum(ranked[:, None, :2], ranked[None, :, :2])
    corner1 = torch.minimum(ranked[:, None, 2:], ranked[None, :, 2:])
    shared = (corner1 - corner0 + offset).clamp(min=0).prod(2)
    overlaps = (shared / (area[:, None] + area[None] - shared) > iou_threshold).triu(1).cpu()
    keep = torch.ones(len(order), dtype=torch.bool)
    for rank in range(len(order)):
        if keep[rank]:
            keep &= ~overlaps[rank]
    return order[keep.to(order.device)]


def roi_align(
    features: Tensor,
    rois: Tensor,
    spatial_scale: float,
    height: int,
    width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Average-pooled RoIAlign in plain PyTorch, differentiable in ``features``.

    Bilinear sampling on a grid is separable: each RoI becomes one matrix over rows and one over
    columns, and the pooled map is ``rows @ features @ columns.T``.

    Args:
        features: (B, C, H, W) float.
        rois: (K, 5) float: image index in the batch, then x0, y0, x1, y1 in image pixels.
        spatial_scale: feature pixels for one image pixel.
        height, width: size of the output.
        sampling_ratio: samples a bin in each direction; 0 takes as many as there are pixels in it.
        aligned: True shifts by half a pixel so that pixel centres meet (Detectron2's correction).

    Returns:
        (K, C, height, width).
    """
    boxes = rois[:, 1:].to(features.dtype) * spatial_scale - (0.5 if aligned else 0.0)
    start, extent = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    if not aligned:
        extent = extent.clamp(min=1.0)
    columns = _sampling_matrix(start[:, 0], extent[:, 0], width, features.shape[3], sampling_ratio)
    rows = _sampling_matrix(start[:, 1], extent[:, 1], height, features.shape[2], sampling_ratio)
    pooled = features.new_zeros(len(rois), features.shape[1], height, width)
    for image in rois[:, 0].long().unique().tolist():
        here = torch.nonzero(rois[:, 0].long() == image).squeeze(1)
        sampled = torch.einsum("kph,chw->kcpw", rows[here], features[image])
        pooled = pooled.index_copy(0, here, torch.einsum("kcpw,kqw->kcpq", sampled, columns[here]))
    return pooled


def _sampling_matrix(start: Tensor, extent: Tensor, bins: int, length: int, sampling_ratio: int) -> Tensor:
    """(K, bins, length): how much each of ``length`` feature pixels weighs in each bin of each RoI."""
    wanted = torch.full_like(extent, sampling_ratio) if sampling_ratio > 0 else (extent / bins).ceil()
    samples = wanted.clamp(min=1)[:, None]
    sample = torch.arange(int(samples.max()) if len(samples) else 1, device=start.device)
    place = torch.arange(bins, device=start.device)[:, None] + ((sample + 0.5) / samples)[:, None]  # in bins
    position = start[:, None, None] + place * (extent / bins)[:, None, None]
    counted = (sample < wanted[:, None])[:, None] & (position >= -1) & (position <= length)
    position = position.clamp(0, length - 1)
    low = position.floor().long()
    high = (low + 1).clamp(max=length - 1)
    share = counted / samples[:, None]
    matrix = start.new_zeros(len(start), bins, length)
    matrix.scatter_add_(2, low, (1 - (position - low)) * share)
    return matrix.scatter_add_(2, high, (position - low) * share)


def _torchvision_loads() -> bool:
    try:
        import torchvision

        return torchvision.extension._has_ops()
    except (ImportError, RuntimeError, AttributeError):  # built for another torch, or not there at all
        return False


def _extension(backend: str) -> types.ModuleType:
    """The module mmcv will import: named, called and filled in place as its compiled one is."""
    module = types.ModuleType(EXTENSION)
    module.__spec__ = importlib.machinery.ModuleSpec(EXTENSION, None)
    module.BACKEND = backend
    module.nms = _torchvision_nms if backend == "torchvision" else nms
    pool = torch.ops.torchvision.roi_align if backend == "torchvision" else roi_align
    unpool = torch.ops.torchvision._roi_align_backward if backend == "torchvision" else _roi_align_backward

    def roi_align_forward(
        input, rois, output, argmax_y, argmax_x, aligned_height, aligned_width, spatial_scale, sampling_ratio,
        pool_mode, aligned,
    ):  # fmt: skip
        if pool_mode != 1:
            raise S2FError("RoIAlign: only average pooling is here; pool_mode='max' needs a full mmcv")
        size = (aligned_height, aligned_width)
        output.copy_(pool(_whole(input), _whole(rois), spatial_scale, *size, sampling_ratio, aligned))

    def roi_align_backward(
        grad_output, rois, argmax_y, argmax_x, grad_input, aligned_height, aligned_width, spatial_scale,
        sampling_ratio, pool_mode, aligned,
    ):  # fmt: skip
        size = (aligned_height, aligned_width, *grad_input.shape)
        pulled = unpool(_whole(grad_output), _whole(rois), spatial_scale, *size, sampling_ratio, aligned)
        grad_input.copy_(pulled)

    def __getattr__(name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _missing(name)

    module.roi_align_forward, module.roi_align_backward = roi_align_forward, roi_align_backward
    module.get_compiler_version = module.get_compiling_cuda_version = lambda: "none"
    module.__getattr__ = __getattr__
    return module


def _torchvision_nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    boxes = _whole(boxes)
    widened = torch.cat([boxes[:, :2], boxes[:, 2:] + offset], 1)
    return torch.ops.torchvision.nms(widened, _whole(scores), iou_threshold)


def _whole(tensor: Tensor) -> Tensor:
    """In full precision: torchvision's kernels lack some of the 16-bit types, which mixed precision brings."""
    return tensor.float() if tensor.dtype in (torch.float16, torch.bfloat16) else tensor


def _roi_align_backward(
    grad, rois, spatial_scale, height, width, batch, channels, rows, columns, sampling_ratio, aligned
):
    with torch.enable_grad():  # pooling is linear in the features, so any features give the gradient
        features = grad.new_zeros(batch, channels, rows, columns).requires_grad_()
        pooled = roi_align(features, rois, spatial_scale, height, width, sampling_ratio, aligned)
    (result,) = torch.autograd.grad(pooled, features, grad, allow_unused=True)
    return torch.zeros_like(features) if result is None else result


def _missing(name: str):
    def unavailable(*args, **kwargs):
        raise S2FError(
            f"mmcv's operator {name!r} is not part of this course (only NMS and RoIAlign are). "
            "Install a full mmcv 2.1 built for your torch to use it; this package then steps aside."
        )

    return unavailable
