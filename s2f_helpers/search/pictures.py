"""Links and pictures from addresses nobody has checked: size capped, time limited."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import numpy as np
import requests
from urllib3.exceptions import HTTPError

from s2f_helpers.common.pictures import MAX_BYTES, decode
from s2f_helpers.common.types import S2FError

__all__ = ["check_picture", "fetch", "http_link", "read_body"]


def http_link(text: object) -> str | None:
    """The link if it is a plain http(s) address, else None.

    >>> http_link(" https://example.org/shirt?id=3 ")
    'https://example.org/shirt?id=3'
    >>> http_link("javascript:alert(1)") is http_link('https://example.org/"><script>') is None
    True
    """
    link = str(text or "").strip()
    if len(link) > 2048 or not link.isprintable() or set(link) & set(" \"'<>\\`"):
        return None
    try:
        parts = urlsplit(link)
        _ = parts.port  # raises for what is no port
    except ValueError:
        return None
    return link if parts.scheme in ("http", "https") and parts.hostname else None


def fetch(url: str, timeout_s: float = 10.0, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Picture at an http(s) address -> (H, W, 3) ``uint8`` RGB; see :func:`s2f_helpers.common.pictures.decode`.

    Args:
        timeout_s: seconds for the whole download, so that a server that drips bytes cannot hold us.
        max_bytes: the download stops there.

    Raises:
        S2FError: as ``decode``, and for a refused, slow, oversized or unsuccessful reply.
    """
    if http_link(url) is None:
        raise S2FError(f"{str(url)[:80]!r}: expected an http(s) address")
    too_slow = S2FError(f"{url}: the download took too long. Try again, or keep the picture on disk.")
    deadline = time.monotonic() + timeout_s
    try:
        with requests.get(url, stream=True, timeout=timeout_s) as reply:
            if reply.status_code != requests.codes.ok:
                raise S2FError(f"{url}: the server answered {reply.status_code}, expected 200")
            body = read_body(reply, max_bytes, deadline, too_slow)
    except (requests.RequestException, HTTPError) as error:
        what = type(error).__name__
        raise S2FError(f"{url}: could not be fetched ({what}). Check address and network.") from error
    if len(body) > max_bytes:
        raise S2FError(f"{url}: more than {max_bytes} bytes. Use a smaller picture.")
    return decode(body)


def read_body(reply: requests.Response, most: int, deadline: float, too_slow: S2FError) -> bytes:
    """A streamed reply's body; of one longer than ``most`` bytes little more than these. ``too_slow`` is raised past
    the ``deadline`` of ``time.monotonic``, and urllib3's HTTPError where the connection breaks.
    """
    body = bytearray()
    # read1 gives what has come; iter_content waits for a full piece, so a dripping server could hold us.
    while len(body) <= most and (piece := reply.raw.read1(65_536, decode_content=True)):
        body += piece
        if time.monotonic() > deadline:
            raise too_slow
    return bytes(body)


def check_picture(image: np.ndarray, mask: np.ndarray | None) -> None:
    """Refuse what is no (H, W, 3) ``uint8`` array, or a mask of another size."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise S2FError("expected a picture as a uint8 RGB array of shape (H, W, 3)")
    if mask is not None and mask.shape != image.shape[:2]:
        raise S2FError(f"expected a mask of the picture's shape {image.shape[:2]}, got {mask.shape}")
