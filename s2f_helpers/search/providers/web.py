"""One careful request: what goes out is small and clean, waiting is limited, and errors say what to do."""

from __future__ import annotations

import base64
import getpass
import io
import json
import logging
import os
import re
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, quote_plus, urlsplit

import numpy as np
import requests
from PIL import Image
from urllib3.exceptions import HTTPError

from s2f_helpers.common.types import Garment, S2FError
from s2f_helpers.search.pictures import check_picture, http_link, read_body
from s2f_helpers.search.providers.reply import dig, plain

__all__ = ["Limits", "Secret", "ask", "cut_out", "jpeg", "jpeg_text"]

ANOTHER_TRY_MAY_HELP = (0, 429, 500, 502, 503, 504)
LONGEST_REFUSAL = 20_000
QUALITIES = (90, 80, 70, 55, 40)
MARGIN = 0.04
# For services that state no limit of their own.
LONG_SIDE, MOST_BYTES = 1024, 1_000_000
LOOPBACK = ("127.0.0.1", "localhost", "::1")
MESSAGES = (("errors", 0, "message"), ("error", "message"), ("error_description",), ("errorMessage",), ("error",))
GONE = "There is nothing at this address (any more): check the endpoint."
# By status, or by its first digit.
ADVICE = {
    401: "It does not accept the key: check {names}.",
    403: "The key may not do this, or its quota is used up: look up {names} in the service's console.",
    404: GONE,
    410: GONE,
    429: "Too many requests: try again {when}.",
    3: "It sends us to another address, which is not followed: check the endpoint.",
    4: "Expected 200: check what you asked for.",
    5: "The trouble is on its side: try again later.",
}


@dataclass(frozen=True)
class Limits:
    """How long to wait and how much to read.

    Attributes:
        connect_s, read_s: seconds for the connection, and without a single byte.
        deadline_s: seconds for all tries and pauses together; only a server that drips its headers outlasts it.
        tries: how often at most; only connection faults, 429 and 5xx are tried again.
        pause_s: before the second try; doubles each time, unless the server names a pause.
        longest_pause_s: a server that asks for more is not asked again.
        max_bytes: a longer reply is refused while it comes in.
    """

    connect_s: float = 5.0
    read_s: float = 10.0
    deadline_s: float = 25.0
    tries: int = 3
    pause_s: float = 0.5
    longest_pause_s: float = 10.0
    max_bytes: int = 5_000_000


@dataclass(frozen=True)
class Secret:
    """A key that shows its name and never itself, in reprs and tracebacks.

    >>> Secret("S2F_BING_KEY", "0123")
    Secret(name='S2F_BING_KEY')
    """

    name: str
    value: str = field(repr=False)

    @classmethod
    def find(cls, name: str) -> Secret:
        """From the environment, else asked for without an echo; an S2FError for what can be no key."""
        value = os.environ.get(name, "")
        with warnings.catch_warnings(), suppress(OSError, EOFError, RuntimeError, ValueError, getpass.GetPassWarning):
            # getpass falls back to an echoing prompt, with a warning, where it cannot hide the letters.
            warnings.simplefilter("error", getpass.GetPassWarning)
            value = (value or getpass.getpass(f"{name} (hidden while you type): ")).strip()
        if not value:
            raise S2FError(f"{name} is not set. Set it in the environment, or type it when asked.")
        if not (value.isascii() and value.isprintable()):
            raise S2FError(f"{name}: it holds characters that no key holds. Copy it again.")
        return cls(name, value)


def ask(shop, method: str, url: str, headers: Mapping | None = None, params: Mapping | None = None, **body) -> object:
    """Send one request and return the JSON of its reply.

    urllib3's own Retry is not used: it reads a failed reply to its end, however long, and knows no deadline.

    Args:
        shop: its ``name`` is what errors call it, its ``limits`` are kept.
        url: https, or http on this machine (the fake shops).
        headers, params: values may be a :class:`Secret`.
        body: ``json=``, ``data=`` or ``files=`` as in requests.

    Raises:
        S2FError: for everything that can go wrong, in a sentence. Keys and addresses are not in it.
    """
    parts = urlsplit(url) if http_link(url) else None
    if parts is None or (parts.scheme.lower() != "https" and parts.hostname not in LOOPBACK):
        raise S2FError(f"{shop.name}: endpoint: expected an https address (http only on this machine)")
    logging.getLogger("urllib3.connectionpool").addFilter(_hide_queries)
    request = {"method": method, "url": url, "headers": headers or {}, "params": params or {}, **body}
    limits, deadline = shop.limits, time.monotonic() + shop.limits.deadline_s
    with requests.Session() as session:
        # A redirect would carry key and picture to an address nobody named. With allow_redirects=False alone,
        # requests would read such a reply to its end, however long.
        session.get_redirect_target = lambda _: None
        for number in range(limits.tries):
            answer = _once(shop, session, request, deadline)
            if answer.status == requests.codes.ok:
                return _json(shop.name, answer)
            asked = answer.asked_pause_s()
            pause = limits.pause_s * 2**number if asked is None else asked
            too_long = pause > limits.longest_pause_s or time.monotonic() + pause > deadline
            if answer.status not in ANOTHER_TRY_MAY_HELP or number == limits.tries - 1 or too_long:
                break
            time.sleep(pause)
    sent = [value for part in ("headers", "params") for value in request[part].values() if isinstance(value, Secret)]
    raise S2FError(_refusal(shop, answer, sent))


