"""Signs of life, a second pair of eyes for the dispatcher, and the tasks of the self-test."""

from __future__ import annotations

import structlog
from celery import Task

from webapp.core import clock
from webapp.extensions import celery, db
from webapp.ops import dispatcher, operations

logger = structlog.get_logger()


@celery.task(name="ops.heartbeat", bind=True)
def heartbeat(self: Task, *_: object) -> None:
    """Beat sends it and a worker runs it, so a fresh one shows that both, and the broker between them, are alive."""
    operations.worker_beat(self.request.hostname, now=clock.now())
    db.session.commit()


@celery.task(name="ops.beat_lives")
def beat_lives(*_: object) -> None:
    """Never sent: beat calls it where it is, to say that it is there."""
    operations.beat("beat", now=clock.now())
    db.session.commit()


@celery.task(name="ops.sweep", bind=True)
def sweep(self: Task, *_: object) -> None:
    """One round of what the dispatcher does, for the hours in which there is no dispatcher."""
    operations.worker_beat(self.request.hostname, now=clock.now())
    db.session.commit()
    dispatcher.sweep_once(clock.now())


@celery.task(name="ops.log", ignore_result=False)
def log(message: str, *_: object) -> str:
    """Writes a line into the worker's log and hands it back."""
    logger.info("selftest.said", message=message)
    return message


@celery.task(name="ops.multiply", ignore_result=False)
def multiply(first: float, second: float, *_: object) -> float:
    return first * second


@celery.task(name="ops.total", ignore_result=False)
def total(parts: list[float], *_: object) -> float:
    """The body of the self-test's chord: what its header's tasks come to."""
    return sum(parts)
