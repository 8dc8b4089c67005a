"""What must exist at RabbitMQ, 3.10 or 4.x, before the first message."""

from __future__ import annotations

from typing import Any

import structlog
from amqp.exceptions import PreconditionFailed
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.transport.native_delayed_delivery import (
    bind_queue_to_native_delayed_delivery_exchange,
    declare_native_delayed_delivery_exchanges_and_queues,
)

from webapp.core.broker import DEAD_ARGUMENTS, DEAD_EXCHANGE, DEAD_QUEUE

log = structlog.get_logger()


def declare(connection: Connection, queues: Any) -> None:
    """Makes ``queues``, those of the delays, and the one for dead letters; doing so again changes nothing.

    A dead letter without a queue is lost without a word, and so is a delayed message whose own queue is not bound yet.
    Raises what the connection raises. Give it one with a ``read_timeout``: no step here waits for less than that.
    """
    _declare_dead(connection)
    channel = connection.default_channel
    declare_native_delayed_delivery_exchanges_and_queues(connection, "quorum")
    for queue in queues:
        queue.bind(channel).declare()
        bind_queue_to_native_delayed_delivery_exchange(connection, queue)


def _declare_dead(connection: Connection) -> None:
    """On a channel of its own: the broker closes it when the queue is there in an older form, which serves too."""
    dead = Exchange(DEAD_EXCHANGE, type="topic", durable=True)
    queue = Queue(DEAD_QUEUE, dead, routing_key="#", durable=True, queue_arguments=dict(DEAD_ARGUMENTS))
    channel = connection.channel()
    try:
        queue.bind(channel).declare()
    except PreconditionFailed:
        log.debug("broker.older_dead_queue", queue=DEAD_QUEUE)
    finally:
        channel.close()