@dataclass(frozen=True)
class _Answer:
    """Status 0 stands for no answer; then ``fault`` names the reason."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str = ""

    def asked_pause_s(self) -> float | None:
        """Seconds the server asks us to wait: its header holds a number or a date."""
        text = self.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdecimal():
            return float(text[:9])
        try:
            return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            return None


def _once(shop, session: requests.Session, request: dict, deadline: float) -> _Answer:
    left = max(0.1, deadline - time.monotonic())
    timeout = (min(shop.limits.connect_s, left), min(shop.limits.read_s, left))
    too_slow = S2FError(f"{shop.name}: no whole reply within {shop.limits.deadline_s:g} s. Try again later.")
    try:
        # The auth keeps requests from putting a password of ~/.netrc in the place of our headers.
        with session.request(**_revealed(request), stream=True, auth=lambda sent: sent, timeout=timeout) as reply:
            fine = reply.status_code == requests.codes.ok
            most = shop.limits.max_bytes if fine else LONGEST_REFUSAL
            body = read_body(reply, most, deadline, too_slow)
            if fine and len(body) > most:
                raise S2FError(f"{shop.name}: a reply of more than {most:,} bytes, not read. Ask for fewer results.")
            return _Answer(reply.status_code, reply.headers, body[:most])
    except (requests.RequestException, HTTPError) as error:
        # Only the kind: the text holds the address, and some addresses hold the key.
        fault = type(error).__name__
    return _Answer(0, fault=fault)


def _revealed(request: dict) -> dict:
    def values(part: str) -> dict:
        return {name: value.value if isinstance(value, Secret) else value for name, value in request[part].items()}

    return request | {part: values(part) for part in ("headers", "params")}


def _hide_queries(record: logging.LogRecord) -> bool:
    """urllib3 logs addresses at level DEBUG, and some addresses hold the key."""
    if isinstance(record.args, tuple):
        record.args = tuple(re.sub(r"\?.*", "?…", arg) if isinstance(arg, str) else arg for arg in record.args)
    return True


def _json(service: str, answer: _Answer) -> object:
    kind = plain(answer.headers.get("Content-Type", "an unnamed kind"))[:40]
    try:
        text = answer.body.decode("utf-8-sig")
        if kind.startswith("text/event-stream"):
            # MCP servers may wrap their one reply in a stream of server-sent events; it is the data of the last.
            last = re.split(r"\r?\n\r?\n", text.strip())[-1].splitlines()
            text = "\n".join(line.removeprefix("data:") for line in last if line.startswith("data:"))
        return json.loads(text)
    except (ValueError, RecursionError):
        size = len(answer.body)
    raise S2FError(f"{service}: expected JSON, got {size:,} bytes of {kind} that are none. Try again later.")


def _refusal(shop, answer: _Answer, sent: list[Secret]) -> str:
    if not answer.status:
        return f"{shop.name}: no answer ({answer.fault}). Check the network and the endpoint, or try again later."
    reply = None
    with suppress(ValueError, RecursionError):
        reply = json.loads(answer.body)
    said = next((said for path in MESSAGES if (said := plain(dig(reply, *path)))), "")
    # A service may quote the key it refuses: as we sent it ("Basic ..."), or as the person has it.
    own = [value for value in getattr(shop, "__dict__", {}).values() if isinstance(value, Secret)]
    for secret in (*sent, *own):
        for text in filter(None, (key := secret.value.split(" ")[-1], quote(key), quote_plus(key))):
            said = said.replace(text, "…")
    said = f" ({said[:200].rstrip('.')})" if said else ""
    names = " and ".join(secret.name for secret in sent) or "the endpoint"
    pause = answer.asked_pause_s()
    advice = ADVICE.get(answer.status) or ADVICE.get(answer.status // 100, ADVICE[4])
    advice = advice.format(names=names, when=f"in {pause:.0f} s" if pause else "later")
    return f"{shop.name} answered {answer.status}{said}. {advice}"


def cut_out(image: np.ndarray, hint: Garment | None) -> np.ndarray:
    """The part of a picture that shows the garment, with a little margin; the rest need not leave this machine.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        hint: the garment found in it; None, or an empty mask, keeps the whole picture.
    """
    check_picture(image, None if hint is None else hint.mask)
    if hint is None:
        return image
    x0, y0, x1, y1 = hint.box
    margin = int(MARGIN * max(x1 - x0, y1 - y0))
    part = image[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]
    return part if part.size else image


def jpeg(image: np.ndarray, max_side: int, max_bytes: int) -> bytes:
    """The picture as a JPEG within a service's limits. Made from pixels alone, so it holds no EXIF.

    Args:
        image: (H, W, 3) ``uint8`` RGB.
        max_side: pixels; a larger picture is made smaller, a smaller one stays.
    """
    picture = Image.fromarray(image)
    while True:
        picture.thumbnail((max_side, max_side))
        for quality in QUALITIES:
            stream = io.BytesIO()
            picture.save(stream, "JPEG", quality=quality)
            if stream.tell() <= max_bytes:
                return stream.getvalue()
        if max_side == 1:
            raise S2FError(f"no picture fits into {max_bytes} bytes")
        max_side = max(1, max(picture.size) * 3 // 4)


def jpeg_text(image: np.ndarray, hint: Garment | None) -> str:
    """The garment's part of a picture as base64 of a JPEG, for services that take it inside JSON."""
    return base64.b64encode(jpeg(cut_out(image, hint), LONG_SIDE, MOST_BYTES)).decode("ascii")
