"""Drawings as JSON files: written atomically, and believed only after every value was checked."""

from __future__ import annotations

import base64
import binascii
import io
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.studio.strokes import SIZE, Mark, Page, Stroke

__all__ = ["MAX_MARKS", "read_marks", "write_marks"]

FORMAT = "sketch2fashion drawing 1"
MAX_MARKS = 5_000
MAX_BYTES = 32_000_000


def write_marks(marks: Iterable[Mark], path: Path) -> None:
    """Write a drawing; an interrupted write leaves the former file whole.

    Raises:
        S2FError: if the file cannot be written (no such folder, disk full, no permission).
    """
    content = {"format": FORMAT, "size": SIZE, "marks": [_encode(mark) for mark in marks]}
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, separators=(",", ":"))
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise S2FError(f"the drawing could not be saved to {path.name}: {error.strerror}. Free some space.") from error


def read_marks(path: Path) -> list[Mark]:
    """Read a drawing written by :func:`write_marks`.

    Raises:
        S2FError: for a missing, oversized or damaged file, or one of another kind.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise S2FError(f"{path.name}: larger than {MAX_BYTES} bytes, so it is no drawing of this studio")
        content = json.loads(path.read_bytes())
        if content["format"] != FORMAT or content["size"] != SIZE:
            raise S2FError(f"{path.name}: expected a {FORMAT!r} of size {SIZE}")
        if len(content["marks"]) > MAX_MARKS:
            raise S2FError(f"{path.name}: expected at most {MAX_MARKS} strokes, got {len(content['marks'])}")
        return [_decode(mark) for mark in content["marks"]]
    except OSError as error:
        raise S2FError(f"{path.name}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise S2FError(f"{path.name}: not a drawing of this studio, or damaged ({type(error).__name__})") from error


def _encode(mark: Mark) -> dict:
    if isinstance(mark, Stroke):
        return {"tool": mark.tool, "color": mark.color, "width": mark.width, "points": mark.points}
    if mark.sketch is None:
        return {"page": None}
    sketch = mark.sketch
    rgba = np.concatenate([sketch.hints, sketch.hint_mask[..., None] * np.uint8(255)], axis=-1)
    return {"page": {"lines": _to_png(sketch.lines), "hints": _to_png(rgba)}}


def _decode(data: dict) -> Mark:
    if "page" not in data:
        points = tuple(tuple(point) for point in data["points"])
        return Stroke(data["tool"], data["color"], data["width"], points)
    if data["page"] is None:
        return Page()
    lines, rgba = _from_png(data["page"]["lines"], "L"), _from_png(data["page"]["hints"], "RGBA")
    return Page(Sketch(lines, np.ascontiguousarray(rgba[..., :3]), rgba[..., 3] > 0))


def _to_png(array: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode("ascii")


def _from_png(text: str, mode: str) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as picture:
            # Before decoding: the header alone says whether this could be one of our pages.
            if picture.size != (SIZE, SIZE) or picture.mode != mode:
                raise S2FError(f"page picture: expected {mode} of {SIZE} x {SIZE}, got {picture.mode} {picture.size}")
            return np.asarray(picture).copy()
    except (OSError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise S2FError(f"page picture: damaged ({type(error).__name__})") from error
