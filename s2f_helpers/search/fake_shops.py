"""Every service of this folder, played on this machine: same requests, same replies, made-up goods.

It lies in the package because the tests, notebook 06 and your own provider all practise against it, also
from a terminal: ``python -m s2f_helpers.search.fake_shops``. It refuses whatever the real service would.
"""

from __future__ import annotations

import base64
import email
import email.policy
import io
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from PIL import Image

from s2f_helpers.common.paths import DATA
from s2f_helpers.search.providers import Azure, Bing, EBay, Google, Naver, Provider, Secret, SerpApi, Shopify
from s2f_helpers.search.providers.reply import dig

__all__ = ["KEY", "Answer", "Asked", "FakeShops", "recorded_reply"]

KEY = "fake-key"
PUBLIC_PICTURE = "https://img.example/public.jpg"
MOST_BYTES = 20_000_000
WARDROBE = """The wardrobe, a shop that exists only here. Write a provider for it.

POST /wardrobe/similar?count=8    count: 1 to 20
Content-Type: image/jpeg          the picture itself, at most 200,000 bytes and 512 pixels a side
X-Wardrobe-Key: fake-key

200 {"hits": [{"label": "Shirt", "cents": 1990, "money": "EUR", "page": "https://...", "picture": "https://..."}]}
    best first; cents are the currency's minor unit, and cents and money may be missing
400, 401 {"error": "what is wrong"}
"""


@dataclass(frozen=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The body as JSON, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answer:
    """What goes back; a body in pieces is sent without its length."""

    status: int = 200
    body: bytes | Iterable[bytes] = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, content: object, status: int = 200, **headers: str) -> Answer:
        """``content`` as JSON; underscores in the names of headers become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json", **named})


class Refused(Exception):
    """The request is not what the service documents; its arguments are content and status of the answer."""


def recorded_reply(service: str) -> object:
    """A reply in a service's own format, from ``data/replies``; what it offers is made up."""
    return json.loads((DATA / "replies" / f"{service}.json").read_text(encoding="utf-8"))


class FakeShops:
    """A server on this machine while the ``with`` block lasts.

    Attributes:
        url: its address.
        asked: the requests that came in, oldest first.
        first: answers to give before the real ones, for practising with failures.

    >>> with FakeShops() as shops:
    ...     shops.url.startswith("http://127.0.0.1:"), sorted(shops.providers())
    (True, ['bing', 'ebay', 'google', 'naver', 'serpapi', 'shopify'])
    """

    def __init__(self, port: int = 0):
        self.asked: list[Asked] = []
        self.first: deque[Answer] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"shops": self}))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FakeShops:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def providers(self) -> dict[str, Provider]:
        """Every provider by name, with fake keys, asking this server."""
        key = Secret("the fake key", KEY)
        made = [
            Bing(f"{self.url}/v7.0/images/visualsearch", key=key),
            Shopify(f"{self.url}/api/ucp/mcp"),
            EBay(self.url, client_id=key, client_secret=key),
            Google(f"{self.url}/v1/images:annotate", key=key),
            SerpApi(PUBLIC_PICTURE, f"{self.url}/search.json", key=key),
            Naver(f"{self.url}/v1/search/shop.json", client_id=key, client_secret=key),
        ]
        return {provider.name: provider for provider in made}

    def azure(self) -> Azure:
        """The embedder, asking this server."""
        return Azure(self.url, key=Secret("the fake key", KEY))

    def answer(self, asked: Asked) -> Answer:
        """What this server says to a request."""
        self.asked.append(asked)
        if self.first:
            return self.first.popleft()
        play = ROUTES.get((asked.method, asked.path))
        if play is None:
            return Answer.of({"error": f"no such service: {asked.method} {asked.path}"}, 404)
        try:
            found = play(asked)
        except Refused as refused:
            return Answer.of(*refused.args)
        return found if isinstance(found, Answer) else Answer.of(found)


