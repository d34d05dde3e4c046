"""The self-checks of notebooks 03 and 04; see :mod:`s2f_helpers.common.checks`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from s2f_helpers.common.checks import NotYet, check, choice
from s2f_helpers.common.presets import device
from s2f_helpers.common.types import Garment, Sketch
from s2f_helpers.gan.losses import texture_loss
from s2f_helpers.gan.metrics import line_fidelity, ring_error
from s2f_helpers.sketch import photo_to_tensor
from s2f_helpers.sketch.hed import load_hed

__all__ = [
    "check_flatterer",
    "check_hedge",
    "check_kernel_distance",
    "check_paired",
    "check_rearranged",
    "check_window",
]

WINDOWS = (  # layers of (kernel, stride); what one place of their output sees; what a wrong answer overlooked
    ([(4, 2)], 4, "a single layer sees its kernel, whatever its stride"),
    ([(3, 1), (3, 1)], 5, "the windows of neighbours overlap, so two layers see less than both kernels together"),
    ([(4, 2), (4, 1)], 10, "behind a stride of 2 neighbours lie 2 pixels apart; the second layer sees four of them"),
    ([(4, 1), (4, 2)], 7, "the stride of the last layer moves its window on and makes no window wider"),
    ([(4, 2)] * 3 + [(3, 1)] * 2, 54, "two layers at a time come out right, five do not"),
)
MOST_TEXTURE = 0.02


@check("kernels and strides are all it takes to say how much one verdict has seen.")
def check_window(function: Callable[[Sequence[tuple[int, int]]], int]) -> None:
    """``function(layers)``: the side in pixels of the square that one output of (kernel, stride) layers looks at."""
    for layers, side, overlooked in WINDOWS:
        answer = function(list(layers))
        if answer != side:
            raise NotYet(f"of the layers {layers} you say {answer}; {overlooked}")


@check("by L1 even blank paper is nearer to the photo, and the texture loss hardly sees a difference.")
def check_rearranged(function: Callable[[np.ndarray], np.ndarray], photo: np.ndarray) -> None:
    """``function(photo)``: a picture that is wrong to the eye and to L1, and right to the texture loss."""
    picture = _picture(function(photo.copy()), photo.shape)
    far, blank = (np.abs(other.astype(int) - photo).mean() for other in (picture, np.full_like(photo, 255)))
    if far <= blank:
        raise NotYet(f"the mean L1 to the photo is {far:.0f}; blank paper has {blank:.0f}, and yours must have more")
    with torch.no_grad():
        looks = [load_hed().features(photo_to_tensor(image)[None].to(device()), 4) for image in (picture, photo)]
        texture = float(texture_loss(*looks))
    if texture > MOST_TEXTURE:
        raise NotYet(f"the texture loss notices: it is {texture:.3f}, and may be {MOST_TEXTURE} at most")


@check("a likeness within each crowd, less the likeness between them; and no picture is compared with itself.")
def check_kernel_distance(function: Callable[[np.ndarray, np.ndarray], float]) -> None:
    """``function(ones, others)``: the unbiased kernel distance of (N, D) and (M, D) features, cubic kernel."""
    rng = np.random.default_rng(0)
    ones, others = rng.normal(size=(6, 3)), rng.normal(0.5, 1, (4, 3))
    answer = function(ones, others)
    if np.ndim(answer) != 0:
        raise NotYet(f"expected one number, got an array of shape {np.shape(answer)}: three means make it up")
    if abs(function(ones, ones)) < 1e-9:
        raise NotYet("a crowd held against itself comes out at exactly 0: each picture was also compared with itself")
    if not np.isclose(function(np.hstack([ones, ones]), np.hstack([others, others])), answer):
        raise NotYet("with every feature written down twice the distance changes, and it should not")
    truth = _kernel_distance(ones, others)
    if not np.isclose(answer, truth):
        raise NotYet(f"for crowds of 6 and 4 pictures expected {truth:.3f}, got {float(answer):.3f}")


def _kernel_distance(ones: np.ndarray, others: np.ndarray) -> float:
    """Bińkowski et al. 2018: every pair of the two crowds but a picture and itself."""
    both, half = np.vstack([ones, others]), len(ones)
    alike = (both @ both.T / both.shape[1] + 1) ** 3
    np.fill_diagonal(alike, np.nan)
    return float(sum(map(np.nanmean, (alike[:half, :half], alike[half:, half:]))) - 2 * alike[:half, half:].mean())


@check("three measures prefer it to the photo, and no one could wear it: they ask for obedience, not for cloth.")
def check_flatterer(function: Callable[[Sketch], np.ndarray], sketch: Sketch, garment: Garment) -> None:
    """``function(sketch)``: a picture that ring ΔE, line recall and line precision put above the garment's photo."""
    picture = _picture(function(sketch), garment.photo.shape)
    mine, photos = (ring_error(image, sketch, garment.mask) for image in (picture, garment.photo))
    if not mine < photos:
        raise NotYet(f"the ring ΔE is {mine:.1f}, the photo has {photos:.1f}: yours must be lower")
    pairs = zip(line_fidelity(picture, sketch), line_fidelity(garment.photo, sketch), strict=True)
    for name, (mine, photos) in zip(("recall", "precision"), pairs, strict=True):
        if mine < photos:
            raise NotYet(f"the line {name} is {mine:.2f}, the photo has {photos:.2f}: yours must not be lower")


def _picture(answer: object, shape: tuple[int, ...]) -> np.ndarray:
    if not isinstance(answer, np.ndarray):
        raise NotYet(f"expected a picture, a numpy array, got {type(answer).__name__}")
    if answer.shape != shape or answer.dtype != np.uint8:
        raise NotYet(f"expected uint8 of shape {shape}, got {answer.dtype} of shape {answer.shape}")
    return answer


check_hedge = choice(
    "b",
    "what says nothing of the photo cannot help to be close to it.",
    {
        "a": "suppose it used them: would the picture be nearer to its photo, on average?",
        "c": "the lots are drawn anew each time: how would the network know whose lot it has got?",
        "d": "at present, whose style do three of four pictures get?",
    },
)


check_paired = choice(
    "c",
    "what is common to both rivals goes out of the difference, and one training is one sample of a recipe.",
    {
        "a": "what makes the two intervals wide: the rivals, or the photos?",
        "b": "a lower mean may be luck: what says how much luck there is?",
        "d": "how many trainings of each recipe have you looked at?",
    },
)
