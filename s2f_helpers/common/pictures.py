"""Pictures from files nobody has checked: kinds named, sizes capped, upright, on white."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, ImageOps

from s2f_helpers.common.types import S2FError

__all__ = ["MAX_BYTES", "check_size", "decode", "decode_upright", "is_turned", "read"]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 16_000
LONG_SIDE = 1024
ORIENTATION = 0x0112
T = TypeVar("T")


def check_size(width: int, height: int) -> None:
    """Refuse what would fill the memory.

    >>> check_size(20_000, 10)
    Traceback (most recent call last):
    s2f_helpers.common.types.S2FError: a picture of 20000 × 10 pixels: at most 16,000 a side fit, make it smaller
    """
    if width * height > MAX_PIXELS:
        raise S2FError(f"a picture of more than {MAX_PIXELS:,} pixels ({width} × {height}): make it smaller first")
    if max(width, height) > MAX_SIDE:
        raise S2FError(f"a picture of {width} × {height} pixels: at most {MAX_SIDE:,} a side fit, make it smaller")


def decode(data: bytes) -> np.ndarray:
    """Picture file contents -> (H, W, 3) ``uint8`` RGB, upright, on white, longest side at most 1024 pixels.

    Raises:
        S2FError: for what is no picture, a broken one, or one of more than 50 million pixels.
    """
    return _opened(data, _small)


def decode_upright(data: bytes) -> np.ndarray:
    """Picture file contents -> (H, W, 3) ``uint8`` RGB at full size, upright, on white.

    Raises:
        S2FError: as :func:`decode`.
    """
    return _opened(data, _flatten)


def is_turned(data: bytes) -> bool:
    """True when the file's EXIF data ask for the picture to be turned or mirrored.

    Raises:
        S2FError: as :func:`decode`, as far as the file's head shows it.
    """
    return _opened(data, lambda picture: picture.getexif().get(ORIENTATION, 1) != 1)


def _opened(data: bytes, finish: Callable[[Image.Image], T]) -> T:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            check_size(*picture.size)
            return finish(picture)
    except Image.DecompressionBombError as error:
        raise S2FError(f"a picture of more than {MAX_PIXELS:,} pixels: make it smaller first") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise S2FError(f"not a readable picture ({', '.join(FORMATS)} expected): {error}") from error


def _small(picture: Image.Image) -> np.ndarray:
    picture.draft("RGB", (LONG_SIDE, LONG_SIDE))
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
    return _flatten(picture)


def _flatten(picture: Image.Image) -> np.ndarray:
    upright = ImageOps.exif_transpose(picture)
    if not upright.has_transparency_data:
        return np.asarray(upright.convert("RGB")).copy()
    layer = upright.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return np.asarray(Image.alpha_composite(white, layer).convert("RGB")).copy()


def read(path: Path) -> np.ndarray:
    """Picture file -> (H, W, 3) ``uint8`` RGB; see :func:`decode`.

    Raises:
        S2FError: as :func:`decode`, and for a missing file, a folder, or more than 20 MB.
    """
    path = Path(path)
    if not path.is_file():
        raise S2FError(f"{path.name}: no such picture file")
    if path.stat().st_size > MAX_BYTES:
        raise S2FError(f"{path.name}: {path.stat().st_size} bytes, expected at most {MAX_BYTES}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise S2FError(f"{path.name}: cannot be read: {error.strerror}") from error
    return decode(data)
