"""The private address of a person's calendar: made when it is asked for, renewed or ended at any time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.models import Person
from webapp.core import tokens
from webapp.extensions import db
from webapp.reminders import queries
from webapp.reminders.models import CalendarFeed, Reminder

MOST = 1000
"""So many reminders a calendar shows, the soonest."""


def of(person: Person) -> CalendarFeed | None:
    """The feed of this person, if they have one."""
    return db.session.get(CalendarFeed, person.id)


def renew(person: Person, *, now: datetime) -> CalendarFeed:
    """A new address; an old one leads nowhere from now on."""
    end(person)
    feed = CalendarFeed(person_id=person.id, token=tokens.opaque(), created_at=now)
    db.session.add(feed)
    return feed


def end(person: Person) -> None:
    """No address any more."""
    feed = of(person)
    if feed is not None:
        db.session.delete(feed)
        db.session.flush()


def behind(token: str) -> tuple[Person, Sequence[Reminder]] | None:
    """Whose feed an address is, and what is in it; None when there is no such feed."""
    person = db.session.scalar(
        select(Person).join(CalendarFeed, CalendarFeed.person_id == Person.id).where(CalendarFeed.token == token)
    )
    return None if person is None else (person, queries.coming_up(person, limit=MOST))
