"""How good are the pictures? What each number sees, and what it misses, is told in notebook 04.

Distances between sets of pictures use EfficientNet-Lite0's features, so they are *Lite0*-KID and *Lite0*-FID:
to be compared with each other only, never with figures made on Inception features.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics.functional.image import structural_similarity_index_measure
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from s2f_helpers.common.lite0 import lite0
from s2f_helpers.common.presets import device
from s2f_helpers.common.types import Sketch
from s2f_helpers.gan.losses import perceptual_loss
from s2f_helpers.sketch import photo_to_tensor
from s2f_helpers.sketch.hed import load_hed

__all__ = [
    "diversity", "fid", "interval", "kid", "line_fidelity", "lite0_features", "masked_ssim", "perceptual_distance",
    "region_error", "ring_error",
]  # fmt: skip

SUBSETS = 50
CELLS = 16
REACH = 3
BOOTSTRAPS = 2_000


def masked_ssim(picture: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) of two (H, W, 3) ``uint8`` pictures, averaged over ``mask``: at most 1.

    Over the whole square, white paper around the garment would be most of the score.
    """
    both = [torch.tensor(image.copy()).permute(2, 0, 1)[None].float() / 255 for image in (picture, photo)]
    _, everywhere = structural_similarity_index_measure(*both, data_range=1.0, return_full_image=True)
    return float(everywhere[0].mean(0)[torch.tensor(mask)].mean())


def ring_error(picture: np.ndarray, sketch: Sketch, mask: np.ndarray) -> float:
    """Colour difference (CIE76 ΔE) between the asked colour and the picture 3 to 8 px outside of each hint.

    Outside, because the hint's own place is the easiest; NaN where no hint has such a ring on the garment.
    """
    near = cv2.dilate(sketch.hint_mask.astype(np.uint8), np.ones((7, 7)))
    far = cv2.dilate(near, np.ones((11, 11)))
    ring = (far > near) & (cv2.erode(mask.astype(np.uint8), np.ones((7, 7))) > 0)
    count, labels = cv2.connectedComponents(far)
    asked, shown, errors = _lab(sketch.hints), _lab(picture), []
    for label in range(1, count):
        inside, around = sketch.hint_mask & (labels == label), ring & (labels == label)
        if inside.any() and around.any():
            errors.append(np.linalg.norm(asked[inside].mean(0) - shown[around].mean(0)))
    return float(np.mean(errors)) if errors else float("nan")


def region_error(picture: np.ndarray, photo: np.ndarray, mask: np.ndarray) -> float:
    """Colour difference (CIE76 ΔE) between picture and photo over 16 × 16 cells that lie inside the garment."""
    weight = cv2.resize(mask.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    cells = [_lab(cv2.resize(image, (CELLS, CELLS), interpolation=cv2.INTER_AREA)) for image in (picture, photo)]
    return float(np.average(np.linalg.norm(cells[0] - cells[1], axis=2), weights=weight * (weight > 0.9) + 1e-9))


def perceptual_distance(picture: np.ndarray, photo: np.ndarray) -> float:
    """How differently two (H, W, 3) ``uint8`` pictures look to HED's network: 0 (alike) to 4.

    Made like LPIPS (Zhang et al. 2018) without its learnt weights. A generator that was trained on the same network's
    :func:`~s2f_helpers.gan.perceptual_loss` is flattered by it.
    """
    return float(perceptual_loss(_looks(picture), _looks(photo)))


def diversity(pictures: Sequence[np.ndarray]) -> float:
    """Mean perceptual distance between every two of several candidates: 0 when they are all the same."""
    looks = [_looks(picture) for picture in pictures]
    return float(np.mean([float(perceptual_loss(one, other)) for one, other in combinations(looks, 2)]))


@torch.inference_mode()
def _looks(picture: np.ndarray) -> list[Tensor]:
    return load_hed().features(photo_to_tensor(picture)[None].to(device()))


def _lab(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def line_fidelity(picture: np.ndarray, sketch: Sketch) -> tuple[float, float]:
    """Recall: share of the drawn lines with one of the picture's edges (Canny) within 3 px; precision: the reverse."""
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (3, 3), 0)
    edges, drawn = cv2.Canny(grey, 40, 100) > 0, sketch.lines > 127
    return _near(drawn, edges), _near(edges, drawn)


def _near(points: np.ndarray, targets: np.ndarray) -> float:
    """Share of ``points`` that have one of ``targets`` within reach; 1 where there are no points."""
    distance = cv2.distanceTransform((~targets).astype(np.uint8), cv2.DIST_L2, 5)
    return float((distance[points] <= REACH).mean()) if points.any() else 1.0


@torch.inference_mode()
def lite0_features(pictures: Sequence[np.ndarray], batch: int = 32) -> Tensor:
    """(N, 1280) pooled features of (H, W, 3) ``uint8`` pictures of one size."""
    network = lite0(num_classes=0).eval().to(device())
    found = []
    for start in range(0, len(pictures), batch):
        chosen = np.stack(pictures[start : start + batch])
        inputs = torch.tensor(chosen).permute(0, 3, 1, 2).float().to(device()) / 127.5 - 1
        found.append(network(nn.functional.interpolate(inputs, size=224, mode="bilinear", antialias=True)).cpu())
    return torch.cat(found)


def kid(features: Tensor, others: Tensor, seed: int = 0) -> tuple[float, float]:
    """Kernel distance (Bińkowski et al. 2018) of two sets of (N, D) features: mean and deviation over random subsets.

    About 0, slightly below by chance too, for two samples of one distribution; unbiased for small samples,
    which the Fréchet distance is not.
    """
    torch.manual_seed(seed)
    size = max(2, min(len(features), len(others)) // 2)
    metric = KernelInceptionDistance(feature=nn.Identity(), subsets=SUBSETS, subset_size=size)
    metric.update(features, real=False)
    metric.update(others, real=True)
    return tuple(map(float, metric.compute()))


def fid(features: Tensor, others: Tensor) -> float:
    """Fréchet distance (Heusel et al. 2017) of two sets of (N, D) features: 0 for equal mean and covariance.

    It shrinks as the sets grow, so compare only sets of one size.
    """
    metric = FrechetInceptionDistance(feature=nn.Identity(), input_img_size=(features.shape[1],))
    metric.set_dtype(torch.float64)
    metric.update(features.double(), real=False)
    metric.update(others.double(), real=True)
    return float(metric.compute())


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float, float]:
    """Mean of the finite values, and the 95 % bootstrap interval of it.

    >>> interval([2.0, 2.0, float("nan")])
    (2.0, 2.0, 2.0)
    """
    finite = np.array(values, float)[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan"), float("nan")
    means = np.random.default_rng(seed).choice(finite, (BOOTSTRAPS, len(finite))).mean(1)
    return float(finite.mean()), *map(float, np.percentile(means, [2.5, 97.5]))