class _Handler(BaseHTTPRequestHandler):
    shops: FakeShops

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BYTES))
        headers = {name.title(): value for name, value in self.headers.items()}
        answer = self.shops.answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
        pieces, length = answer.body, {}
        if isinstance(pieces, bytes):
            pieces, length = [pieces], {"Content-Length": str(len(pieces))}
        self.send_response(answer.status)
        for name, value in {**length, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            for piece in pieces:
                self.wfile.write(piece)

    do_POST = do_GET

    def log_message(self, *_) -> None:
        """Quiet."""


def _check(right: object, status: int, content: object) -> None:
    if not right:
        raise Refused(content, status)


def _check_picture(data: object, refusal: object, max_side: int = 2048, max_bytes: int = 2_000_000) -> None:
    """A JPEG (as base64, if it is text) within the limits, that says nothing about who took it where."""
    try:
        data = data if isinstance(data, bytes) else base64.b64decode(data, validate=True)
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            picture.load()
            fits = max(picture.size) <= max_side and len(data) <= max_bytes
            clean = not picture.getexif() and not {"exif", "comment"} & picture.info.keys()
    except (OSError, SyntaxError, TypeError, ValueError):
        fits = clean = False
    _check(fits and clean, 400, refusal)


def _limited(service: str, count: int, *path: str) -> object:
    """The recorded reply with at most ``count`` entries in the list at ``path``."""
    reply = recorded_reply(service)
    del dig(reply, *path)[count:]
    return reply


def _bing(asked: Asked) -> object:
    def error(code: str, sub: str, message: str) -> dict:
        return {"_type": "ErrorResponse", "errors": [{"code": code, "subCode": sub, "message": message}]}

    key = asked.headers.get("Ocp-Apim-Subscription-Key")
    _check(key == KEY, 401, error("InvalidAuthorization", "AuthorizationMissing", "Authorization is required."))
    _check("mkt" in asked.query, 400, error("InvalidRequest", "ParameterMissing", "mkt is missing."))
    invalid = error("InvalidRequest", "ParameterInvalidValue", "Parameter has invalid value.")
    head = f"Content-Type: {asked.headers.get('Content-Type', '')}\r\n\r\n".encode()
    form = email.message_from_bytes(head + asked.body, policy=email.policy.HTTP)
    parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
    _check(form.get_content_type() == "multipart/form-data", 400, invalid)
    _check(set(parts) == {"image", "knowledgeRequest"} and parts["image"].get_filename(), 400, invalid)
    _check_picture(parts["image"].get_payload(decode=True), invalid, 1500, 1_000_000)
    wanted = json.loads(parts["knowledgeRequest"].get_payload(decode=True))
    info, area = wanted.get("imageInfo"), dig(wanted, "imageInfo", "cropArea")
    known = wanted.keys() <= {"imageInfo", "knowledgeRequest"} and (info is None or info.keys() == {"cropArea"})
    inside = not area or (0 <= area["left"] < area["right"] <= 1 and 0 <= area["top"] < area["bottom"] <= 1)
    _check(known and inside, 400, invalid)
    return recorded_reply("bing")


def _shopify(asked: Asked) -> object:
    call = asked.json()
    params, number = dig(call, "params"), dig(call, "id")

    def error(code: int, message: str) -> dict:
        return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}

    _check({"application/json", "text/event-stream"} <= set(asked.headers.get("Accept", "").split(", ")), 406, {})
    _check(asked.headers.get("Content-Type") == "application/json", 415, {})
    right = dig(call, "jsonrpc") == "2.0" and dig(call, "method") == "tools/call" and number is not None
    _check(right, 400, error(-32600, "Invalid request") | {"id": None})
    profile = dig(params, "arguments", "meta", "ucp-agent", "profile")
    known = dig(params, "name") == "search_catalog" and "with-capabilities" in str(profile)
    _check(known, 200, error(-32602, f"Tool not found: {dig(params, 'name')}"))
    catalog, invalid = dig(params, "arguments", "catalog"), error(-32602, "Invalid params")
    picture, limit = dig(catalog, "like", 0, "image"), dig(catalog, "pagination", "limit")
    _check(isinstance(limit, int) and 1 <= limit <= 50 and dig(picture, "content_type") == "image/jpeg", 200, invalid)
    _check_picture(dig(picture, "data"), invalid)
    return _limited("shopify", limit, "result", "structuredContent", "products")


def _ebay_token(asked: Asked) -> object:
    pair = base64.b64encode(f"{KEY}:{KEY}".encode()).decode()
    refusal = {"error": "invalid_client", "error_description": "client authentication failed"}
    _check(asked.headers.get("Authorization") == f"Basic {pair}", 401, refusal)
    form = {"grant_type": "client_credentials", "scope": "https://api.ebay.com/oauth/api_scope"}
    _check(dict(parse_qsl(asked.body.decode())) == form, 400, {"error": "unsupported_grant_type"})
    return {"access_token": f"v^1.1#{KEY}", "expires_in": 7200, "token_type": "Application Access Token"}


