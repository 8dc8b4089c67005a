"""What would go out at once if it could: for whoever is about to let it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.mail.models import Delivery, State
from webapp.reminders.models import Reminder, ReminderState


@dataclass(frozen=True)
class Waiting:
    """Mails that are queued, and reminders not yet made into one, whose time has come."""

    mails: int
    reminders: int


def at(now: datetime) -> Waiting:
    """Counts them."""
    mails = select(func.count(Delivery.id)).where(Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now)
    due = select(func.count(Reminder.id)).where(Reminder.state == ReminderState.PENDING, Reminder.due_at <= now)
    return Waiting(db.session.scalar(mails) or 0, db.session.scalar(due) or 0)
