"""What happens as a worker or beat starts: whoever publishes first finds everything in its place."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import bootsteps, signals
from sqlalchemy.exc import SQLAlchemyError

from webapp import jobs
from webapp.extensions import celery
from webapp.ops import broker

BEAT_SHOWS_LIFE_EVERY = 10.0
"""Seconds, at least: beat does so as it is about to send something."""

log = structlog.get_logger()


class Declaration(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A part of the worker: it comes with each new connection, for it may lead to a broker that has forgotten all."""

    requires = ("celery.worker.consumer.connection:Connection",)

    def start(self, _consumer: Any) -> None:
        _declare()


def connect() -> None:
    """Connects the listeners, once a process."""
    signals.worker_ready.connect(_show_life, dispatch_uid="almanac.show_life")
    signals.beat_init.connect(_declare, dispatch_uid="almanac.declare")
    celery.steps["consumer"].add(Declaration)
    signals.beat_init.connect(_watch_beat, dispatch_uid="almanac.watch_beat")


def _show_life(**_: Any) -> None:
    """The first sign of life comes at once, not with beat's first round."""
    jobs.publish(jobs.Job("ops.heartbeat", ()))


def _watch_beat(**_: Any) -> None:
    """In beat's own process: a sign of life now, and with what it sends from here on."""
    shown_at = 0.0

    def show(**_: Any) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= BEAT_SHOWS_LIFE_EVERY or not shown_at:
            shown_at = time.monotonic()
            try:
                celery.tasks["ops.beat_lives"]()
            except SQLAlchemyError as error:
                log.warning("beat.unseen", error=str(error))  # it goes on sending

    signals.before_task_publish.connect(show, weak=False, dispatch_uid="almanac.beat_lives")
    show()


def _declare(**_: Any) -> None:
    try:
        broker.declare_topology()
    except broker.Unreachable as error:
        log.warning("broker.unreachable", error=str(error))  # Celery goes on trying, and then asks us again
