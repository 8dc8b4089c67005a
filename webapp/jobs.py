"""Hands work to Celery, by the task's name, once what it is about has been committed.

The database is the truth and the broker a hint: a job that cannot be published is logged and dropped, because the
dispatcher finds the same work in the database a moment later. So a request never waits long for a dead broker.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from webapp.core import clock
from webapp.extensions import celery

NOTES = "almanac.jobs"
QUIET_SECONDS = 15.0
"""After a failed publish nobody tries again for this long: one request pays for a dead broker, not every one."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    """A task by name, its arguments, and the earliest instant it should run (None: now)."""

    name: str
    args: tuple[Any, ...]
    eta: datetime | None = None


class Broker:
    """What this process knows about the broker: whether it may be tried."""

    quiet_until = 0.0

    @classmethod
    def is_quiet(cls) -> bool:
        return time.monotonic() < cls.quiet_until

    @classmethod
    def failed(cls) -> None:
        cls.quiet_until = time.monotonic() + QUIET_SECONDS

    @classmethod
    def answered(cls) -> None:
        cls.quiet_until = 0.0


def after_commit(session: Session, name: str, *args: Any, eta: datetime | None = None) -> None:
    """Notes a job that is published after the outermost commit, and forgotten if that never comes."""
    owner = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(NOTES, []).append((owner, Job(name, args, eta)))


def publish(job: Job) -> bool:
    """Sends a job to the broker now. False when the broker did not take it; the job is then lost, the work is not."""
    if Broker.is_quiet() or _is_too_near_for_a_delay(job.eta):
        return False
    try:
        celery.tasks[job.name].apply_async(args=job.args, eta=job.eta, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever the transport raises: kombu, amqp, redis, OSError
        Broker.failed()
        log.warning("broker.refused", task=job.name, args=list(job.args), error=str(error))
        return False
    Broker.answered()
    return True


def _is_too_near_for_a_delay(eta: datetime | None) -> bool:
    """RabbitMQ's native delay refuses less than a second: the dispatcher, who wakes at the due time, has that work."""
    is_native = str(celery.conf.broker_url).startswith("amqp")
    return is_native and eta is not None and (eta - clock.now()).total_seconds() < 1


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
