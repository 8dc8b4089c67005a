"""Fetching what somebody else named: only from the internet, only so much, only so long."""

import http.server
import ipaddress
import threading
import time
from contextlib import suppress

import pytest

from webapp.core import fetching
from webapp.core.fetching import NotFetched, fetch, is_public

MEGABYTE = 1024 * 1024


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/picture":
            self._send(200, b"a picture")
        elif self.path == "/large":
            self._send(200, b"x" * (2 * MEGABYTE))
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(200):
                self.wfile.write(b"x" * 1000)
                time.sleep(0.02)
        elif self.path == "/dripping":
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.05)
        elif self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        else:
            self._send(404, b"")

    def _send(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def handle(self):
        with suppress(OSError):  # the other side has had enough
            super().handle()


@pytest.fixture(scope="module")
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def anywhere(_address) -> bool:
    return True


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "224.0.0.1",
            "100.64.0.1",
        ),
        *("::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "ff02::1"),
    ],
)
def test_an_address_of_the_house_is_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_an_address_of_the_internet_is_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
    ],
)
def test_the_house_itself_is_not_asked(url):
    with pytest.raises(NotFetched, match=r"public internet|not known"):
        fetch(url, largest=MEGABYTE)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "ftp://x/", "//x/", "x", "http://", "http://a@b/", "http://[x"]
)
def test_only_web_addresses_are_fetched(url):
    with pytest.raises(NotFetched):
        fetch(url, largest=MEGABYTE)


def test_another_port_is_not_asked(monkeypatch):
    with pytest.raises(NotFetched, match="port 6379"):
        fetch("http://example.org:6379/", largest=MEGABYTE)


def test_a_name_with_one_private_address_is_refused(monkeypatch):
    monkeypatch.setattr(fetching, "_look_up", lambda _host, _port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(NotFetched, match="not on the public internet"):
        fetch("http://rebinding.example/", largest=MEGABYTE)


def test_the_address_that_was_checked_is_the_one_that_is_asked(server, monkeypatch):
    asked = []

    def look_up(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    monkeypatch.setattr(fetching, "_look_up", look_up)
    port = server.rpartition(":")[2]
    assert fetch(f"http://pictures.example:{port}/picture", largest=MEGABYTE, may_connect=anywhere) == b"a picture"
    assert asked == ["pictures.example"]


def test_a_redirect_is_checked_as_the_first_address_was(server):
    def only_by_name(address):
        return str(address) == "127.0.0.1"

    with pytest.raises(NotFetched, match="not on the public internet"):
        fetch(f"{server}/to/http://127.0.0.2/", largest=MEGABYTE, may_connect=only_by_name)


def test_redirects_are_followed_a_few_times(server):
    assert fetch(f"{server}/to/{server}/picture", largest=MEGABYTE, may_connect=anywhere) == b"a picture"
    with pytest.raises(NotFetched, match="redirects too often"):
        fetch(f"{server}/to/" * 9 + f"{server}/picture", largest=MEGABYTE, may_connect=anywhere)


def test_what_is_too_large_is_not_read(server):
    with pytest.raises(NotFetched, match="larger than 1 MB"):
        fetch(f"{server}/large", largest=MEGABYTE, may_connect=anywhere)


def test_headers_that_drip_are_not_waited_for(server):
    began = time.monotonic()
    with pytest.raises(NotFetched, match="too long"):
        fetch(f"{server}/dripping", largest=MEGABYTE, seconds=0.5, may_connect=anywhere)
    assert time.monotonic() - began < 3


def test_what_takes_too_long_is_given_up(server):
    began = time.monotonic()
    with pytest.raises(NotFetched, match="took too long"):
        fetch(f"{server}/endless", largest=MEGABYTE, seconds=0.3, may_connect=anywhere)
    assert time.monotonic() - began < 3


def test_an_error_of_the_server_is_said(server):
    with pytest.raises(NotFetched, match="answered 404"):
        fetch(f"{server}/nowhere", largest=MEGABYTE, may_connect=anywhere)
