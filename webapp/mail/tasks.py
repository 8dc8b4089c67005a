"""Sending, as tasks. Each takes an id or nothing, may run twice, and claims before it acts.

What a newer version sends besides is left out: old and new processes share a queue while one replaces the other.
"""

from __future__ import annotations

from webapp.extensions import celery
from webapp.mail import sending


@celery.task(name="mail.deliver")
def deliver(delivery_id: int, *_: object) -> None:
    """Sends one mail."""
    sending.deliver(delivery_id)


@celery.task(name="mail.drain")
def drain(*_: object) -> None:
    """Sends all that is due, over one connection."""
    sending.drain()
