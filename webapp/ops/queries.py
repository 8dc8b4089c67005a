"""What the house knows about its own state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, text

from webapp.extensions import db
from webapp.mail.models import Delivery, MailHold, State
from webapp.ops.models import Heartbeat
from webapp.reminders.models import Reminder, ReminderState


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


def uncertain_mails() -> int:
    """How many mails may or may not have arrived, and wait for somebody to say so."""
    return db.session.scalar(select(func.count(Delivery.id)).where(Delivery.state == State.UNCERTAIN)) or 0
