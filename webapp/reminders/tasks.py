"""The reminder, as a task. What a newer program sends besides is left out."""

from __future__ import annotations

from webapp.extensions import celery
from webapp.reminders import firing


@celery.task(name="reminders.remind")
def remind(reminder_id: int, version: int, *_: object) -> None:
    """Sends a due reminder, if this version of it is still wanted."""
    firing.fire(reminder_id, version)


@celery.task(name="reminders.remind_each")
def remind_each(reminders: list[tuple[int, int]], *_: object) -> None:
    """The same for several that are due together, over one connection."""
    firing.fire_each(reminders)
