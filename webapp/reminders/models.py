"""A reminder, the version that makes old messages about it harmless, and what has happened to it."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.db import Model, Timestamps, only_where, states
from webapp.core.words import mark


class ReminderState(enum.StrEnum):
    PENDING = "pending"
    PAUSED = "paused"
    FIRED = "fired"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


COMING = frozenset({ReminderState.PENDING, ReminderState.PAUSED})
"""What is not over: it comes by itself, or once its person lets it go on."""


class ReminderKind(enum.StrEnum):
    """A person's own reminder, or the welcome that a new member gets in the shape of one."""

    REMINDER = "reminder"
    WELCOME = "welcome"


class Condition(enum.StrEnum):
    """What must still be so with the reminder's post when its time comes; otherwise it has cancelled itself."""

    NONE = "none"
    DRAFT = "draft"
    """Nobody has published it."""
    UNEDITED = "unedited"
    """Nobody has changed it since the reminder was set."""
    SCHEDULED = "scheduled"
    """It is going to appear by itself. The reminder comes ``lead_minutes`` before, and moves with the post."""


class Reminder(Timestamps, Model):
    """Something to tell someone at a time.

    ``due_at`` is the instant; ``wall_time`` (ISO, without offset) and ``zone`` are what the person chose, kept so that
    a later occurrence or a change of zone rules can be worked out anew. ``recurrence`` is an RFC 5545 RRULE or None.
    Every edit raises ``version``; a message or a claim that names another version does nothing.
    ``handed_over_at`` is when a task for this version was last given to the broker.

    ``paused_until`` says that it was put off to its first time from then on; one that is paused without a date has the
    state for it. ``missed_at`` is the due time of what expired and has not been reported to its person yet.
    ``post_version`` is the post's when the reminder was bound to it. ``recipient`` is whom else it reminds, ``with_me``
    whether its person is reminded too; they always are while the other has not said yes.
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
    condition: Mapped[Condition] = mapped_column(
        states(Condition), default=Condition.NONE, server_default=Condition.NONE.value
    )
    post_version: Mapped[int | None]
    lead_minutes: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[ReminderState] = mapped_column(states(ReminderState), default=ReminderState.PENDING)
    handed_over_at: Mapped[datetime | None]
    fired_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    recipient_id: Mapped[int | None] = mapped_column(
        ForeignKey("reminder_recipients.id", ondelete="SET NULL"), index=True
    )
    with_me: Mapped[bool] = mapped_column(default=True, server_default=true())

    person: Mapped[Person] = relationship(lazy="raise")
    recipient: Mapped[Recipient | None] = relationship(lazy="selectin")  # no statement when none of them has one

    __table_args__ = (
        Index("ix_reminders_pending_due", "due_at", **only_where("state = 'pending'")),
        Index("ix_reminders_person_due", "person_id", "due_at"),
        Index("ix_reminders_person_coming", "person_id", "due_at", **only_where("state IN ('pending', 'paused')")),
        Index("ix_reminders_person_over", "person_id", "due_at", **only_where("state NOT IN ('pending', 'paused')")),
        Index("ix_reminders_person_fired", "person_id", "fired_at", **only_where("state = 'fired'")),
        Index("ix_reminders_person_created", "person_id", "created_at"),
        Index("ix_reminders_missed", "person_id", **only_where("missed_at IS NOT NULL")),
    )


class Leave(enum.StrEnum):
    """What the owner of an address has said to being reminded by someone."""

    ASKED = mark("asked")
    """Nothing yet. Silence is a no."""
    ACCEPTED = mark("accepted")
    REFUSED = mark("refused")
    WITHDRAWN = mark("withdrawn")
    """They had said yes before."""


class Recipient(Timestamps, Model):
    """Another person's address that someone wants to remind, and what its owner says to that.

    ``requests`` counts the mails that asked; one is all there is, unless it could not be delivered. ``asked_at`` is
    when it was last wished for. ``accepted_at`` stays: it is the proof that the owner once said yes. ``taken_back_at``
    is set while the one who asked does not want it any more. The row outlives both, so that nobody is asked again.
    """

    __tablename__ = "reminder_recipients"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(254), index=True)
    leave: Mapped[Leave] = mapped_column(states(Leave), default=Leave.ASKED)
    requests: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    taken_back_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("person_id", "address"),
        Index("ix_reminder_recipients_person_asked", "person_id", "asked_at"),
    )

    @property
    def is_open(self) -> bool:
        """Whether mail may go there."""
        return self.leave is Leave.ACCEPTED and self.taken_back_at is None


class ClosedAddress(Model):
    """An address whose owner wants to be asked by nobody any more whether they may be reminded."""

    __tablename__ = "closed_addresses"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class What(enum.StrEnum):
    """What can happen to a reminder. The ledger says it as the reason why a mail of an older version is not sent."""

    SET = mark("set")
    EDITED = mark("edited")
    SNOOZED = mark("snoozed")
    PAUSED = mark("paused")
    RESUMED = mark("resumed")
    CANCELLED = mark("cancelled")
    DONE = mark("done")
    RESTORED = mark("restored")
    SENT = mark("sent")
    LATE = mark("late")
    EXPIRED = mark("expired")
    SATISFIED = mark("satisfied")
    MOVED = mark("moved")
    """With its post, whose time of appearing changed."""
    ZONE_CHANGED = mark("zone-changed")
    CLOCKS_CHANGED = mark("clocks-changed")
    """The rules of its zone did, so that the time on the wall is another instant."""
    PASSED_ON = mark("passed-on")
    """Sent to somebody else, too or instead; the note is their address."""
    WITHHELD = mark("withheld")
    """Not sent to somebody else, who has not said yes to it or not any more."""


class Origin(enum.StrEnum):
    """Where a change came from: a page, the mail's link, a program, or the house itself."""

    PAGE = "page"
    MAIL = "mail"
    API = "api"
    HOUSE = "house"


class ReminderEvent(Model):
    """One thing that happened to a reminder; rows are only ever added.

    ``due_at`` and ``wall_time`` are the occurrence it happened to, as it was before; ``version`` the reminder's
    version then, by which the mail of a sending is found. ``note`` is a reason, for what the house did by itself.
    """

    __tablename__ = "reminder_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminders.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    what: Mapped[What] = mapped_column(states(What))
    origin: Mapped[Origin] = mapped_column(states(Origin))
    due_at: Mapped[datetime]
    wall_time: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    note: Mapped[str] = mapped_column(String(100), default="", server_default="")

    __table_args__ = (Index("ix_reminder_events_reminder", "reminder_id", "id"),)


class CalendarFeed(Model):
    """The private address of one person's reminders as a calendar. A new ``token`` ends the old address."""

    __tablename__ = "calendar_feeds"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
