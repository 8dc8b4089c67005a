"""The queue of dead letters on RabbitMQ: looking, sending back, dropping. Nothing here loses a message.

Whoever looks takes every message without acknowledging it and gives all back; when the connection dies meanwhile, the
broker does that. RabbitMQ 3.10 mixes more than 32 as it takes them back, so their order is that of their deaths.
One at a time: two would each see half. The lock is a queue of the connection's own, so that it ends with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

import structlog
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ChannelClosedByBroker, NackError, UnroutableError

from webapp.audit import operations as audit
from webapp.audit.operations import SHELL
from webapp.core import site
from webapp.core.broker import DEAD_QUEUE
from webapp.extensions import db
from webapp.ops import broker
from webapp.ops.dead_letters import DeadLetter, shortened

LOCK = "almanac.dead.reader"
LOCK_SECONDS = 5.0
LOCKED, MISSING = 405, 404
LONG_AGO = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger()


class NoneHere(Exception):
    """The broker in use keeps no dead letters."""


class Unknown(Exception):
    """There is no dead letter of that id."""


class Busy(Exception):
    """Somebody else is looking, for longer than one waits."""


class Stuck(Exception):
    """It cannot be sent back, and stays where it is."""


def waiting() -> int | None:
    """How many there are, None where there can be none. Raises :class:`broker.Unreachable`."""
    url = site.config().celery_broker_url
    if broker.kind(url) != "rabbitmq":
        return None
    found = broker.depth(url, DEAD_QUEUE)
    return found[0] if found else 0


def letters(limit: int) -> list[DeadLetter]:
    """The oldest death first; of more than ``limit`` any so many.

    Raises :class:`NoneHere`, :class:`Busy` or :class:`broker.Unreachable`.
    """
    with _reading() as channel:
        found = [each for _tag, each in islice(_each(channel), limit)]
    return sorted(found, key=lambda each: (each.at or LONG_AGO, each.id))


def letter(letter_id: str) -> DeadLetter:
    """One, by its id. Raises :class:`Unknown` too."""
    with _reading() as channel:
        return _find(channel, letter_id)[1]


def replay(letter_id: str, *, now: datetime, by: str = SHELL) -> DeadLetter:
    """Sends one back to where it came from, and commits that in the audit log.

    It leaves the dead letters only when the broker has confirmed that it has it. Who dies in between leaves it in both
    places: the claim in the database sees to it that a task done twice does nothing twice. Raises :class:`Stuck` too.
    """
    with _reading() as channel:
        tag, found = _find(channel, letter_id)
        _send_back(channel, found)
        _note("dead.replayed", found, now=now, by=by)
        channel.basic_ack(tag)
    return found


def drop(letter_id: str, *, now: datetime, by: str = SHELL) -> DeadLetter:
    """Removes one for good, and commits that in the audit log before."""
    with _reading() as channel:
        tag, found = _find(channel, letter_id)
        _note("dead.dropped", found, now=now, by=by)
        channel.basic_ack(tag)
    return found


@contextmanager
def _reading() -> Iterator[BlockingChannel]:
    """A channel that nobody else of us reads from meanwhile. What was taken and not acknowledged goes back."""
    url = site.config().celery_broker_url
    kind = broker.kind(url)
    if kind != "rabbitmq":
        raise NoneHere(f"There are no dead letters here: the {kind} broker keeps none. RabbitMQ does.")
    with broker.channel(url) as first:
        channel = _locked(first)
        try:
            yield channel
        finally:
            if channel.is_open:
                channel.basic_nack(0, multiple=True, requeue=True)


def _locked(channel: BlockingChannel) -> BlockingChannel:
    """A channel of a connection that has the lock. It goes when the connection does."""
    connection: BlockingConnection = channel.connection
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            channel.queue_declare(LOCK, exclusive=True)
        except ChannelClosedByBroker as error:
            if error.reply_code != LOCKED:
                raise
            if time.monotonic() > deadline:
                raise Busy("Somebody else is looking at the dead letters. Try again in a moment.") from None
            connection.sleep(0.1)
            channel = connection.channel()
        else:
            return channel


def _each(channel: BlockingChannel) -> Iterator[tuple[int, DeadLetter]]:
    """Every dead letter once, as long as nobody acknowledges or gives back. None when there is no such queue yet."""
    while True:
        try:
            method, properties, body = channel.basic_get(DEAD_QUEUE)
        except ChannelClosedByBroker as error:
            if error.reply_code != MISSING:
                raise
            return
        if method is None or method.delivery_tag is None or properties is None:
            return
        yield method.delivery_tag, DeadLetter(cast(bytes, body or b""), properties, method.routing_key or "")


def _find(channel: BlockingChannel, letter_id: str) -> tuple[int, DeadLetter]:
    for tag, found in _each(channel):
        if found.id == letter_id:
            return tag, found
    raise Unknown(f"There is no dead letter {shortened(letter_id)}.")


def _send_back(channel: BlockingChannel, found: DeadLetter) -> None:
    if found.address is None:
        raise Stuck(f"Nobody knows where dead letter {found.id} came from. It stays where it is.")
    exchange, key = found.address
    channel.confirm_delivery()
    try:
        channel.basic_publish(exchange, key, found.body, found.reborn(), mandatory=True)
    except UnroutableError:
        raise Stuck(f"Nothing leads to {shortened(key)} any more. Dead letter {found.id} stays where it is.") from None
    except NackError:
        raise Stuck(f"The broker did not take it, {found.queue} is full. It stays where it is.") from None


def _note(action: str, found: DeadLetter, *, now: datetime, by: str) -> None:
    """Committed before the letter goes, so that none goes without a word."""
    facts: dict[str, Any] = {
        "task": shortened(found.task),
        "args": found.said,
        "queue": found.queue,
        "reason": found.reason,
    }
    audit.record(action, f"dead letter {found.id}", now=now, actor=by, **facts)
    db.session.commit()
    log.info(action, id=found.id, by=by, **facts)
