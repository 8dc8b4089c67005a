"""A dead letter: a message that RabbitMQ keeps because no worker could do anything with it, and what it says."""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pika

from webapp.core.broker import DEAD_EXCHANGE
from webapp.core.messages import misfit
from webapp.extensions import celery

SHORT = 60
"""Characters of the arguments that a list shows."""

WAYS_OF_DEATH = frozenset(
    {"x-death", "x-delivery-count", "x-acquired-count"}
    | {f"x-{which}-death-{what}" for which in ("first", "last") for what in ("exchange", "queue", "reason")}
)
"""What the broker writes into the headers as a message fails. A new life begins without it."""

COUNTS = frozenset({"x-delivery-count", "x-acquired-count"})
PERSISTENT = 2
DELAYS = "celery_delayed_"
"""How the exchanges and queues are called in which a message with an ETA has waited."""


class Why(enum.StrEnum):
    """What is wrong with it, as far as this version of the program can say."""

    UNREADABLE = "it cannot be read"
    UNKNOWN = "there is no such task here"
    MISFIT = "its arguments do not fit the task"
    WORN_OUT = "it failed too often"
    REFUSED = "it failed five times, or a worker of another version refused it"
    OTHER = "the broker put it aside"


@dataclass(frozen=True)
class DeadLetter:
    """A message and all that is known about its death."""

    body: bytes
    properties: pika.BasicProperties
    key: str
    """The routing key it came to the dead letters with."""

    @cached_property
    def id(self) -> str:
        """Ten characters that stay the same as long as it lies there, however often somebody looks."""
        kept = {name: value for name, value in self.headers.items() if name not in COUNTS}
        said = json.dumps([kept, self.properties.message_id, self.key], sort_keys=True, default=str)
        return hashlib.sha256(said.encode() + self.body).hexdigest()[:10]

    @property
    def headers(self) -> dict[str, Any]:
        found = self.properties.headers
        return found if isinstance(found, dict) else {}

    @property
    def task(self) -> str:
        """The name of the task, or nothing when it has none."""
        name = self.headers.get("task")
        return name if isinstance(name, str) else ""

    @property
    def task_said(self) -> str:
        """The same for a screen."""
        return shortened(self.task)

    @cached_property
    def arguments(self) -> tuple[list[Any], dict[str, Any]] | None:
        """Positional and named, None when the body is not what Celery writes."""
        try:
            args, kwargs, _ = json.loads(self.body)
        except (ValueError, TypeError):
            return None
        return (args, kwargs) if isinstance(args, list) and isinstance(kwargs, dict) else None

    @property
    def said(self) -> str:
        """The arguments in one line of at most :data:`SHORT` characters, or what else stands in the body."""
        if self.arguments is None:
            return shortened(self.text)
        args, kwargs = self.arguments
        words = [json.dumps(each, ensure_ascii=False) for each in args]
        words += [f"{name}={json.dumps(each, ensure_ascii=False)}" for name, each in kwargs.items()]
        return shortened(", ".join(words))

    @property
    def text(self) -> str:
        """The body, with everything a screen would obey made harmless."""
        return harmless(self.body.decode("utf-8", "backslashreplace"))

    @property
    def why(self) -> Why:
        if self.arguments is None or not self.task or "id" not in self.headers:
            return Why.UNREADABLE
        task = celery.tasks.get(self.task)
        if task is None:
            return Why.UNKNOWN
        if misfit(task.run, *self.arguments) is not None:
            return Why.MISFIT
        return {"delivery_limit": Why.WORN_OUT, "rejected": Why.REFUSED}.get(self.reason, Why.OTHER)

    @property
    def _death(self) -> dict[str, Any]:
        """The newest."""
        deaths = self.headers.get("x-death")
        return deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], dict) else {}

    @property
    def reason(self) -> str:
        """The broker's word: ``rejected``, ``delivery_limit``, ``expired`` or ``maxlen``."""
        return str(self._death.get("reason", ""))

    @property
    def count(self) -> int:
        """How often it died in that queue for that reason."""
        return int(self._death.get("count", 0))

    @property
    def at(self) -> datetime | None:
        at = self._death.get("time")
        return at if isinstance(at, datetime) and at.tzinfo else at.replace(tzinfo=UTC) if at else None

    @property
    def queue(self) -> str:
        """Where it died."""
        return str(self._death.get("queue", ""))

    @property
    def address(self) -> tuple[str, str] | None:
        """Exchange and routing key that lead back there, None when nobody knows.

        One that waited for its time came through an exchange of delays; its queue is bound by its own name.
        """
        if not self._death:
            return None
        exchange = str(self._death.get("exchange", ""))
        keys = self._death.get("routing-keys")
        if exchange.startswith(DELAYS) or exchange == DEAD_EXCHANGE or not isinstance(keys, list) or not keys:
            return str(celery.conf.task_default_exchange or ""), self.queue
        return exchange, str(keys[0])

    def reborn(self) -> pika.BasicProperties:
        """Its properties without any trace of a death."""
        kept = {name: value for name, value in vars(self.properties).items() if value is not None}
        kept["headers"] = {name: value for name, value in self.headers.items() if name not in WAYS_OF_DEATH}
        kept["delivery_mode"] = PERSISTENT
        return pika.BasicProperties(**kept)

    def as_dict(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "id": self.id,
            "task": self.task,
            "args": self.said,
            "queue": self.queue,
            "reason": self.reason,
            "count": self.count,
            "at": self.at.isoformat() if self.at else None,
            "why": self.why.value,
        }

    def in_full(self) -> dict[str, Any]:
        """Everything there is."""
        properties = {name: value for name, value in vars(self.properties).items() if value is not None}
        exchange, key = self.address or (None, None)
        return {
            **self.as_dict(),
            "exchange": exchange,
            "routing_key": key,
            "properties": json.loads(json.dumps(properties, default=str)),
            "body": self.body.decode("utf-8", "backslashreplace"),
        }


def harmless(text: str) -> str:
    """The same with characters that nobody can see, or a terminal would act upon, written out."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def shortened(text: str) -> str:
    """One line, harmless, cut with an ellipsis."""
    text = harmless(" ".join(text.split()))
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
