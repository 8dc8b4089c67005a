"""How many reminders one person may have: far more than anyone keeps, few enough that a runaway program is stopped.

Neither question counts rows: each goes along an index of this person's to the last one that may be there, and so reads
no more of it than they may have, however many there are of others or of the past.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, select

from webapp.accounts.models import Person
from webapp.core import site
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.reminders.models import COMING, Reminder

HOUR = timedelta(hours=1)


def check(person: Person, *, now: datetime) -> None:
    """Raises :class:`Refused` when this person has as many reminders as they may, or set too many in the last hour."""
    config = site.config()
    if (most := config.reminders_per_person) and _has(
        select(Reminder.due_at)
        .where(Reminder.person_id == person.id, Reminder.state.in_(COMING))
        .order_by(Reminder.due_at),
        most,
    ):
        raise Refused(
            "",
            _(
                "You have %(most)s reminders to come, which is as many as one person may have here. Cancel one first.",
                most=most,
            ),
        )
    if (most := config.reminders_per_hour) and _has(
        select(Reminder.created_at)
        .where(Reminder.person_id == person.id, Reminder.created_at > now - HOUR)
        .order_by(Reminder.created_at),
        most,
    ):
        raise Refused(
            "",
            _("You have set %(most)s reminders within an hour, which is as many as we take. Go on later.", most=most),
        )


def _has(rows: Select[datetime], most: int) -> bool:
    """Whether there are ``most`` of these rows or more."""
    return db.session.scalar(rows.limit(1).offset(most - 1)) is not None
