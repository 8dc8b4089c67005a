"""What must exist at the broker before the first message, and what the broker says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pika
from kombu.exceptions import OperationalError
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError, ChannelClosedByBroker

from webapp.core import topology
from webapp.core.broker import DEAD_QUEUE, QUEUES, make_folders
from webapp.core.folder_broker import SCHEME
from webapp.extensions import celery

ANSWER_SECONDS = 2.0


class Unreachable(Exception):
    """The broker did not answer. The message is one line without a password."""


def kind(url: str) -> str:
    """``rabbitmq``, ``redis`` or ``embedded``."""
    scheme = urlsplit(url).scheme
    if scheme in {"filesystem", SCHEME}:
        return "embedded"
    return "redis" if scheme in {"redis", "rediss"} else "rabbitmq"


def declare_topology() -> None:
    """Makes exchanges and queues; doing so again changes nothing.

    On RabbitMQ a delayed message that is published before its queues exist is lost without a word (kombu's native
    delays), and a dead letter without a queue likewise, so this comes before anything else. Raises
    :class:`Unreachable` when there is nobody to ask.
    """
    if kind(str(celery.conf.broker_url)) == "embedded":
        make_folders(celery.conf.broker_transport_options)
    elif kind(str(celery.conf.broker_url)) == "rabbitmq":
        _declare_on_rabbitmq()


def _declare_on_rabbitmq() -> None:
    connection = celery.connection_for_write(transport_options={"read_timeout": ANSWER_SECONDS})
    try:
        connection.ensure_connection(max_retries=1, timeout=ANSWER_SECONDS)
        topology.declare(connection, celery.conf.task_queues)
    except (*connection.connection_errors, *connection.channel_errors, OperationalError, OSError) as error:
        raise Unreachable(_one_line(error)) from error
    finally:
        connection.collect()  # no goodbye, for which a broker that hangs would make us wait


def folder() -> Path:
    """Where the embedded broker keeps messages."""
    return Path(celery.conf.broker_transport_options["data_folder_in"])


def ping(url: str) -> None:
    """Asks Redis, or opens and closes a connection to RabbitMQ. Raises :class:`Unreachable`."""
    if kind(url) == "redis":
        import redis

        client = redis.Redis.from_url(
            url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS, retry=None
        )
        try:
            client.ping()
        except (redis.RedisError, OSError) as error:
            raise Unreachable(_one_line(error)) from error
        finally:
            client.close()
    elif kind(url) == "rabbitmq":
        with channel(url):
            pass


def queues(url: str) -> dict[str, tuple[int, int] | None]:
    """For each of our queues on RabbitMQ its :func:`depth`."""
    return {name: depth(url, name) for name in (*QUEUES, DEAD_QUEUE)}


def depths(url: str) -> dict[str, tuple[int, int | None]]:
    """For each queue that exists: what waits in it and, where the broker knows, who listens.

    Raises :class:`Unreachable`. Redis is asked no more than whether it is there.
    """
    if kind(url) == "rabbitmq":
        return {name: found for name, found in queues(url).items() if found is not None}
    if kind(url) == "redis":
        ping(url)
        return {}
    try:
        waiting = [each.name for each in folder().iterdir() if not each.name.startswith(".")]
    except OSError as error:
        raise Unreachable(_one_line(error)) from error
    return {name: (sum(each.endswith(f".{name}.msg") for each in waiting), None) for name in QUEUES}


def depth(url: str, name: str) -> tuple[int, int] | None:
    """The messages that wait in a queue on RabbitMQ and the workers that listen. None: it is missing."""
    with channel(url) as opened:
        try:
            found = opened.queue_declare(name, passive=True).method
        except ChannelClosedByBroker:
            return None
        return found.message_count or 0, found.consumer_count or 0


@contextmanager
def channel(url: str) -> Iterator[BlockingChannel]:
    """A short connection to RabbitMQ. Raises :class:`Unreachable`."""
    try:
        connection = pika.BlockingConnection([_parameters(node) for node in url.split(";")])
    except (AMQPError, OSError) as error:
        raise Unreachable(_one_line(error)) from error
    try:
        yield connection.channel()
    except (AMQPError, OSError) as error:
        raise Unreachable(_one_line(error)) from error
    finally:
        if connection.is_open:
            with suppress(AMQPError, OSError):
                connection.close()


def _parameters(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = ANSWER_SECONDS
    parameters.connection_attempts = 1
    return parameters


def _one_line(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return (said or type(error).__name__)[:200]
