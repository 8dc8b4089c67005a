"""Pages kept in a Redis that all processes share."""

from __future__ import annotations

import time
from typing import cast

import structlog
from redis import Redis, RedisError

KEPT_SECONDS = 120
"""For how long Redis keeps a page. It is right for a minute at most."""
WAIT = 0.2
LEFT_ALONE_SECONDS = 5.0
PREFIX = "almanac.page."

log = structlog.get_logger()


class InRedis:
    """Pages in Redis, which lets go of them by itself. While it does not answer, pages are rendered."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, decode_responses=True, socket_timeout=WAIT, socket_connect_timeout=WAIT)
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
            self._redis.set(PREFIX + key, page, ex=KEPT_SECONDS)
        except RedisError as error:
            self._leave_alone(error)

    def forget(self) -> None:
        """Nothing: what has another stamp is not shown, and gone in two minutes."""

    def _leave_alone(self, error: RedisError) -> None:
        self._ask_again_at = time.monotonic() + LEFT_ALONE_SECONDS
        log.warning("pages.store_left_alone", seconds=LEFT_ALONE_SECONDS, error=str(error))
