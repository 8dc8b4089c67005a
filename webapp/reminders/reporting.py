"""What could not be sent in time, told to each person in one mail, however much that was."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.reminders import mails, queries
from webapp.reminders.models import Reminder, ReminderState

AT_ONCE = 200
"""People told in one round; the others follow in the next."""


def report(*, now: datetime, people: Collection[int] | None = None) -> int:
    """Writes one mail to everyone, or to each of these, who has expired reminders and has not been told.

    Whoever has more that is about to expire, or a reminder whose mail is still being tried, waits for that: so
    it is one mail after the longest outage of the house or of its mail server, too.
    Returns how many mails that were.
    """
    untold = select(Reminder.person_id).where(Reminder.missed_at.is_not(None)).distinct().limit(AT_ONCE)
    if people is not None:
        untold = untold.where(Reminder.person_id.in_(people))
    return sum(_tell(person_id, now) for person_id in db.session.scalars(untold).all())


def _tell(person_id: int, now: datetime) -> bool:
    still = select(Reminder.id).where(
        Reminder.person_id == person_id,
        Reminder.state == ReminderState.PENDING,
        Reminder.due_at <= now - ledger.LIFETIME,
    )
    if db.session.scalar(still.limit(1)) is not None or queries.is_being_mailed(person_id):
        return False
    missed = db.session.scalars(
        select(Reminder)
        .where(Reminder.person_id == person_id, Reminder.missed_at.is_not(None))
        .order_by(Reminder.missed_at, Reminder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not missed:
        return False
    written = mails.write_missed(missed, now=now)
    db.session.execute(
        update(Reminder)
        .where(Reminder.id.in_([reminder.id for reminder in missed]))
        .values(missed_at=None)
        .execution_options(synchronize_session=False)
    )
    return written is not None
