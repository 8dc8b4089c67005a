"""Where kept pages lie: in the memory of each process, or in a Redis that all share."""

from __future__ import annotations

import threading
import time
from typing import Protocol, cast

import structlog
from cachetools import LRUCache
from flask import current_app
from redis import Redis, RedisError

MEMORY_BYTES = 8 * 1024 * 1024
REDIS_SECONDS = 120
"""For how long Redis keeps a page. It is right for a minute at most."""
REDIS_WAIT = 0.2
LEFT_ALONE_SECONDS = 5.0
PREFIX = "almanac.page."

log = structlog.get_logger()


class Store(Protocol):
    def get(self, key: str) -> str | None: ...

    def put(self, key: str, page: str) -> None: ...

    def forget(self) -> None:
        """Lets go of what will never be asked for again."""


def at(url: str) -> Store:
    """The store at ``memory://`` or ``redis://host/number``."""
    return InMemory() if url.startswith("memory:") else InRedis(url)


def here() -> Store:
    return cast(Store, current_app.extensions["almanac.pages"])


class InMemory:
    """The pages asked for last, up to 8 MB of them. Threads share it."""

    def __init__(self) -> None:
        self._pages: LRUCache[str, str] = LRUCache(MEMORY_BYTES, getsizeof=len)
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        with self._lock:
            return self._pages.get(key)

    def put(self, key: str, page: str) -> None:
        if len(page) <= MEMORY_BYTES:
            with self._lock:
                self._pages[key] = page

    def forget(self) -> None:
        with self._lock:
            self._pages.clear()


class InRedis:
    """Pages in Redis, which lets go of them by itself. While it does not answer, pages are rendered."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, decode_responses=True, socket_timeout=REDIS_WAIT, socket_connect_timeout=REDIS_WAIT
        )
        self._ask_again_at = 0.0

    def get(self, key: str) -> str | None:
        if time.monotonic() < self._ask_again_at:
            return None
        try:
            return cast("str | None", self._redis.get(PREFIX + key))
        except RedisError as error:
            self._leave_alone(error)
            return None

    def put(self, key: str, page: str) -> None:
        if time.monotonic() < self._ask_again_at:
            return
        try:
            self._redis.set(PREFIX + key, page, ex=REDIS_SECONDS)
        except RedisError as error:
            self._leave_alone(error)

    def forget(self) -> None:
        """Nothing: what has another stamp is not shown, and gone in two minutes."""

    def _leave_alone(self, error: RedisError) -> None:
        self._ask_again_at = time.monotonic() + LEFT_ALONE_SECONDS
        log.warning("pages.store_left_alone", seconds=LEFT_ALONE_SECONDS, error=str(error))
