"""What happens around reminders: a near one is handed to the broker, a new member welcomed, the week shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper, object_session

from webapp import jobs
from webapp.accounts.models import Person
from webapp.accounts.signals import person_confirmed
from webapp.core import week
from webapp.reminders import operations, queries
from webapp.reminders.models import Reminder, ReminderState


def connect() -> None:
    """Connects the listeners. Calling it again changes nothing."""
    for moment, listener in (("after_insert", _inserted), ("after_update", _updated)):
        if not event.contains(Reminder, moment, listener):
            event.listen(Reminder, moment, listener)
    person_confirmed.connect(_welcome)
    week.asked.connect(_in_the_week)


def _inserted(_mapper: Mapper[Any], _connection: Connection, reminder: Reminder) -> None:
    """SQLAlchemy calls this inside the flush, before the commit: so it only notes what to do after it."""
    _hand_over(reminder)


def _updated(_mapper: Mapper[Any], _connection: Connection, reminder: Reminder) -> None:
    if inspect(reminder).attrs.version.history.has_changes():
        _hand_over(reminder)


def _hand_over(reminder: Reminder) -> None:
    session = object_session(reminder)
    if session is not None and reminder.state is ReminderState.PENDING and reminder.handed_over_at is not None:
        jobs.after_commit(session, "reminders.remind", reminder.id, reminder.version, eta=reminder.due_at)


def _welcome(person: Person, *, now: datetime) -> None:
    operations.welcome(person=person, now=now)


def _in_the_week(_sender: Any, *, start: date, end: date, person: Person | None) -> list[week.Entry]:
    if person is None:
        return []
    first, last = week.instants(start, end, person)
    return [
        week.Entry(
            at=reminder.due_at,
            label=reminder.text,
            url="/reminders",
            state="coming" if reminder.state is ReminderState.PENDING else "done",
        )
        for reminder in queries.due_between(person, first, last)
    ]
