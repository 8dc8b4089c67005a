"""Sending, as tasks. Each takes an id or nothing, may run twice, and claims before it acts."""

from __future__ import annotations

from webapp.extensions import celery
from webapp.mail import sending


@celery.task(name="mail.deliver")
def deliver(delivery_id: int) -> None:
    """Sends one mail."""
    sending.deliver(delivery_id)


@celery.task(name="mail.drain")
def drain() -> None:
    """Sends all that is due, over one connection."""
    sending.drain()
