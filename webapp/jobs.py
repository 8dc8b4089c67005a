"""Hands work to Celery, by the task's name, once what it is about has been committed.

The database is the truth and the broker a hint: a job that cannot be published is logged and dropped, because the
dispatcher finds the same work in the database a moment later. So a request never waits long for a dead broker.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import structlog
from kombu import pools
from kombu.connection import Connection
from kombu.messaging import Producer
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from webapp.core import clock, logs, topology
from webapp.core.broker import ANSWER_SECONDS
from webapp.extensions import celery

NOTES = "almanac.jobs"
LOOK_EVERY_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """A task by name, its arguments, and the earliest instant it should run (None: now)."""

    name: str
    args: tuple[Any, ...]
    eta: datetime | None = None


class Broker:
    """What this process knows about the broker: whether it may be tried.

    After a publish that failed nobody tries. A thread looks out for the broker instead, so that one request pays for a
    dead one and none that follows.
    """

    _lookout: ClassVar[threading.Thread | None] = None
    _is_back: ClassVar[threading.Event] = threading.Event()

    @classmethod
    def is_quiet(cls) -> bool:
        """Whether the lookout has nothing to report yet. A forked process has not inherited it, and tries again."""
        return cls._lookout is not None and cls._lookout.is_alive() and not cls._is_back.is_set()

    @classmethod
    def failed(cls) -> None:
        if not cls.is_quiet():
            cls._is_back = threading.Event()
            cls._lookout = threading.Thread(target=_look_out, args=(cls._is_back,), name="lookout", daemon=True)
            cls._lookout.start()

    @classmethod
    def answered(cls) -> None:
        cls._is_back.set()


def after_commit(session: Session, name: str, *args: Any, eta: datetime | None = None) -> None:
    """Notes a job that is published after the outermost commit, and forgotten if that never comes."""
    owner = session.get_nested_transaction() or session.get_transaction() or session.begin()
    session.info.setdefault(NOTES, []).append((owner, Job(name, args, eta)))


def publish(job: Job) -> bool:
    """Sends a job to the broker now. False when the broker did not take it; the job is then lost, the work is not."""
    if Broker.is_quiet() or _is_too_near_for_a_delay(job.eta):
        return False
    try:
        _send(job)
    except Exception as error:  # noqa: BLE001  # whatever the transport raises: kombu, amqp, redis, OSError
        Broker.failed()
        log.warning("broker.refused", task=job.name, args=list(job.args), error=str(error))
        return False
    Broker.answered()
    return True


def _send(job: Job) -> None:
    """Waits for the broker's confirmation. A connection that it has closed meanwhile is made anew, once.

    Whatever fails, the connection is dropped without a goodbye, which would wait for a broker that hangs.
    """
    producer = pools.producers[_connection()].acquire(block=True)
    connection = producer.connection
    was_connected, began = connection.connected, time.monotonic()
    try:
        _apply_or_drop(job, producer)
    except Exception:
        is_slow = time.monotonic() - began > ANSWER_SECONDS / 2
        if is_slow or not was_connected:
            raise
        producer.revive(connection)
        _apply_or_drop(job, producer)
    finally:
        producer.release()


def _apply_or_drop(job: Job, producer: Producer) -> None:
    try:
        celery.tasks[job.name].apply_async(
            args=job.args,
            eta=job.eta,
            headers={logs.ASKED_BY: number} if (number := logs.asked_by()) else None,
            retry=False,
            producer=producer,
            timeout=ANSWER_SECONDS,
            confirm_timeout=ANSWER_SECONDS,
        )
    except Exception:
        producer.connection.collect()
        producer.connection.maybe_switch_next()  # in a cluster to another node
        raise


def _connection() -> Connection:
    """To publish on: no read or write takes longer than we are ready to wait."""
    options = {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS} if _is_rabbitmq() else {}
    connection: Connection = celery.connection_for_write(transport_options=options)
    return connection


def _look_out(is_back: threading.Event) -> None:
    """Asks now and then whether the broker answers, and has it ready for messages before anybody publishes again."""
    while not is_back.wait(LOOK_EVERY_SECONDS):
        connection = _connection()
        try:
            channel = connection.default_channel
            if _is_rabbitmq():
                topology.declare(connection, celery.conf.task_queues)
                _knock(channel)
        except Exception as error:  # noqa: BLE001  # as above
            log.debug("broker.still_away", error=str(error))
        else:
            log.info("broker.is_back")
            is_back.set()
        finally:
            connection.collect()


def _knock(channel: Any) -> None:
    """Publishes to nobody. With its disk full RabbitMQ does all that it is asked but confirm a message with a body."""
    Producer(channel).publish(
        "knock", exchange="", routing_key="almanac.nobody", timeout=ANSWER_SECONDS, confirm_timeout=ANSWER_SECONDS
    )


def _is_rabbitmq() -> bool:
    return str(celery.conf.broker_url).startswith("amqp")


def _is_too_near_for_a_delay(eta: datetime | None) -> bool:
    """RabbitMQ's native delay refuses less than a second: the dispatcher, who wakes at the due time, has that work."""
    return _is_rabbitmq() and eta is not None and (eta - clock.now()).total_seconds() < 1


@event.listens_for(Session, "after_commit")
def _publish_noted(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint was released; the outer transaction may still roll back
    for _owner, job in session.info.pop(NOTES, []):
        publish(job)


@event.listens_for(Session, "after_soft_rollback")
def _forget_rolled_back(session: Session, rolled_back: SessionTransaction) -> None:
    notes = session.info.get(NOTES)
    if notes:
        session.info[NOTES] = [note for note in notes if rolled_back not in _enclosing(note[0])]


def _enclosing(transaction: SessionTransaction | None) -> Iterator[SessionTransaction]:
    while transaction is not None:
        yield transaction
        transaction = transaction.parent
