"""What must exist at RabbitMQ, 3.10 or 4.x, before the first message."""

from __future__ import annotations

from typing import Any

from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.transport.native_delayed_delivery import (
    bind_queue_to_native_delayed_delivery_exchange,
    declare_native_delayed_delivery_exchanges_and_queues,
)

from webapp.core.broker import DEAD_EXCHANGE, DEAD_QUEUE


def declare(connection: Connection, queues: Any) -> None:
    """Makes ``queues``, those of the delays, and the one for dead letters; doing so again changes nothing.

    A dead letter without a queue is lost without a word, and so is a delayed message whose own queue is not bound yet.
    Raises what the connection raises. Give it one with a ``read_timeout``: no step here waits for less than that.
    """
    channel = connection.default_channel
    dead = Exchange(DEAD_EXCHANGE, type="topic", durable=True)
    Queue(DEAD_QUEUE, dead, routing_key="#", durable=True, queue_arguments={"x-queue-type": "quorum"}).bind(
        channel
    ).declare()
    declare_native_delayed_delivery_exchanges_and_queues(connection, "quorum")
    for queue in queues:
        queue.bind(channel).declare()
        bind_queue_to_native_delayed_delivery_exchange(connection, queue)
