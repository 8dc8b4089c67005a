"""How a worker receives: no message ends it, none is lost because it cannot be read, and none comes back for ever."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import structlog
from celery.worker import consumer

from webapp.core.messages import ATTEMPTS, COUNT

REMEMBERED = 1000
"""How many messages are counted at a time, where the broker does not count."""

log = structlog.get_logger()


class Consumer(consumer.Consumer):  # type: ignore[misc]  # Celery has no types
    """Celery's consumer, but that what is no use is refused. On RabbitMQ it is then a dead letter, elsewhere gone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._returns = Returns()

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Any], None]:
        handle = super().create_task_handler(*args, **kwargs)

        def on_message(message: Any) -> None:
            if self._returns.of(message) >= ATTEMPTS:
                self._refuse(message, "message.given_up", attempts=ATTEMPTS)
                return
            try:
                handle(message)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                # what Celery does not expect of a message would end the worker, and the next one too
                self._refuse(message, "message.malformed", error=repr(error))

        return on_message

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """Celery would acknowledge it."""
        self._refuse(message, "message.unreadable", error=str(exc))

    def _refuse(self, message: Any, why: str, **facts: Any) -> None:
        headers = message.headers if isinstance(message.headers, dict) else {}
        queue = (message.delivery_info or {}).get("routing_key")
        log.error(why, task=headers.get("task"), id=headers.get("id"), queue=queue, **facts)
        if not message.acknowledged:
            message.reject_log_error(logging.getLogger(__name__), self.connection_errors)


class Returns:
    """How often a message has come back."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()

    def of(self, message: Any) -> int:
        """As RabbitMQ says. The other brokers do not count: as often as this worker has seen it before."""
        headers = message.headers if isinstance(message.headers, dict) else {}
        if "redelivered" in (message.delivery_info or {}):  # AMQP
            count = headers.get(COUNT)
            return count if isinstance(count, int) else 0
        key = str(headers.get("id"))
        before = self._seen.pop(key, 0)
        self._seen[key] = before + 1
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return before
