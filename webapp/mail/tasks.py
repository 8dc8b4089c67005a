"""Sending, as tasks. Each takes an id or nothing, may run twice, and claims before it acts.

What a newer version sends besides is left out: old and new processes share a queue while one replaces the other.
"""

from __future__ import annotations

import time

from webapp import jobs
from webapp.extensions import celery
from webapp.mail import sending

LONGEST_SECONDS = 120
"""A message that is not acknowledged for thirty minutes costs a worker its channel on RabbitMQ, and then its life."""


@celery.task(name="mail.deliver")
def deliver(delivery_id: int, *_: object) -> None:
    """Sends one mail."""
    sending.deliver(delivery_id)


@celery.task(name="mail.drain")
def drain(*_: object) -> None:
    """Sends what is due, over one connection, and after a while leaves the rest to a further message."""
    began = time.monotonic()
    sending.drain(seconds=LONGEST_SECONDS)
    if time.monotonic() - began >= LONGEST_SECONDS:
        jobs.publish(jobs.Job("mail.drain", ()))
