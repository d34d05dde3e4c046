"""From a cut-out to lines: what a pen would draw of it, cleanly and then the way a hand draws."""

from __future__ import annotations

import cv2
import numpy as np

from s2f_helpers.common.types import S2FError
from s2f_helpers.sketch.hed import hed_edges

__all__ = ["EDGE_METHODS", "draw_contour", "draw_edges", "roughen"]

RIM = 7  # side of the square that keeps HED's own outline, a pixel or two off the mask's, from doubling it
SHORTEST = 6  # pixels; a hand does not draw specks


def draw_edges(
    image: np.ndarray, mask: np.ndarray, low: int = 60, high: int = 140, method: str = "canny"
) -> np.ndarray:
    """Edges inside the garment, by one of :data:`EDGE_METHODS`, and always its outline.

    ``canny`` follows every sharp change of brightness, in a millisecond; ``hed`` asks a network which edges a person
    would draw, half a second at 256 px on one core; ``contour`` draws the outline alone.

    Args:
        image: (H, W, 3) ``uint8`` RGB, the garment on white.
        mask: (H, W) ``bool``.
        low, high: a line is followed while its strength is above ``low``, if ``high`` is reached somewhere
            along it. Strength is the gradient for ``canny`` and certainty times 255 for ``hed``; ``contour``
            has none. Higher thresholds keep fewer, stronger lines.
        method: a key of :data:`EDGE_METHODS`.

    Returns:
        (H, W) ``uint8``, 255 on a line.

    Raises:
        S2FError: for an unknown method, or a mask that is not of the picture's size.
    """
    if method not in EDGE_METHODS:
        raise S2FError(f"unknown edge method {method!r}: expected one of {', '.join(EDGE_METHODS)}")
    if image.shape != (*mask.shape, 3):
        raise S2FError(
            f"edges: expected a picture (H, W, 3) and a mask (H, W) of one size, got {image.shape} and {mask.shape}. "
            "Resize one to the other"
        )
    return np.maximum(EDGE_METHODS[method](image, mask, low, high), draw_contour(mask))


def _canny(image: np.ndarray, mask: np.ndarray, low: int, high: int) -> np.ndarray:
    """Canny 1986, on a grey picture whose grain a bilateral filter has smoothed away."""
    grey = cv2.bilateralFilter(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 5, 50, 50)
    return cv2.Canny(grey, low, high)


def _hed(image: np.ndarray, mask: np.ndarray, low: int, high: int) -> np.ndarray:
    strength = hed_edges(image) * 255
    inside = cv2.erode(mask.astype(np.uint8), np.ones((RIM, RIM), np.uint8), borderValue=0) > 0
    return _follow(np.where(_crests(strength) & inside, strength, 0), low, high)


def _no_lines(image: np.ndarray, mask: np.ndarray, low: int, high: int) -> np.ndarray:
    return np.zeros(mask.shape, np.uint8)


EDGE_METHODS = {"canny": _canny, "hed": _hed, "contour": _no_lines}