def _ebay(asked: Asked) -> object:
    def error(number: int, message: str) -> dict:
        return {"errors": [{"errorId": number, "domain": "API_BROWSE", "category": "REQUEST", "message": message}]}

    _check(asked.headers.get("Authorization") == f"Bearer v^1.1#{KEY}", 401, error(1001, "Invalid access token"))
    market = asked.headers.get("X-Ebay-C-Marketplace-Id", "")
    _check(market.startswith("EBAY_"), 409, error(12019, "The specified marketplace is not supported."))
    limit = int(asked.query.get("limit", "50"))
    _check(1 <= limit <= 200, 400, error(12006, "limit must be 1..200"))
    sent, invalid = asked.json(), error(12501, "The image data is empty, is not Base64 encoded, or is invalid.")
    _check(isinstance(sent, dict) and set(sent) == {"image"}, 400, invalid)
    _check_picture(sent["image"], invalid)
    return _limited("ebay", limit, "itemSummaries")


def _google(asked: Asked) -> object:
    invalid = "API key not valid. Please pass a valid API key."
    refusal = {"error": {"code": 400, "message": invalid, "status": "INVALID_ARGUMENT"}}
    wanted = dig(asked.json(), "requests", 0)
    right = asked.query.get("key") == KEY and dig(wanted, "features", 0, "type") == "WEB_DETECTION"
    _check(right, 400, refusal)
    _check_picture(
        dig(wanted, "image", "content"), {"responses": [{"error": {"code": 3, "message": "Bad image data."}}]}
    )
    return recorded_reply("google")


def _serpapi(asked: Asked) -> object:
    _check(asked.query.get("api_key") == KEY, 401, {"error": "Invalid API key."})
    right = asked.query.get("engine") == "google_lens" and asked.query.get("type") == "products"
    _check(right and asked.query.get("url", "").startswith("https://"), 400, {"error": "Missing `url` parameter."})
    return recorded_reply("serpapi")


def _naver(asked: Asked) -> object:
    named = {asked.headers.get(f"X-Naver-Client-{half}") for half in ("Id", "Secret")}
    _check(named == {KEY}, 401, {"errorMessage": "Authentication failed", "errorCode": "024"})
    right = asked.query.get("query") and asked.query.get("sort") in ("sim", "date", "asc", "dsc")
    display = int(asked.query.get("display", "10"))
    _check(right and 1 <= display <= 100 and not asked.body, 400, {"errorMessage": "Invalid", "errorCode": "SE01"})
    return _limited("naver", display, "items")


def _azure(asked: Asked) -> object:
    _check(asked.headers.get("Ocp-Apim-Subscription-Key") == KEY, 401, {"error": {"code": "401", "message": "No"}})
    invalid = {"error": {"code": "InvalidRequest", "message": "Input data is incorrect."}}
    _check(asked.query == {"api-version": "2024-02-01", "model-version": "2023-04-15"}, 400, invalid)
    _check(asked.headers.get("Content-Type") == "application/octet-stream", 415, invalid)
    _check_picture(asked.body, invalid)
    with Image.open(io.BytesIO(asked.body)) as picture:
        shades = picture.convert("L").resize((32, 32)).tobytes()
    return {"modelVersion": "2023-04-15", "vector": [shade / 255 - 0.5 for shade in shades]}


def _wardrobe(asked: Asked) -> object:
    _check(asked.headers.get("X-Wardrobe-Key") == KEY, 401, {"error": "the key is missing or wrong"})
    count = asked.query.get("count", "")
    _check(count.isdecimal() and 1 <= int(count) <= 20, 400, {"error": "count: expected 1 to 20"})
    _check(asked.headers.get("Content-Type") == "image/jpeg", 400, {"error": "Content-Type: expected image/jpeg"})
    refusal = {"error": "expected a JPEG of at most 200,000 bytes, 512 a side, no EXIF"}
    _check_picture(asked.body, refusal, 512, 200_000)
    return _limited("wardrobe", int(count), "hits")


HELP = Answer(200, WARDROBE.encode(), {"Content-Type": "text/plain; charset=utf-8"})
ROUTES: Mapping[tuple[str, str], Callable[[Asked], object]] = {
    ("POST", "/v7.0/images/visualsearch"): _bing,
    ("POST", "/api/ucp/mcp"): _shopify,
    ("POST", "/identity/v1/oauth2/token"): _ebay_token,
    ("POST", "/buy/browse/v1/item_summary/search_by_image"): _ebay,
    ("POST", "/v1/images:annotate"): _google,
    ("GET", "/search.json"): _serpapi,
    ("GET", "/v1/search/shop.json"): _naver,
    ("POST", "/computervision/retrieval:vectorizeImage"): _azure,
    ("GET", "/wardrobe"): lambda _: HELP,
    ("POST", "/wardrobe/similar"): _wardrobe,
}


if __name__ == "__main__":
    with FakeShops(int(sys.argv[1]) if len(sys.argv) > 1 else 8765) as running:
        print(f"Fake shops at {running.url}; {running.url}/wardrobe says what to write. Ctrl+C ends them.", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
