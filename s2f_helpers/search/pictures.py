"""Pictures from files and addresses nobody has checked: sizes capped, formats named, time limited."""

from __future__ import annotations

import io
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import requests
from PIL import Image, ImageOps

from s2f_helpers.common.types import S2FError

__all__ = ["decode", "fetch", "http_link", "read"]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
LONG_SIDE = 1024
TIMEOUT_S = 10.0


def http_link(text: object) -> str | None:
    """The link if it is a plain http(s) address, else None.

    >>> http_link(" https://example.org/shirt?id=3 ")
    'https://example.org/shirt?id=3'
    >>> http_link("javascript:alert(1)") is http_link('https://example.org/"><script>') is None
    True
    """
    link = str(text or "").strip()
    if len(link) > 2048 or any(sign <= " " or sign in "\"'<>\\`\x7f" for sign in link):
        return None
    try:
        parts = urlsplit(link)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    return link if usable else None


def decode(data: bytes) -> np.ndarray:
    """Picture file contents -> (H, W, 3) ``uint8`` RGB, upright, on white, longest side at most 1024 pixels.

    Raises:
        S2FError: for what is no picture, a broken one, or one of more than 50 million pixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            picture.draft("RGB", (LONG_SIDE, LONG_SIDE))
            return _flatten(picture)
    except Image.DecompressionBombError as error:
        raise S2FError(f"a picture of more than {MAX_PIXELS:,} pixels: make it smaller") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise S2FError(f"not a readable picture ({', '.join(FORMATS)} expected): {error}") from error


def _flatten(picture: Image.Image) -> np.ndarray:
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONG_SIDE, LONG_SIDE))
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


def fetch(url: str, timeout_s: float = TIMEOUT_S, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Picture at an http(s) address -> (H, W, 3) ``uint8`` RGB; see :func:`decode`.

    Args:
        timeout_s: seconds for the whole download, so that a server that drips bytes cannot hold us.
        max_bytes: the download stops there.

    Raises:
        S2FError: as :func:`decode`, and for a refused, slow, oversized or unsuccessful reply.
    """
    if http_link(url) is None:
        raise S2FError(f"{str(url)[:80]!r}: expected an http(s) address")
    deadline = time.monotonic() + timeout_s
    try:
        with requests.get(url, stream=True, timeout=timeout_s) as reply:
            if reply.status_code != requests.codes.ok:
                raise S2FError(f"{url}: the server answered {reply.status_code}, expected 200")
            return decode(_body(reply, url, deadline, max_bytes))
    except requests.RequestException as error:
        what = type(error).__name__
        raise S2FError(f"{url}: could not be fetched ({what}). Check address and network.") from error


def _body(reply: requests.Response, url: str, deadline: float, max_bytes: int) -> bytes:
    body = bytearray()
    for piece in reply.iter_content(16_384):
        body += piece
        if len(body) > max_bytes:
            raise S2FError(f"{url}: more than {max_bytes} bytes. Use a smaller picture.")
        if time.monotonic() > deadline:
            raise S2FError(f"{url}: the download took too long. Try again, or keep the picture on disk.")
    return bytes(body)
