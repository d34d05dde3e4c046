"""Read a drawing, a scan or a photo of paper as a :class:`Sketch`: either polarity, any size."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from s2f_helpers.common.pictures import check_size, read
from s2f_helpers.common.types import S2FError, Sketch

__all__ = ["open_picture", "read_sketch"]

Picture = str | Path | np.ndarray
BLACK = 50  # of 255
STROKE = 6  # a line is so many times longer than wide, a dot is not
SATURATED = 90  # of 255: pencil and paper are greyer than this, a colour that was meant is not


def open_picture(source: Picture) -> np.ndarray:
    """(H, W, 3) ``uint8`` RGB, upright (EXIF), transparency on white; refuses what is no picture.

    Raises:
        S2FError: for a file that is missing, no image, or too large to hold in memory.
    """
    if not isinstance(source, np.ndarray):
        return read(Path(source))
    picture = _array_to_picture(source)
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture)
    return np.asarray(flat.convert("RGB"))


def read_sketch(image: Picture, hints: Picture | None = None, size: int = 256) -> Sketch:
    """A drawing as lines and colour hints.

    Dark lines on light paper or light lines on dark, any size: it is centred in a white square and
    resized. Saturated colour becomes hints. Black, grey and white hints cannot be told from pencil
    and paper, so they come through ``hints``. There, long thin black strokes count as lines: they divide
    regions; black dots and patches are hints.

    Args:
        image: path, or (H, W), (H, W, 3) or (H, W, 4) ``uint8`` array.
        hints: an optional picture of the same proportions; whatever is opaque (with an alpha channel)
            or not pure white (without) is a hint.
        size: side of the sketch in pixels.

    Raises:
        S2FError: when there is nothing drawn, or the file is not a picture.
    """
    picture = open_picture(image)
    on_dark = np.median(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) < 100
    paper = _square(255 - picture if on_dark else picture, size, 255)
    picture = _square(picture, size, 0 if on_dark else 255)
    saturation = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 1]
    brightness = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    vivid = ((saturation > SATURATED) & (brightness > 25)).astype(np.uint8)
    vivid = cv2.morphologyEx(vivid, cv2.MORPH_OPEN, np.ones((2, 2)))
    hint_mask = _core(vivid)
    rim = (cv2.dilate(vivid, np.ones((5, 5))) > 0) & (saturation > SATURATED // 4)
    lines = _ink(_without(paper.max(2), rim))
    colors = np.where(hint_mask[..., None], picture, 0).astype(np.uint8)
    if hints is not None:
        _paint_hints(hints, size, colors, hint_mask, lines)
    if not lines.any() and not hint_mask.any():
        raise S2FError("the drawing is empty: expected some lines on a plain ground, found none. Draw a garment first")
    return Sketch(lines, colors, hint_mask)


def _paint_hints(source: Picture, size: int, colors: np.ndarray, hint_mask: np.ndarray, lines: np.ndarray) -> None:
    if isinstance(source, np.ndarray) and source.ndim == 3 and source.shape[2] == 4:
        alpha = _square(np.repeat(source[..., 3:], 3, 2), size, 0)[..., 0] > 127
        picture = _square(np.ascontiguousarray(source[..., :3]), size, 255)
    else:
        picture = _square(open_picture(source), size, 255)
        alpha = (picture < 250).any(2)
    dividers = _strokes(alpha & (picture.max(2) < BLACK))
    lines[dividers] = 255
    alpha &= ~dividers
    colors[alpha] = picture[alpha]
    hint_mask |= alpha


def _strokes(ink: np.ndarray) -> np.ndarray:
    """The connected parts of ``ink`` that are lines: many times longer than they are wide."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8))
    width = np.zeros(count)
    np.maximum.at(width, parts.ravel(), 2 * cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5).ravel())
    long = stats[:, cv2.CC_STAT_AREA] > STROKE * width**2
    long[0] = False
    return long[parts]


def _core(spots: np.ndarray) -> np.ndarray:
    """Spots without their rim, where colour and paper mix; a spot that is all rim stays as it is."""
    _, labels = cv2.connectedComponents(spots)
    core = spots
    for rim in (1, 2):
        inner = cv2.erode(spots, np.ones((2 * rim + 1, 2 * rim + 1)))
        wide_enough = np.isin(labels, labels[inner > 0])
        core = np.where(wide_enough, inner, core)
    return core.astype(bool)


def _without(brightness: np.ndarray, spots: np.ndarray) -> np.ndarray:
    """Spots of colour filled with the paper around them: plain white would make shadowed paper look like ink."""
    around = cv2.dilate(np.where(spots, 0, brightness).astype(np.uint8), np.ones((9, 9))).astype(np.float32)
    known = cv2.blur((around > 0).astype(np.float32), (31, 31))
    paper = np.where(known > 0, cv2.blur(around, (31, 31)) / np.maximum(known, 1e-6), 255)
    return np.where(spots, paper, brightness).astype(np.uint8)


def _ink(brightness: np.ndarray) -> np.ndarray:
    """Darkness against the paper around it, so that a shadow on the paper is not a line."""
    paper = cv2.medianBlur(cv2.dilate(brightness, np.ones((9, 9), np.uint8)), 21)
    darkness = np.clip(paper.astype(np.int16) - brightness, 0, 255)
    strongest = np.percentile(darkness, 99.5)
    if strongest < 30:
        return np.zeros_like(brightness)
    stretched = (darkness - 0.2 * strongest) / (0.6 * strongest)
    return (np.clip(stretched, 0, 1) * 255).astype(np.uint8)


def _square(picture: np.ndarray, size: int, fill: int) -> np.ndarray:
    height, width = picture.shape[:2]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    padded = cv2.copyMakeBorder(
        picture, top, side - height - top, left, side - width - left, cv2.BORDER_CONSTANT, value=(fill,) * 3
    )
    if side == size:
        return padded
    return cv2.resize(padded, (size, size), interpolation=cv2.INTER_AREA if side > size else cv2.INTER_CUBIC)


def _array_to_picture(array: np.ndarray) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise S2FError(
            f"expected a uint8 picture of shape (H, W), (H, W, 3) or (H, W, 4); got {array.dtype} {array.shape}"
        )
    if 0 in array.shape:
        raise S2FError(f"expected a picture, got an empty array of shape {array.shape}")
    check_size(array.shape[1], array.shape[0])
    return Image.fromarray(array).convert("RGBA")
