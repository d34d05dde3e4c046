"""Drawings as files: written atomically, and believed only after every value was checked."""

from __future__ import annotations

import base64
import binascii
import html
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from s2f_helpers.common.types import S2FError, Sketch
from s2f_helpers.studio.strokes import SIZE, Group, Mark, Page, Stroke

__all__ = ["MAX_MARKS", "parse_marks", "png", "read_marks", "rgba", "to_json", "write_marks"]

FORMAT = "sketch2fashion drawing 1"
MAX_MARKS = 5_000
MAX_BYTES = 32_000_000
# Where an SVG file of ours keeps the drawing itself. Found by search, so that no XML of a stranger is parsed.
METADATA = re.compile(rb"<metadata>(.*?)</metadata>", re.DOTALL)


def to_json(marks: Iterable[Mark]) -> str:
    """What :func:`parse_marks` reads."""
    content = {"format": FORMAT, "size": SIZE, "marks": [_encode(mark) for mark in marks]}
    return json.dumps(content, separators=(",", ":"))


def write_marks(marks: Iterable[Mark], path: Path) -> None:
    """Write a drawing; an interrupted write leaves the former file whole.

    Raises:
        S2FError: if the file cannot be written (no such folder, disk full, no permission).
    """
    text, path = to_json(marks), Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
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
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise S2FError(f"{path.name}: cannot be read: {error.strerror}") from error
    return parse_marks(data, path.name)


def parse_marks(data: bytes, name: str) -> list[Mark]:
    """The marks in the content of a JSON or SVG file of this studio.

    Raises:
        S2FError: for one that is oversized, damaged or of another kind; the message begins with ``name``.
    """
    if len(data) > MAX_BYTES:
        raise S2FError(f"{name}: larger than {MAX_BYTES} bytes, so it is no drawing of this studio")
    inside = METADATA.search(data)
    try:
        content = json.loads(html.unescape(inside[1].decode("utf-8")) if inside else data)
        if content["format"] != FORMAT or content["size"] != SIZE:
            raise S2FError(f"{name}: expected a {FORMAT!r} of size {SIZE}")
        if len(content["marks"]) > MAX_MARKS:
            raise S2FError(f"{name}: expected at most {MAX_MARKS} strokes, got {len(content['marks'])}")
        return [_decode(mark) for mark in content["marks"]]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise S2FError(f"{name}: not a drawing of this studio, or damaged ({type(error).__name__})") from error


def _encode(mark: Mark) -> dict:
    if isinstance(mark, Stroke):
        return {"tool": mark.tool, "color": mark.color, "width": mark.width, "points": mark.points}
    if isinstance(mark, Group):
        return {"group": [_encode(stroke) for stroke in mark.strokes]}
    if mark.sketch is None:
        return {"page": None}
    pictures = {"lines": mark.sketch.lines, "hints": rgba(mark.sketch)}
    return {"page": {name: base64.b64encode(png(array)).decode("ascii") for name, array in pictures.items()}}


def _decode(data: dict) -> Mark:
    if "group" in data:
        return Group(tuple(_decode(stroke) for stroke in data["group"]))
    if "page" not in data:
        points = tuple(tuple(point) for point in data["points"])
        return Stroke(data["tool"], data["color"], data["width"], points)
    if data["page"] is None:
        return Page()
    lines, hints = _from_png(data["page"]["lines"], "L"), _from_png(data["page"]["hints"], "RGBA")
    return Page(Sketch(lines, np.ascontiguousarray(hints[..., :3]), hints[..., 3] > 0))


def rgba(sketch: Sketch) -> np.ndarray:
    """(H, W, 4) ``uint8``: the hints, transparent where there is none."""
    return np.dstack([sketch.hints, sketch.hint_mask * np.uint8(255)])


def png(array: np.ndarray) -> bytes:
    """A picture, (H, W) or (H, W, 3 or 4) ``uint8``, as the content of a PNG file; quick rather than small."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG", compress_level=3)
    return file.getvalue()


def _from_png(text: str, mode: str) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=("PNG",)) as picture:
            # Before decoding: the header alone says whether this could be one of our pages.
            if picture.size != (SIZE, SIZE) or picture.mode != mode:
                raise S2FError(f"page picture: expected {mode} of {SIZE} x {SIZE}, got {picture.mode} {picture.size}")
            return np.asarray(picture).copy()
    except (OSError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise S2FError(f"page picture: damaged ({type(error).__name__})") from error
