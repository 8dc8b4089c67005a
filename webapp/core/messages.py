"""What becomes of a message on RabbitMQ that a task fails on: tried five times, then kept as a dead letter.

Celery acknowledges it at the first failure, and it is gone. Here it goes back to its queue, whose broker counts how
often it was delivered; :mod:`webapp.core.receiving` refuses it in the end. The other brokers cannot keep what was
refused, so there Celery's way stays. What the message was about is in the database in any case.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import celery
import structlog
from celery.exceptions import Ignore, Reject, Retry
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

ATTEMPTS = 5
"""How often a message is tried before it is given up."""

NOT_THE_MESSAGE = (OperationalError, InterfaceError, PoolTimeoutError)
"""The database is away or busy. Trying at once again would only wear the message out; the dispatcher comes later."""

log = structlog.get_logger()


class Task(celery.Task):  # type: ignore[misc]  # Celery has no types
    """Every task. It takes part only in a worker on RabbitMQ, and where nobody waits for the result."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._may_be_given_back():
            return super().__call__(*args, **kwargs)
        if (why := misfit(self.run, args, kwargs)) is not None:
            log.error("message.wrong_arguments", task=self.name, id=self.request.id, error=why)
            raise Reject(why, requeue=False)
        try:
            return super().__call__(*args, **kwargs)
        except (Ignore, Retry, *NOT_THE_MESSAGE):
            raise
        except Exception as error:
            log.exception("message.failed", task=self.name, id=self.request.id, before=self.request.get(COUNT) or 0)
            raise Reject(repr(error), requeue=True) from error

    def _may_be_given_back(self) -> bool:
        request = self.request
        is_a_message = not (request.called_directly or request.is_eager)
        return is_a_message and self.ignore_result and str(self.app.conf.broker_url).startswith("amqp")


COUNT = "x-delivery-count"
"""The header in which RabbitMQ says how often a message has come back; missing the first time."""


def misfit(function: Callable[..., Any], args: Any, kwargs: Any) -> str | None:
    """Why ``function`` cannot be called with these, None when it can."""
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return None
