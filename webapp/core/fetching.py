"""Getting a file from an address that somebody else wrote, without being sent where only we may go.

A name is looked up once and the connection goes to the address that was checked, so that it cannot change in between.
Private, local and reserved addresses are refused, in redirects too; size and time are capped.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urljoin, urlsplit

PORTS = {"http": 80, "https": 443}
REDIRECTS = 4
SECONDS = 20.0
CONNECT_SECONDS = 5.0
BLOCK = 64 * 1024
NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotFetched(Exception):
    """It was not fetched; the message says why, without a capital and a full stop."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet's own, also when it is wrapped into another."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def fetch(
    url: str, *, largest: int, seconds: float = SECONDS, may_connect: Callable[[Address], bool] = is_public
) -> bytes:
    """What is at an http or https address, following a few redirects. Raises :class:`NotFetched`."""
    deadline = time.monotonic() + seconds
    for _hop in range(REDIRECTS + 1):
        found, leads_to = _get(url, largest, deadline, may_connect)
        if found is not None:
            return found
        url = urljoin(url, leads_to)
    raise NotFetched("it redirects too often")


def _get(url: str, largest: int, deadline: float, may_connect: Callable[[Address], bool]) -> tuple[bytes | None, str]:
    """One request: what came, or where to look instead."""
    scheme, host, port, target = _parts(url)
    if may_connect is is_public and port != PORTS[scheme]:
        raise NotFetched(f"port {port} is not one that web pages are served from")
    connection = _Pinned(scheme, host, port, _resolved(host, port, may_connect), deadline)
    try:
        connection.request("GET", target, headers={"Accept-Encoding": "identity", "User-Agent": "Almanac"})
        with connection.getresponse() as response:  # it may outlive its connection
            if response.status in {301, 302, 303, 307, 308}:
                return None, response.headers.get("Location", "")
            if response.status != http.HTTPStatus.OK:
                raise NotFetched(f"its server answered {response.status}")
            return _read(connection, response, largest, deadline), ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        is_late = isinstance(error, TimeoutError) or time.monotonic() >= deadline
        raise NotFetched("it took too long" if is_late else _said(error)) from None
    finally:
        connection.close()


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port or PORTS.get(parts.scheme, 0)
    except (ValueError, UnicodeError):
        raise NotFetched("that is no address") from None
    if parts.scheme not in PORTS or not host or parts.username is not None:
        raise NotFetched("only http and https addresses are fetched")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    shown = "".join(f"%{byte:02X}" if byte <= 32 or byte >= 127 else chr(byte) for byte in target.encode())
    return parts.scheme, host, port, shown


def _resolved(host: str, port: int, may_connect: Callable[[Address], bool]) -> Address:
    """The address to connect to. A name of which any address is not public is refused as a whole."""
    try:
        found = {ipaddress.ip_address(each.partition("%")[0]) for each in _look_up(host, port)}
    except (OSError, ValueError, UnicodeError):
        raise NotFetched(f"{host} is not known") from None
    if not found or not all(may_connect(each) for each in found):
        raise NotFetched(f"{host} is not on the public internet")
    return min(found, key=lambda each: (each.version, int(each)))


def _look_up(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _read(connection: _Pinned, response: http.client.HTTPResponse, largest: int, deadline: float) -> bytes:
    too_large = NotFetched(f"it is larger than {largest // 1024 // 1024} MB")
    if response.length is not None and response.length > largest:
        raise too_large
    found = bytearray()
    while block := response.read1(BLOCK):
        found += block
        if len(found) > largest:
            raise too_large
        connection.wait_until(deadline)
    if time.monotonic() >= deadline:  # what looks like the end may be ours
        raise TimeoutError
    return bytes(found)


def _said(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "its certificate does not hold"
    return "its server could not be reached" if isinstance(error, OSError) else "its server does not speak HTTP"


def _shut(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, under the name that was asked for. It is shut at the deadline, whoever is reading.

    A timeout of the socket holds for one read, and a server may send a byte a second.
    """

    def __init__(self, scheme: str, host: str, port: int, address: Address, deadline: float) -> None:
        super().__init__(host, port)
        self.scheme, self.address, self.deadline = scheme, address, deadline
        self.end: socket.socket | None = None
        self.watch: threading.Timer | None = None

    def connect(self) -> None:
        left = self._left(self.deadline)
        self.sock = socket.create_connection((str(self.address), self.port), timeout=min(CONNECT_SECONDS, left))
        self.end = self.sock.dup()
        self.watch = threading.Timer(self._left(self.deadline), _shut, [self.end])
        self.watch.daemon = True
        self.watch.start()
        if self.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
        self.wire = self.sock
        self.wait_until(self.deadline)

    def close(self) -> None:
        super().close()
        if self.watch is not None and self.end is not None:
            self.watch.cancel()
            self.end.close()

    def wait_until(self, deadline: float) -> None:
        """No read waits longer than there is time left. An answer that ends with its connection takes that over."""
        self.wire.settimeout(self._left(deadline))

    @staticmethod
    def _left(deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
