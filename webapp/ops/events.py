"""What happens as a worker or beat starts: whoever publishes first finds everything in its place."""

from __future__ import annotations

from typing import Any

import structlog
from celery import signals

from webapp import jobs
from webapp.ops import broker

log = structlog.get_logger()


def connect() -> None:
    """Connects the listeners, once a process."""
    signals.worker_ready.connect(_show_life, dispatch_uid="almanac.show_life")
    for started in (signals.worker_init, signals.worker_ready, signals.beat_init):
        started.connect(_declare, dispatch_uid=f"almanac.declare.{started.name}")


def _show_life(**_: Any) -> None:
    """The first sign of life comes at once, not with beat's first round."""
    jobs.publish(jobs.Job("ops.heartbeat", ()))


def _declare(**_: Any) -> None:
    try:
        broker.declare_topology()
    except broker.Unreachable as error:
        log.warning("broker.unreachable", error=str(error))  # Celery goes on trying, and then asks us again
