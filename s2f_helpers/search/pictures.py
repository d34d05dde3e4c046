"""Links and pictures from addresses nobody has checked: size capped, time limited."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import numpy as np
import requests

from s2f_helpers.common.pictures import MAX_BYTES, decode
from s2f_helpers.common.types import S2FError

__all__ = ["fetch", "http_link"]

TIMEOUT_S = 10.0


def http_link(text: object) -> str | None:
    """The link if it is a plain http(s) address, else None.

    >>> http_link(" https://example.org/shirt?id=3 ")
    'https://example.org/shirt?id=3'
    >>> http_link("javascript:alert(1)") is http_link('https://example.org/"><script>') is None
    True
    """
    link = str(text or "").strip()
    if len(link) > 2048 or not link.isprintable() or any(sign in " \"'<>\\`" for sign in link):
        return None
    try:
        parts = urlsplit(link)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        return None
    return link if usable else None


def fetch(url: str, timeout_s: float = TIMEOUT_S, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Picture at an http(s) address -> (H, W, 3) ``uint8`` RGB; see :func:`s2f_helpers.common.pictures.decode`.

    Args:
        timeout_s: seconds for the whole download, so that a server that drips bytes cannot hold us.
        max_bytes: the download stops there.

    Raises:
        S2FError: as ``decode``, and for a refused, slow, oversized or unsuccessful reply.
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
