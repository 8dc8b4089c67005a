"""The letter, as a task. Beat sends it at the slot and every minute; it may run any number of times.

What a newer version sends besides is left out, here as in every task.
"""

from __future__ import annotations

from webapp.core import clock
from webapp.digests import operations
from webapp.extensions import celery, db


@celery.task(name="digests.digest")
def digest(*_newer: object) -> None:
    """Does what is due for the letter."""
    for _ in operations.tick(now=clock.now()):
        db.session.commit()
