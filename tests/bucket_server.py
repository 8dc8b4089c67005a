"""A bucket on this machine: as much of S3's protocol as keeping files takes, for whoever signs with the right key."""

from __future__ import annotations

import hashlib
import hmac
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "the-key", "the/secret+of=it"


class Bucket:
    """What lies in it, and how it is reached. ``is_down`` makes it answer 500 to everything."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.files: dict[str, tuple[bytes, datetime]] = {}
        self.is_down = False
        self.port = 0

    def url(self, prefix: str = "", secret: str = SECRET) -> str:
        endpoint = quote(f"http://127.0.0.1:{self.port}", safe="")
        return f"s3://{KEY}:{quote(secret, safe='')}@{self.name}/{prefix}?endpoint={endpoint}&region=eu-1"


@contextmanager
def open_bucket(name: str = "pictures"):
    """A bucket that answers until the end of the context."""
    bucket = Bucket(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    bucket.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if name := self._name(body):
            self.bucket.files[name] = (body, datetime.now(UTC))
            self._answer(200, headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})

    def do_GET(self) -> None:
        name = self._name()
        if name is None:
            return
        if not name:
            self._answer(200, self._listing(dict(parse_qsl(urlsplit(self.path).query)).get("prefix", "")).encode())
        elif name in self.bucket.files:
            self._answer(200, self.bucket.files[name][0])
        else:
            self._complain(404, "NoSuchKey")

    def do_DELETE(self) -> None:
        if name := self._name():
            self.bucket.files.pop(name, None)
            self._answer(204)

    def _name(self, body: bytes = b"") -> str | None:
        """The file that is asked for; None when the answer has already been given."""
        if self.bucket.is_down:
            self._complain(500, "InternalError")
            return None
        if not self._is_signed(body):
            self._complain(403, "SignatureDoesNotMatch")
            return None
        _, bucket, *name = unquote(urlsplit(self.path).path).split("/")
        assert bucket == self.bucket.name
        return "/".join(name)

    def _is_signed(self, body: bytes) -> bool:
        """Signature version 4, worked out from what arrived."""
        parts = dict(part.strip().split("=", 1) for part in self.headers["Authorization"].split(" ", 1)[1].split(","))
        access, day, region, service, _ = parts["Credential"].split("/")
        url, names = urlsplit(self.path), parts["SignedHeaders"]
        query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(parse_qsl(url.query, True)))
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names.split(";"))
        said = self.headers["x-amz-content-sha256"]
        if said != "UNSIGNED-PAYLOAD" and said != hashlib.sha256(body).hexdigest():
            return False
        request = f"{self.command}\n{url.path}\n{query}\n{headers}\n{names}\n{said}"
        scope = f"{day}/{region}/{service}/aws4_request"
        digest = hashlib.sha256(request.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{self.headers['x-amz-date']}\n{scope}\n{digest}"
        key = f"AWS4{SECRET}".encode()
        for part in (day, region, service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        return access == KEY and hmac.compare_digest(parts["Signature"], expected)

    def _listing(self, prefix: str) -> str:
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(data)}</Size><ETag>x</ETag>"
            f"<LastModified>{at:%Y-%m-%dT%H:%M:%S.000Z}</LastModified></Contents>"
            for name, (data, at) in sorted(self.bucket.files.items())
            if name.startswith(prefix)
        )
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{self.bucket.name}</Name><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        )

    def _complain(self, status: int, code: str) -> None:
        words = f"<Error><Code>{code}</Code><Message>{code}</Message><Resource>{escape(self.path)}</Resource></Error>"
        self._answer(status, words.encode())

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/xml", "Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""
