"""Where kept pages lie: in the memory of each process, or in a Redis that all share."""

from __future__ import annotations

import threading
from typing import Protocol, cast

from cachetools import LRUCache
from flask import current_app

MEMORY_BYTES = 8 * 1024 * 1024


class Store(Protocol):
    def get(self, key: str) -> str | None: ...

    def put(self, key: str, page: str) -> None: ...

    def forget(self) -> None:
        """Lets go of what will never be asked for again."""


def at(url: str) -> Store:
    """The store at ``memory://`` or ``redis://host/number``."""
    if url.startswith("memory:"):
        return InMemory()
    from webapp.caching.in_redis import InRedis  # with its client, which only those load who have one

    return InRedis(url)


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
