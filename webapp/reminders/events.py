"""What happens around reminders: a near one is handed to the broker, a new member welcomed, the week shown.

And what they depend on changes: a post that one is bound to, the zone where its person lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import flash, has_request_context
from sqlalchemy import event, inspect
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapper, Session, object_session

from webapp import jobs
from webapp.accounts.models import Person
from webapp.accounts.signals import person_confirmed
from webapp.core import clock, week, zones
from webapp.core.words import ngettext
from webapp.extensions import db
from webapp.mail.signals import expired
from webapp.posts.models import Post
from webapp.reminders import operations, queries, recipients, settling
from webapp.reminders.models import Reminder, ReminderState

CHANGED = "almanac.reminders-follow"


def connect() -> None:
    """Connects the listeners. Calling it again changes nothing."""
    for moment, listener in (("after_insert", _inserted), ("after_update", _updated)):
        if not event.contains(Reminder, moment, listener):
            event.listen(Reminder, moment, listener)
    on_flushes = (("before_flush", _let_go), ("after_flush", _note_what_changed), ("after_flush_postexec", _follow))
    for moment, on_flush in on_flushes:
        if not event.contains(db.session.session_factory, moment, on_flush):
            event.listen(db.session.session_factory, moment, on_flush)
    person_confirmed.connect(_welcome)
    expired.connect(_expired)
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


def _let_go(session: Session, _context: Any, _instances: Any) -> None:
    """Before an account goes, while what it has set can still be read."""
    for row in session.deleted:
        if isinstance(row, Person):
            recipients.forget(row, now=clock.now())


def _note_what_changed(session: Session, _context: Any) -> None:
    """Inside the flush nothing may be read: this only notes which posts and whose zones are other ones now."""
    noted = session.info.setdefault(CHANGED, [])
    for row in session.dirty:
        if isinstance(row, Post) and session.is_modified(row):
            noted.append((row, None))
        elif isinstance(row, Person) and (was := inspect(row).attrs.zone.history.deleted):
            noted.append((row, was[0]))


def _follow(session: Session, _context: Any) -> None:
    now = clock.now()
    for row, was in session.info.pop(CHANGED, []):
        if isinstance(row, Post):
            settling.follow_post(row, now=now)
        elif count := settling.follow_person(row.id, was=was, zone=row.zone, now=now):
            _say_that_they_moved(count, row.zone)


def _say_that_they_moved(count: int, zone: str) -> None:
    if has_request_context():
        said = ngettext(
            "One reminder moves with you: it keeps its time on the clock, in %(city)s now.",
            "%(num)d reminders move with you: they keep their times on the clock, in %(city)s now.",
            count,
            city=zones.city(zone),
        )
        flash(said)


def _welcome(person: Person, *, now: datetime) -> None:
    operations.welcome(person=person, now=now)


def _expired(_sender: Any, *, mails: Sequence[tuple[str, datetime]], now: datetime) -> None:
    settling.note_expired(mails, now=now)


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
