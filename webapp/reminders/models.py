"""A reminder, and the version that makes old messages about it harmless."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy import text as sql  # a reminder has a text of its own
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Person
from webapp.core.db import Model, Timestamps, states


class ReminderState(enum.StrEnum):
    PENDING = "pending"
    FIRED = "fired"
    DONE = "done"
    CANCELLED = "cancelled"


class ReminderKind(enum.StrEnum):
    """A person's own reminder, or the welcome that a new member gets in the shape of one."""

    REMINDER = "reminder"
    WELCOME = "welcome"


class Reminder(Timestamps, Model):
    """Something to tell someone at a time.

    ``due_at`` is the instant; ``wall_time`` (ISO, without offset) and ``zone`` are what the person chose, kept so that
    a later occurrence or a change of zone rules can be worked out anew. ``recurrence`` is an RFC 5545 RRULE or None.
    Every edit raises ``version``; a message or a claim that names another version does nothing.
    ``handed_over_at`` is when a task for this version was last given to the broker.
    """

    __tablename__ = "reminders"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    kind: Mapped[ReminderKind] = mapped_column(states(ReminderKind), default=ReminderKind.REMINDER)
    text: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(64))
    wall_time: Mapped[str] = mapped_column(String(32))
    recurrence: Mapped[str | None] = mapped_column(String(300))
    series_start: Mapped[str | None] = mapped_column(String(32))
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="SET NULL"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[ReminderState] = mapped_column(states(ReminderState), default=ReminderState.PENDING)
    handed_over_at: Mapped[datetime | None]
    fired_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="raise")

    __table_args__ = (
        Index(
            "ix_reminders_pending_due",
            "due_at",
            postgresql_where=sql("state = 'pending'"),
            sqlite_where=sql("state = 'pending'"),
        ),
        Index("ix_reminders_person_due", "person_id", "due_at"),
    )
