"""Asking those not heard of for long. It may run any number of times."""

from __future__ import annotations

from webapp.core import clock
from webapp.extensions import celery, db
from webapp.subscriptions import dormancy


@celery.task(name="subscriptions.ask_again")
def ask_again(*_newer: object) -> None:
    """Pauses who did not answer, and asks who has been silent for long; some at a time."""
    now = clock.now()
    for step in (dormancy.pause_silent, dormancy.ask_again):
        last = 0
        while last := step(after=last, now=now):
            db.session.commit()
    db.session.commit()
