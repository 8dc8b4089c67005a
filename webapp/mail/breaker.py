"""A mail server that is down is asked by one mail now and then, not by every mail at once.

What is known here is known to this process only: each finds out for itself, and forgets when it ends.
"""

from __future__ import annotations

import threading
import time

import structlog

FIRST_SECONDS, LONGEST_SECONDS = 30.0, 300.0

log = structlog.get_logger()


class Breaker:
    """Open while a host is left alone. After that time one caller may try; its success closes it for all."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._failures = 0
        self._open_until = 0.0
        self._lock = threading.Lock()

    @property
    def seconds_left(self) -> float:
        """How long the host is still left alone; 0 when it may be tried."""
        return max(0.0, self._open_until - time.monotonic()) if self._failures else 0.0

    def lets_through(self) -> bool:
        """Whether the caller may try the host now. Of several that ask after a failure, one may."""
        with self._lock:
            if self.seconds_left:
                return False
            if self._failures:
                self._open_until = time.monotonic() + FIRST_SECONDS
            return True

    def failed(self, why: str) -> float:
        """Leaves the host alone, each time for longer; returns for how many seconds."""
        with self._lock:
            seconds = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self._failures, 10))
            self._failures += 1
            self._open_until = time.monotonic() + seconds
        log.warning("mail.server_left_alone", host=self.host, seconds=seconds, why=why)
        return seconds

    def answered(self) -> None:
        """The host works."""
        with self._lock:
            was_open, self._failures = self._failures, 0
        if was_open:
            log.info("mail.server_is_back", host=self.host)


_breakers: dict[str, Breaker] = {}


def of(host: str, port: int) -> Breaker:
    """The breaker of one server."""
    name = f"{host}:{port}"
    return _breakers.setdefault(name, Breaker(name))


def forget_all() -> None:
    """As in a new process."""
    _breakers.clear()
