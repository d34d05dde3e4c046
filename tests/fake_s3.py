"""An S3 server in memory: as much of its REST interface as LanceDB speaks, one bucket, no signatures checked."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class FakeS3(BaseHTTPRequestHandler):
    """GET, HEAD, PUT (``If-None-Match: *`` too), DELETE, lists, deletes of many, copies and uploads in parts."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def objects(self) -> dict[str, bytes]:
        return self.server.objects

    def parsed(self) -> tuple[str, dict[str, str], bytes]:
        """Key, query and body."""
        parts = urlsplit(self.path)
        _, _, key = unquote(parts.path).lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return key, query, self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        key, query, _ = self.parsed()
        if "list-type" in query:
            self.answer(200, self.listing(query.get("prefix", ""), query.get("delimiter", "")))
        elif key not in self.objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self.send_object(self.objects[key])

    do_HEAD = do_GET

    def send_object(self, body: bytes) -> None:
        facts = {"ETag": etag(body), "Last_Modified": formatdate(usegmt=True)}
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            self.answer(200, body, **facts)
            return
        first, last = asked.groups()
        start = int(first) if first else len(body) - int(last)
        end = min(int(last), len(body) - 1) if first and last else len(body) - 1
        self.answer(206, body[start : end + 1], Content_Range=f"bytes {start}-{end}/{len(body)}", **facts)

    def do_PUT(self) -> None:
        key, query, body = self.parsed()
        with self.server.lock:
            if "partNumber" in query:
                self.server.parts[query["uploadId"], int(query["partNumber"])] = body
            elif self.headers.get("If-None-Match") == "*" and key in self.objects:
                self.answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
                return
            else:
                self.objects[key] = body
        self.answer(200, ETag=etag(body))

    def do_POST(self) -> None:
        key, query, body = self.parsed()
        with self.server.lock:
            if "delete" in query:
                for name in re.findall(rb"<Key>(.*?)</Key>", body):
                    self.objects.pop(name.decode(), None)
                self.answer(200, b"<DeleteResult/>")
            elif "uploads" in query:
                upload = f"<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>"
                self.answer(200, upload.encode())
            else:
                numbers = sorted(number for upload, number in self.server.parts if upload == query["uploadId"])
                self.objects[key] = b"".join(self.server.parts.pop((query["uploadId"], n)) for n in numbers)
                done = f"<CompleteMultipartUploadResult><ETag>{etag(b'')}</ETag></CompleteMultipartUploadResult>"
                self.answer(200, done.encode())

    def do_DELETE(self) -> None:
        key, _, _ = self.parsed()
        self.objects.pop(key, None)
        self.answer(204)

    def listing(self, prefix: str, delimiter: str) -> bytes:
        with self.server.lock:
            found = {key: body for key, body in sorted(self.objects.items()) if key.startswith(prefix)}
        rows, folders = [], set()
        for key, body in found.items():
            name, folder, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            if folder:
                folders.add(prefix + name + folder)
                continue
            rows.append(
                f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>{etag(body)}</ETag><Size>{len(body)}</Size></Contents>"
            )
        rows += [f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>" for name in sorted(folders)]
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>".encode()

    def log_message(self, *args) -> None:
        pass


def etag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


@contextmanager
def fake_s3() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Its address, and what it holds: key to bytes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeS3)
    server.objects, server.parts, server.lock = {}, {}, threading.RLock()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.objects
    finally:
        server.shutdown()
        server.server_close()
