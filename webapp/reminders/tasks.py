"""The reminder, as a task."""

from __future__ import annotations

from webapp.extensions import celery
from webapp.reminders import firing


@celery.task(name="reminders.remind")
def remind(reminder_id: int, version: int, *_: object) -> None:
    """Sends a due reminder, if this version of it is still wanted. What a newer program sends besides is left out."""
    firing.fire(reminder_id, version)
