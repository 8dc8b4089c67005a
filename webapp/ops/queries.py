"""What the house knows about its own state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select, text

from webapp.accounts.models import Person, Role
from webapp.extensions import db
from webapp.mail.models import Delivery, MailHold, State
from webapp.ops.models import Heartbeat
from webapp.reminders.models import Reminder, ReminderState

NOBODY_HOME = 421
"""What a server says that takes no mail at all at present (RFC 5321 4.2.2)."""


def answers() -> bool:
    """Asks the database for nothing in particular."""
    return bool(db.session.scalar(text("SELECT 1")) == 1)


def last_seen(name: str) -> datetime | None:
    """When this part of the house last showed a sign of life."""
    return db.session.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == name))


def heartbeats() -> Sequence[Heartbeat]:
    """The last sign of life of everybody who ever gave one, by name."""
    return db.session.scalars(select(Heartbeat).order_by(Heartbeat.name)).all()


def holds() -> Sequence[MailHold]:
    """Why nothing is sent, if that is so; oldest first."""
    return db.session.scalars(select(MailHold).where(MailHold.released_at.is_(None)).order_by(MailHold.id)).all()


def oldest_pending_reminder() -> datetime | None:
    """The due time of the reminder that has waited longest, or will be the next."""
    return db.session.scalar(select(func.min(Reminder.due_at)).where(Reminder.state == ReminderState.PENDING))


def oldest_waiting_mail() -> datetime | None:
    """Since when the queued mail that has waited longest could have gone; what a server put off is not counted.

    It counts from the due time, or from when the mail was written or queued again, if that was later.
    """
    queued_at = func.coalesce(Delivery.repeated_at, Delivery.created_at)
    could_go_at: ColumnElement[datetime] = case((Delivery.due_at > queued_at, Delivery.due_at), else_=queued_at)
    return db.session.scalar(
        select(func.min(could_go_at)).where(
            Delivery.state == State.QUEUED, or_(Delivery.smtp_code.is_(None), Delivery.smtp_code == NOBODY_HOME)
        )
    )


def last_release() -> datetime | None:
    """When mail that was held was last let go."""
    return db.session.scalar(select(func.max(MailHold.released_at)))


def operators() -> Sequence[Person]:
    """Those who run the house and have confirmed their address."""
    return db.session.scalars(
        select(Person)
        .where(Person.role.in_([Role.OPERATOR, Role.ADMIN]), Person.email_confirmed_at.is_not(None))
        .order_by(Person.id)
    ).all()


def uncertain_mails() -> int:
    """How many mails may or may not have arrived, and wait for somebody to say so."""
    return db.session.scalar(select(func.count(Delivery.id)).where(Delivery.state == State.UNCERTAIN)) or 0
