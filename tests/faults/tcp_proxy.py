"""A cable between a client and a server on this machine that can be pulled, cut, or made slow."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.mailbox import free_port

CHUNK = 65536


class Proxy:
    """Listens on ``port`` of 127.0.0.1 and passes everything on to ``upstream``, another port there.

    ``refuse``: nobody is at the door. ``hang``: the door is open and nothing comes through, in either direction, also
    on connections that were open before. ``cut``: every open connection is reset; new ones come through. ``delay``:
    every piece is held for so many seconds. ``restore`` ends all of it.
    """

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.port = free_port()
        self.connections = 0
        self._delay = 0.0
        self._open = threading.Event()
        self._open.set()
        self._pairs: set[_Pair] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._listener: socket.socket | None = None
        self._listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self._open.set()
        self.refuse()

    def refuse(self) -> None:
        self._stop_listening()
        self.cut()

    def hang(self) -> None:
        self._open.clear()

    def cut(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            pair.reset()

    def delay(self, seconds: float) -> None:
        self._delay = seconds

    def restore(self) -> None:
        self._delay = 0.0
        self._open.set()
        if self._listener is None:
            self._listen()

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(100)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept()
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._open.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.upstream), timeout=5)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        pair = _Pair(client, server)
        with self._lock:
            self._pairs.add(pair)
        if self._ended or self._listener is None:
            pair.reset()
        threading.Thread(target=self._pass, args=(pair, client, server), daemon=True).start()
        self._pass(pair, server, client)

    def _pass(self, pair: _Pair, from_: socket.socket, to: socket.socket) -> None:
        try:
            while True:
                select.select([from_], [], [])
                self._open.wait()
                piece = from_.recv(CHUNK)
                if not piece:
                    to.shutdown(socket.SHUT_WR)
                    break
                time.sleep(self._delay)
                self._open.wait()
                to.sendall(piece)
        except (OSError, ValueError):  # one side is gone, perhaps by our own hand
            pair.reset()
        if pair.half_ended():
            with self._lock:
                self._pairs.discard(pair)
            pair.close()


@dataclass(eq=False)
class _Pair:
    client: socket.socket
    server: socket.socket
    halves: int = 2

    def half_ended(self) -> bool:
        self.halves -= 1
        return self.halves <= 0

    def reset(self) -> None:
        _reset(self.client)
        _reset(self.server)

    def close(self) -> None:
        self.client.close()
        self.server.close()


def _reset(sock: socket.socket) -> None:
    """As if the other side's kernel knew of no such connection; nothing that was under way arrives."""
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RD)  # wakes the thread that reads from it
    sock.close()
