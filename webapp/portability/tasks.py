"""Imports and exports, as tasks: each takes an id, may run twice, and claims before it acts."""

from __future__ import annotations

import time
from datetime import timedelta

from celery import Task

from webapp import jobs
from webapp.core import clock
from webapp.extensions import celery, db
from webapp.jobs import Job
from webapp.portability import files, operations, queries

SAY_EVERY_SECONDS = 1.0
KEPT = timedelta(days=7)


@celery.task(name="portability.run", bind=True)
def run(self: Task, transfer_id: int, *_: object) -> None:
    """Carries out one import or export; tells Celery how far it is, for Flower. The database knows better."""
    if queries.is_one_running(clock.now()):
        db.session.rollback()
        return  # whoever ends that one, or the schedule, takes this one up
    db.session.rollback()
    said_at = 0.0

    def say(done: int, total: int) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_EVERY_SECONDS:
            said_at = time.monotonic()
            self.update_state(state="PROGRESS", meta={"done": done, "total": total})

    from webapp.portability import running  # with the readers of other systems' files, which few workers ever need

    running.run(transfer_id, progress=say)
    take_up()


@celery.task(name="portability.take_up")
def take_up(*_: object) -> None:
    """Gives what waits, or was left lying by a worker that died, to a worker. Beat sends it."""
    now = clock.now()
    waiting = list(queries.abandoned(now))
    is_busy = queries.is_one_running(now)
    db.session.rollback()
    if waiting and not is_busy:
        jobs.publish(Job(operations.TASK, (waiting[0],)))


@celery.task(name="portability.tidy")
def tidy(*_: object) -> None:
    """Deletes files that nobody has fetched, or that have been imported, for a week."""
    files.tidy(older_than=clock.now() - KEPT)
    db.session.rollback()