def _crests(strength: np.ndarray) -> np.ndarray:
    """(H, W) ``bool``: where a soft ridge is higher than one step to either side of it, across its run.

    On a crest the gradient itself vanishes; the direction across is the main axis of the gradients around
    it (the structure tensor).
    """
    soft = cv2.GaussianBlur(strength.astype(np.float32), (0, 0), 1)
    slope_x, slope_y = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(part, (0, 0), 2) for part in (slope_x**2, slope_y**2, slope_x * slope_y))
    across = 0.5 * np.arctan2(2 * xy, xx - yy)
    step_x, step_y = np.cos(across), np.sin(across)
    xs, ys = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in soft.shape[::-1]))
    ahead = cv2.remap(soft, xs + step_x, ys + step_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    behind = cv2.remap(soft, xs - step_x, ys - step_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return (soft >= ahead) & (soft > behind)


def _follow(strength: np.ndarray, low: int, high: int) -> np.ndarray:
    """Hysteresis: whole connected lines above ``low`` that reach ``high`` somewhere, but no specks, as 255."""
    _, labels = cv2.connectedComponents((strength > low).astype(np.uint8), connectivity=8)
    kept = np.bincount(labels.ravel()) >= SHORTEST
    kept &= np.isin(np.arange(len(kept)), labels[strength > high])
    kept[0] = False  # the ground between the lines
    return np.where(kept[labels], 255, 0).astype(np.uint8)


def draw_contour(mask: np.ndarray) -> np.ndarray:
    """The silhouette alone, one pixel wide: (H, W) ``uint8``, 255 on the line."""
    binary = np.ascontiguousarray(mask, dtype=np.uint8)
    contours, _ = cv2.findContours(binary, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    canvas = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(canvas, contours, -1, 255, 1)
    return canvas


def roughen(lines: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a hand makes of clean lines: it leaves some out, they wobble, break, run past corners, and vary in width.

    Args:
        lines: (H, W) ``uint8``, 255 on a line.
        rng: the only source of chance; the same state gives the same picture.

    Returns:
        (H, W) ``uint8``, anti-aliased.
    """
    unit = lines.shape[1] / 256  # what a hand does is given in pixels at 256
    rough = _leave_out(lines, rng) if rng.random() < 0.6 else lines
    rough = _overshoot(rough, unit, rng) if rng.random() < 0.5 else rough
    rough = _wobble(rough, unit, rng) if rng.random() < 0.7 else rough
    rough = _break(rough, unit, rng) if rng.random() < 0.6 else rough
    rough = _vary_width(rough, unit, rng)
    return cv2.GaussianBlur(rough, (3, 3), 0) if rng.random() < 0.7 else rough


def _leave_out(lines: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random share of the inner lines is not drawn; the silhouette is."""
    outer, _ = cv2.findContours(lines, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    inside = cv2.drawContours(np.zeros_like(lines), outer, -1, 255, cv2.FILLED)
    inside = cv2.erode(inside, np.ones((5, 5), np.uint8), borderValue=0)
    count, pieces = cv2.connectedComponents(cv2.bitwise_and(lines, inside), connectivity=8)
    dropped = rng.random(count) < rng.uniform(0, 1)
    dropped[0] = False
    return np.where(dropped[pieces], 0, lines).astype(np.uint8)


def _overshoot(lines: np.ndarray, unit: float, rng: np.random.Generator) -> np.ndarray:
    """Some strokes run on, straight, past the corner or the end at which they should have stopped."""
    reach, longer = max(2, round(5 * unit)), rng.uniform(3, 10) * unit
    rough = lines.copy()
    borders, _ = cv2.findContours(lines, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    for border in (border[:, 0] for border in borders if len(border) > 4 * reach):
        arriving, leaving = border - np.roll(border, reach, 0), np.roll(border, -reach, 0) - border
        lengths = np.linalg.norm(arriving, axis=1) * np.linalg.norm(leaving, axis=1)
        turn = (arriving * leaving).sum(1) / np.maximum(lengths, 1e-6)
        sharpest = turn <= np.min([np.roll(turn, step) for step in range(-reach, reach + 1)], 0)
        for corner in np.flatnonzero(sharpest & (turn < 0.5) & (rng.random(len(border)) < 0.5)):
            way = arriving[corner] if rng.random() < 0.5 else -leaving[corner]
            end = border[corner] + way / max(np.linalg.norm(way), 1e-6) * longer
            cv2.line(rough, border[corner].tolist(), end.round().astype(int).tolist(), 255, 1)
    return rough


def _wobble(lines: np.ndarray, unit: float, rng: np.random.Generator) -> np.ndarray:
    height, width = lines.shape
    field = rng.normal(0, 1, (2, 9, 9)).astype(np.float32) * rng.uniform(0.3, 2.0) * unit
    shift_x, shift_y = (cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC) for part in field)
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return cv2.remap(cv2.dilate(lines, np.ones((2, 2), np.uint8)), xs + shift_x, ys + shift_y, cv2.INTER_LINEAR)


def _break(lines: np.ndarray, unit: float, rng: np.random.Generator) -> np.ndarray:
    ys, xs = np.nonzero(lines)
    gaps = np.zeros_like(lines)
    for index in rng.integers(0, max(len(ys), 1), rng.integers(1, 12)) if len(ys) else ():
        cv2.circle(gaps, (int(xs[index]), int(ys[index])), round(rng.uniform(2, 7) * unit), 255, -1)
    return np.where(gaps > 0, 0, lines).astype(np.uint8)


def _vary_width(lines: np.ndarray, unit: float, rng: np.random.Generator) -> np.ndarray:
    """A thin and a thick pen, changing along the lines."""
    thin, thick = sorted(max(1, round(pen * unit)) for pen in rng.integers(1, 6, 2))
    drawn = [cv2.dilate(lines, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pen, pen))) for pen in (thin, thick)]
    pressure = cv2.resize(rng.normal(0, 1, (6, 6)), lines.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.where(pressure > 0, drawn[1], drawn[0]).astype(np.uint8)
